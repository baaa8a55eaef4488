//! A client that signs, and an origin for it.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest, Md5};
use obsgate::{
    demo::{
        Access, Credentials, Origin,
        signature::{Signable, v2, v4},
    },
    obs::dialect::Dialect,
};
use std::{fmt::Write, net::SocketAddr, time::SystemTime};
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn code(&self) -> String {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        element(&body, "Code")
    }
}

pub(crate) fn element(body: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = body.split_once(&open).map_or("", |(_, rest)| rest);
    rest.split_once(&close).map_or("", |(text, _)| text).to_owned()
}

pub(crate) struct Bench {
    pub(crate) origin: Origin,
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sign {
    Not,
    V2(Dialect),
    V4,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let credentials = Credentials::new("demo-key", "demo-secret");
        let origin = Origin::new(credentials.clone(), ["obs.localhost"])
            .with_bucket("mine", Access::Private)
            .with_bucket("open", Access::PublicReadWrite);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(origin.clone().serve(listener));
        Self {
            origin,
            address,
            credentials,
        }
    }

    /// Sends a request, path style, and reads the answer to its end.
    pub(crate) async fn ask(
        &self,
        sign: Sign,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut map: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).unwrap(),
                    HeaderValue::try_from(*value).unwrap(),
                )
            })
            .collect();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let authorization = match sign {
            Sign::Not => None,
            Sign::V2(dialect) => {
                let date = httpdate::fmt_http_date(SystemTime::now());
                map.insert("date", HeaderValue::try_from(date).unwrap());
                Some(v2::authorization(
                    &self.credentials,
                    dialect,
                    &signable(method, path, query, &map),
                ))
            }
            Sign::V4 => {
                let at = v4::timestamp(OffsetDateTime::now_utc());
                map.insert("x-amz-date", HeaderValue::try_from(at).unwrap());
                map.entry("x-amz-content-sha256")
                    .or_insert(HeaderValue::from_static(v4::UNSIGNED_PAYLOAD));
                Some(v4::authorization(
                    &self.credentials,
                    v4::REGION,
                    &signable(method, path, query, &map),
                ))
            }
        };
        if let Some(value) = authorization {
            map.insert("authorization", HeaderValue::try_from(value).unwrap());
        }
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
        for (name, value) in &map {
            let _ = write!(head, "{name}: {}\r\n", value.to_str().unwrap());
        }
        if !map.contains_key("content-length") {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        self.send(&[head.as_bytes(), b"\r\n", body].concat()).await
    }

    pub(crate) async fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body }
    }
}

pub(crate) fn signable<'r>(
    method: &'r str,
    path: &'r str,
    query: &'r str,
    headers: &'r HeaderMap,
) -> Signable<'r> {
    Signable {
        method,
        host: HOST,
        bucket: None,
        path,
        query,
        headers,
    }
}

pub(crate) fn trio(prefix: &str, key: [u8; 32]) -> [(String, String); 3] {
    let name = |tail: &str| format!("{prefix}server-side-encryption-customer-{tail}");
    [
        (name("algorithm"), "AES256".to_owned()),
        (name("key"), BASE64_STANDARD.encode(key)),
        (name("key-md5"), BASE64_STANDARD.encode(Md5::digest(key))),
    ]
}

pub(crate) fn borrowed(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

pub(crate) const HOST: &str = "obs.localhost";
pub(crate) const OBS: Sign = Sign::V2(Dialect::Obs);
pub(crate) const SIGNED: [Sign; 3] = [OBS, Sign::V2(Dialect::Amz), Sign::V4];
