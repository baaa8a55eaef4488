//! Forms in the making.

use crate::message::{Ask, ask};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use obsgate::demo::{Credentials, signature::v4};
use std::fmt::Write;
use time::OffsetDateTime;

pub(crate) const BOUNDARY: &str = "9431149156168";
pub(crate) const TYPE: &str = "Content-Type: multipart/form-data; boundary=9431149156168";

/// A form: its fields before the file, and the file.
#[derive(Clone)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    file: Vec<u8>,
}

/// How a form is signed: by the fields of which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Not,
    Obs,
    Aws,
    Token,
    V4,
}

impl Signed {
    pub(crate) const ALL: [Self; 5] = [Self::Not, Self::Obs, Self::Aws, Self::Token, Self::V4];
}

/// A form for the key `k`.
pub(crate) fn form(fields: &[(&str, &str)]) -> Form {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Form {
        fields: std::iter::once(&("key", "k")).chain(fields).map(owned).collect(),
        file: b"the file".to_vec(),
    }
}

impl Form {
    pub(crate) fn file(self, file: impl AsRef<[u8]>) -> Self {
        Self {
            file: file.as_ref().to_vec(),
            ..self
        }
    }

    /// With a policy that covers the fields so far, and a signature that holds.
    pub(crate) fn signed(mut self, signed: Signed, credentials: &Credentials) -> Self {
        let now = OffsetDateTime::now_utc();
        let at = v4::timestamp(now);
        let (day, _) = at.split_at(8);
        let credential = format!("{}/{day}/{}/s3/aws4_request", credentials.access_key, v4::REGION);
        if signed == Signed::V4 {
            self.push("x-amz-algorithm", "AWS4-HMAC-SHA256");
            self.push("x-amz-credential", &credential);
            self.push("x-amz-date", &at);
        }
        let conditions: String = self
            .fields
            .iter()
            .flat_map(|(name, value)| [",[\"eq\",\"$", name, "\",\"", value, "\"]"])
            .collect();
        let policy = BASE64_STANDARD.encode(format!(
            r#"{{"expiration":"2999-01-01T00:00:00.000Z","conditions":[{{"bucket":"mine"}}{conditions}]}}"#
        ));
        let secret = &credentials.secret_key;
        let v2 = BASE64_STANDARD.encode(mac(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            secret.as_bytes(),
            &policy,
        ));
        match signed {
            Signed::Not => {}
            Signed::Token => {
                self.push("token", &format!("{}:{v2}:{policy}", credentials.access_key));
            }
            Signed::Obs | Signed::Aws => {
                let name = if signed == Signed::Obs {
                    "AccessKeyId"
                } else {
                    "AWSAccessKeyId"
                };
                self.push(name, &credentials.access_key);
                self.push("policy", &policy);
                self.push("signature", &v2);
            }
            Signed::V4 => {
                let key = [day, v4::REGION, "s3", "aws4_request"]
                    .into_iter()
                    .fold(format!("AWS4{secret}").into_bytes(), |key, text| {
                        mac(hmac::HMAC_SHA256, &key, text)
                    });
                let mut signature = String::new();
                for byte in mac(hmac::HMAC_SHA256, &key, &policy) {
                    let _ = write!(signature, "{byte:02x}");
                }
                self.push("policy", &policy);
                self.push("X-Amz-Signature", &signature);
            }
        }
        self
    }

    /// What stands before the content of the file.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let mut text = String::new();
        for (name, value) in &self.fields {
            let _ = write!(
                text,
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        let _ = write!(
            text,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: \
             text/plain\r\n\r\n"
        );
        text.into_bytes()
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let end = format!(
            "\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nUpload\r\n--{BOUNDARY}--\r\n"
        );
        [&self.prefix(), &self.file, end.as_bytes()].concat()
    }

    /// The request that posts it to the bucket `mine`.
    pub(crate) fn post(&self) -> Ask {
        ask("POST /mine").with(TYPE).body(self.body())
    }

    fn push(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }
}

/// The fields of a signature that no store checks, of each kind.
pub(crate) const fn sample(signed: Signed) -> &'static [(&'static str, &'static str)] {
    match signed {
        Signed::Not => &[],
        Signed::Obs => &[
            ("AccessKeyId", "AKIDSAMPLE"),
            ("policy", "e30="),
            ("signature", "c2lnbmF0dXJl"),
        ],
        Signed::Aws => &[
            ("AWSAccessKeyId", "AKIDSAMPLE"),
            ("policy", "e30="),
            ("signature", "c2lnbmF0dXJl"),
        ],
        Signed::Token => &[("token", "AKIDSAMPLE:c2lnbmF0dXJl:e30=")],
        Signed::V4 => &[
            ("policy", "e30="),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", "AKIDSAMPLE/20240101/region/s3/aws4_request"),
            ("x-amz-date", "20240101T000000Z"),
            (
                "x-amz-signature",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ),
        ],
    }
}

fn mac(algorithm: hmac::Algorithm, key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes())
        .as_ref()
        .to_vec()
}
