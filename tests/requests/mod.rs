//! The published rows as requests: every way to send one.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "every test file uses a part of this"
)]

use crate::published::{Row, published};
use http::{Request, request::Parts};
use obsgate::obs::{
    auth::{Auth, Carrier},
    encryption::Encryption,
    operation::Operation,
    scheme::Scheme,
};

/// Every request of every row.
pub(crate) fn requests() -> impl Iterator<Item = (Row, Variant, Parts)> {
    published().into_iter().flat_map(|row| {
        Variant::every().map(move |variant| {
            let head = variant.head(&row);
            (row.clone(), variant, head)
        })
    })
}

/// One way to send a row's request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    pub(crate) scheme: Scheme,
    pub(crate) signing: Signing,
    pub(crate) dialect: &'static str,
}

/// One way to sign a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    Anonymous,
    ObsHeader,
    AwsHeader,
    V4Header,
    ObsQuery,
    AwsQuery,
    V4Query,
}

impl Signing {
    const ALL: [Self; 7] = [
        Self::Anonymous,
        Self::ObsHeader,
        Self::AwsHeader,
        Self::V4Header,
        Self::ObsQuery,
        Self::AwsQuery,
        Self::V4Query,
    ];

    pub(crate) const fn auth(self) -> Auth {
        match self {
            Self::Anonymous => Auth::Anonymous,
            Self::ObsHeader | Self::ObsQuery => Auth::ObsV2,
            Self::AwsHeader | Self::AwsQuery => Auth::AwsV2,
            Self::V4Header | Self::V4Query => Auth::V4,
        }
    }

    pub(crate) const fn carrier(self) -> Option<Carrier> {
        match self {
            Self::Anonymous => None,
            Self::ObsHeader | Self::AwsHeader | Self::V4Header => Some(Carrier::Header),
            Self::ObsQuery | Self::AwsQuery | Self::V4Query => Some(Carrier::Query),
        }
    }

    const fn authorization(self) -> Option<&'static str> {
        match self {
            Self::ObsHeader => Some("OBS AK:c2lnbmF0dXJl"),
            Self::AwsHeader => Some("AWS AK:c2lnbmF0dXJl"),
            Self::V4Header => Some(concat!(
                "AWS4-HMAC-SHA256 Credential=AK/20240101/region/s3/aws4_request, SignedHeaders=host, Signature=",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            )),
            _ => None,
        }
    }

    const fn query(self) -> Option<&'static str> {
        match self {
            Self::ObsQuery => Some("AccessKeyId=AK&Expires=1704067200&Signature=c2lnbmF0dXJl"),
            Self::AwsQuery => Some("AWSAccessKeyId=AK&Expires=1704067200&Signature=c2lnbmF0dXJl"),
            Self::V4Query => Some(concat!(
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20240101%2Fregion%2Fs3%2Faws4_request",
                "&X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            )),
            _ => None,
        }
    }
}

impl Variant {
    pub(crate) fn every() -> impl Iterator<Item = Self> {
        Scheme::ALL.into_iter().flat_map(|scheme| {
            Signing::ALL.into_iter().flat_map(move |signing| {
                ["obs", "amz"].map(|dialect| Self {
                    scheme,
                    signing,
                    dialect,
                })
            })
        })
    }

    /// The head of a row's request, virtual-hosted. One presigned in V2 carries its encryption in the query
    /// (obs-facts §4.1).
    pub(crate) fn head(self, row: &Row) -> Parts {
        let (method, path, subresource) = match row.operation {
            Operation::PutObject | Operation::CopyObject => ("PUT", "/key", None),
            Operation::GetObject => ("GET", "/key", None),
            Operation::HeadObject => ("HEAD", "/key", None),
            Operation::PostObject => ("POST", "/", None),
            Operation::InitiateMultipartUpload => ("POST", "/key", Some("uploads")),
            Operation::CompleteMultipartUpload => ("POST", "/key", Some("uploadId=U")),
            Operation::UploadPart | Operation::UploadPartCopy => {
                ("PUT", "/key", Some("partNumber=1&uploadId=U"))
            }
            other => panic!("no row is about {other}"),
        };
        let form = row.operation == Operation::PostObject;
        let mut query: Vec<String> = subresource.map(str::to_owned).into_iter().collect();
        let mut request = Request::builder()
            .method(method)
            .header("host", format!("bucket.{DOMAIN}"));
        if !form {
            query.extend(self.signing.query().map(str::to_owned));
            if let Some(authorization) = self.signing.authorization() {
                request = request.header("authorization", authorization);
            }
            for (name, value) in self.encryption(row) {
                if matches!(self.signing, Signing::ObsQuery | Signing::AwsQuery) {
                    query.push(format!(
                        "{name}={}",
                        value.replace('=', "%3D").replace('+', "%2B")
                    ));
                } else {
                    request = request.header(name, value);
                }
            }
        }
        if row.source.is_some() {
            request = request.header(format!("x-{}-copy-source", self.dialect), "/other/source");
        }
        if form {
            request = request.header("content-type", "multipart/form-data; boundary=b");
        }
        let uri = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.join("&"))
        };
        request.uri(uri).body(()).unwrap().into_parts().0
    }

    /// What the documents have a client say of the encryption on this operation.
    fn encryption(self, row: &Row) -> Vec<(String, String)> {
        let dialect = self.dialect;
        let states_method = matches!(
            row.operation,
            Operation::PutObject | Operation::InitiateMultipartUpload | Operation::CopyObject
        );
        let key = |of: &str| {
            let name = |tail: &str| format!("x-{dialect}-{of}server-side-encryption-customer-{tail}");
            vec![
                (name("algorithm"), "AES256".to_owned()),
                (name("key"), KEY.to_owned()),
                (name("key-md5"), KEY_MD5.to_owned()),
            ]
        };
        let method = |value: &str| vec![(format!("x-{dialect}-server-side-encryption"), value.to_owned())];
        let mut said = match row.target {
            _ if row.operation == Operation::CompleteMultipartUpload => Vec::new(),
            Encryption::SseC => key(""),
            Encryption::SseKms if states_method && dialect == "amz" => method("aws:kms"),
            Encryption::SseKms if states_method => method("kms"),
            Encryption::SseObs if states_method => method("AES256"),
            _ => Vec::new(),
        };
        if row.source == Some(Encryption::SseC) {
            said.extend(key("copy-source-"));
        }
        said
    }
}

pub(crate) const DOMAIN: &str = "obs.example.com";

/// Base64 of 32 bytes, and of their MD5.
const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
const KEY_MD5: &str = "HHZSrfZMtS69FCj/xN8ppg==";
