//! The signatures that Huawei's Python SDK makes, made and verified by the demo origin's own code.

use http::{HeaderMap, HeaderName, HeaderValue};
use obsgate::{
    demo::{
        Credentials,
        signature::{Signable, Unverified, v2, v4},
    },
    obs::dialect::Dialect,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

struct Vector {
    name: String,
    scheme: String,
    method: String,
    host: String,
    bucket: Option<String>,
    path: String,
    query: String,
    headers: HeaderMap,
    expires: Option<String>,
    canonical: String,
    authorization: String,
}

impl Vector {
    fn signable(&self) -> Signable<'_> {
        Signable {
            method: &self.method,
            host: &self.host,
            bucket: self.bucket.as_deref(),
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
        }
    }

    fn dialect(&self) -> Dialect {
        if self.scheme == "OBS" {
            Dialect::Obs
        } else {
            Dialect::Amz
        }
    }

    fn is_v4(&self) -> bool {
        self.scheme == v4::ALGORITHM
    }

    fn verify(&self, credentials: &Credentials) -> Result<(), Unverified> {
        let signable = self.signable();
        if self.is_v4() {
            return v4::verify_header(credentials, &signable, &self.authorization).map(drop);
        }
        let Some(expires) = &self.expires else {
            return v2::verify_header(credentials, self.dialect(), &signable, &self.authorization);
        };
        let (access_key, signature) = self
            .authorization
            .split_once(' ')
            .unwrap()
            .1
            .split_once(':')
            .unwrap();
        let query = format!(
            "{}&{}={access_key}&Expires={expires}&Signature={}",
            self.query,
            v2::access_key_parameter(self.dialect()),
            utf8_percent_encode(signature, NON_ALPHANUMERIC),
        );
        let presigned = Signable {
            query: &query,
            ..signable
        };
        v2::verify_query(credentials, &presigned).map(|deadline| assert_eq!(deadline.to_string(), *expires))
    }
}

fn vectors() -> (Credentials, Vec<Vector>) {
    let file: Value = serde_json::from_str(include_str!("../data/auth-vectors.json")).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let credentials = Credentials::new(text(&file["ak"]).unwrap(), text(&file["sk"]).unwrap());
    let vectors = file["vectors"].as_array().unwrap().iter().map(|vector| {
        let headers: HeaderMap = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(name).unwrap(),
                    HeaderValue::try_from(value.as_str().unwrap()).unwrap(),
                )
            })
            .collect();
        let (bucket, key) = (text(&vector["bucket"]).unwrap(), text(&vector["key"]).unwrap());
        let key = utf8_percent_encode(&key, PATH).to_string();
        let path_style = vector["path_style"].as_bool().unwrap();
        let server = text(&vector["server"]).unwrap_or_default();
        let cname = vector["cname"] == true;
        let query: Vec<_> = vector["query"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                value
                    .as_str()
                    .map_or(name.clone(), |value| format!("{name}={value}"))
            })
            .collect();
        let canonical = text(&vector["canonical_string"])
            .or_else(|| text(&vector["canonical_request"]))
            .unwrap();
        Vector {
            name: text(&vector["name"]).unwrap(),
            scheme: text(&vector["scheme"]).unwrap(),
            method: text(&vector["method"]).unwrap_or_else(|| canonical.lines().next().unwrap().to_owned()),
            host: headers
                .get("host")
                .map_or(server.clone(), |host| host.to_str().unwrap().to_owned()),
            path: if path_style {
                format!("/{bucket}/{key}")
            } else {
                format!("/{key}")
            },
            bucket: (!path_style).then_some(if cname { server } else { bucket }),
            query: query.join("&"),
            headers,
            expires: text(&vector["expires"]),
            canonical,
            authorization: text(&vector["authorization"]).unwrap(),
        }
    });
    (credentials, vectors.collect())
}

#[test]
fn every_vector_verifies() {
    let (credentials, vectors) = vectors();
    assert_eq!(vectors.len(), 8);
    for vector in &vectors {
        assert_eq!(vector.verify(&credentials), Ok(()), "{}", vector.name);
    }
}

#[test]
fn every_vector_has_the_canonical_text_of_the_sdk() {
    for vector in vectors().1 {
        let signable = vector.signable();
        let text = if vector.is_v4() {
            let signed = vector
                .authorization
                .split("SignedHeaders=")
                .nth(1)
                .unwrap()
                .split(',')
                .next()
                .unwrap();
            v4::canonical_request(
                &signable,
                &v4::canonical_query(&vector.query),
                signed,
                v4::UNSIGNED_PAYLOAD,
            )
        } else {
            v2::string_to_sign(vector.dialect(), &signable, vector.expires.as_deref())
        };
        assert_eq!(text, vector.canonical, "{}", vector.name);
    }
}

#[test]
fn every_vector_in_a_header_is_what_signing_gives() {
    let (credentials, vectors) = vectors();
    for vector in vectors.iter().filter(|vector| vector.expires.is_none()) {
        let made = if vector.is_v4() {
            v4::authorization(&credentials, v4::REGION, &vector.signable())
        } else {
            v2::authorization(&credentials, vector.dialect(), &vector.signable())
        };
        assert_eq!(made, vector.authorization, "{}", vector.name);
    }
}

#[test]
fn no_vector_verifies_with_another_method_path_header_or_secret() {
    let (credentials, vectors) = vectors();
    let other = Credentials::new(credentials.access_key.clone(), "another secret");
    let nobody = Credentials::new("another key", credentials.secret_key.clone());
    for mut vector in vectors {
        assert_eq!(
            vector.verify(&other),
            Err(Unverified::Mismatch),
            "{}",
            vector.name
        );
        assert_eq!(
            vector.verify(&nobody),
            Err(Unverified::AccessKey),
            "{}",
            vector.name
        );
        let method = std::mem::replace(&mut vector.method, "DELETE".to_owned());
        assert_eq!(
            vector.verify(&credentials),
            Err(Unverified::Mismatch),
            "{}",
            vector.name
        );
        vector.method = method;
        vector.path.push('x');
        assert_eq!(
            vector.verify(&credentials),
            Err(Unverified::Mismatch),
            "{}",
            vector.name
        );
        vector.path.pop();
        let (name, broken) = match vector.scheme.as_str() {
            "OBS" => ("x-obs-added", Unverified::Mismatch),
            "AWS" => ("x-amz-added", Unverified::Mismatch),
            _ => ("x-amz-added", Unverified::UnsignedHeader),
        };
        vector.headers.insert(name, HeaderValue::from_static("1"));
        assert_eq!(vector.verify(&credentials), Err(broken), "{}", vector.name);
    }
}

#[test]
fn presigned_urls_verify_and_only_as_they_were_made() {
    let credentials = Credentials::new("key", "secret");
    let headers = HeaderMap::new();
    let plain = Signable {
        method: "PUT",
        host: "b.obs.localhost",
        bucket: Some("b"),
        path: "/k%20x",
        query: "x-obs-server-side-encryption=kms",
        headers: &headers,
    };
    for dialect in Dialect::ALL {
        let query = v2::presign(&credentials, dialect, &plain, 2_000_000_000);
        let presigned = Signable {
            query: &query,
            ..plain
        };
        assert_eq!(v2::verify_query(&credentials, &presigned), Ok(2_000_000_000));
        let later = query.replace("Expires=2", "Expires=3");
        let later = Signable {
            query: &later,
            ..plain
        };
        assert_eq!(v2::verify_query(&credentials, &later), Err(Unverified::Mismatch));
    }
    let at = time::macros::datetime!(2024-10-15 07:20:09 UTC);
    let query = v4::presign(&credentials, v4::REGION, &plain, at, 300);
    let verified = v4::verify_query(
        &credentials,
        &Signable {
            query: &query,
            ..plain
        },
    )
    .unwrap();
    assert_eq!((verified.at, verified.lifetime), (at, Some(300)));
    let longer = query.replace("X-Amz-Expires=300", "X-Amz-Expires=301");
    let longer = Signable {
        query: &longer,
        ..plain
    };
    assert_eq!(
        v4::verify_query(&credentials, &longer).err(),
        Some(Unverified::Mismatch)
    );
}

const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[test]
fn a_url_of_botos_with_its_headers_moved_into_the_query_verifies() {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret");
    let query = "AWSAccessKeyId=AKIDEXAMPLE&Signature=WzcJ8vVVAvFVCLcyjfpGoLK52Yg%3D\
                 &x-amz-server-side-encryption=aws%3Akms&x-amz-server-side-encryption-aws-kms-key-id=key%2F1\
                 &content-type=text%2Fplain&Expires=2000000000";
    let headers = HeaderMap::new();
    let verify = |query: &str| {
        let signable = Signable {
            method: "PUT",
            host: "demo.obs.localhost:8080",
            bucket: Some("demo"),
            path: "/a%20b",
            query,
            headers: &headers,
        };
        v2::verify_query(&credentials, &signable)
    };
    assert_eq!(verify(query), Ok(2_000_000_000));
    for (signed, other) in [("aws%3Akms", "AES256"), ("text%2Fplain", "text%2Fhtml")] {
        assert_eq!(verify(&query.replace(signed, other)), Err(Unverified::Mismatch));
    }
}
