//! Requests as text, and answers read back.

use crate::support::Wire;
use std::fmt::Write;

/// A request from its line without the version, headers each on a line, and a body as it goes over the wire. `Host` is
/// the endpoint's where none is given.
pub(crate) fn request(line: &str, headers: &[impl AsRef<str>], body: &str) -> String {
    let mut text = format!("{line} HTTP/1.1\r\n");
    let named = |one: &&str| one.to_ascii_lowercase().starts_with("host:");
    if !headers.iter().map(AsRef::as_ref).any(|one| named(&one)) {
        text.push_str("Host: obs.example.com\r\n");
    }
    for header in headers {
        let _ = write!(text, "{}\r\n", header.as_ref());
    }
    let _ = write!(text, "\r\n{body}");
    text
}

/// One without a body.
pub(crate) fn bare(line: &str, headers: &[impl AsRef<str>]) -> String {
    request(line, headers, "")
}

/// The three headers of a customer key, in a dialect.
pub(crate) fn trio(dialect: &str) -> Vec<String> {
    let name = |tail: &str| format!("x-{dialect}-server-side-encryption-customer-{tail}");
    vec![
        format!("{}: AES256", name("algorithm")),
        format!("{}: {KEY}", name("key")),
        format!("{}: {KEY_MD5}", name("key-MD5")),
    ]
}

/// An answer: its head as it came, and its body without its framing.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads an answer that says where it ends.
    pub(crate) fn read(wire: &mut Wire, to_head: bool) -> Self {
        let mut answer = Self {
            head: wire.read_head(),
            body: String::new(),
        };
        if to_head || matches!(answer.status(), 204 | 304) {
            return answer;
        }
        if answer.header("transfer-encoding").is_some() {
            loop {
                let size = wire.read_until("\r\n");
                let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
                if size == 0 {
                    while wire.read_until("\r\n") != "\r\n" {}
                    return answer;
                }
                answer
                    .body
                    .push_str(&String::from_utf8_lossy(&wire.read_exactly(size)));
                wire.read_until("\r\n");
            }
        }
        let length = answer.header("content-length").expect("a length or chunks");
        let body = wire.read_exactly(length.parse().unwrap());
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The text of an element of the body.
    pub(crate) fn element(&self, name: &str) -> &str {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let rest = self.body.split_once(&open).map_or("", |(_, rest)| rest);
        rest.split_once(&close).map_or("", |(text, _)| text)
    }

    pub(crate) fn rule(&self) -> &str {
        self.header("x-obsgate-rule").unwrap_or_default()
    }

    /// Asserts that the gate refused with this code, in the right shape, and echoed nothing it must not.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: &str) {
        let status = self.status();
        assert!((400..500).contains(&status), "{self:?}");
        assert_eq!(self.element("Code"), code, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/xml"), "{self:?}");
        assert!(self.header("x-obsgate-rule").is_some(), "{self:?}");
        assert!(
            self.body
                .starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"),
            "{self:?}"
        );
        self.assert_echoes_nothing();
    }

    #[track_caller]
    pub(crate) fn assert_echoes_nothing(&self) {
        let all = format!("{}{}", self.head, self.body);
        for secret in SECRETS {
            assert!(!all.contains(secret), "`{secret}` is echoed: {all}");
        }
        assert!(!all.contains("Unsupported Authorization Type"), "{all}");
    }
}

pub(crate) const V2: &str = "Authorization: AWS AKIDSAMPLE:c2lnbmF0dXJlLW9mLXYyLQ==";
pub(crate) const OBS: &str = "Authorization: OBS AKIDSAMPLE:c2lnbmF0dXJlLW9mLXYyLQ==";
pub(crate) const V4: &str = "Authorization: AWS4-HMAC-SHA256 Credential=AKIDSAMPLE/20240101/region/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const V2_QUERY: &str =
    "AWSAccessKeyId=AKIDSAMPLE&Expires=4102444800&Signature=c2lnbmF0dXJlLW9mLXYyLQ%3D%3D";
pub(crate) const OBS_QUERY: &str =
    "AccessKeyId=AKIDSAMPLE&Expires=4102444800&Signature=c2lnbmF0dXJlLW9mLXYyLQ%3D%3D";
pub(crate) const V4_QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDSAMPLE%2F20240101%2Fregion%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Base64 of 32 bytes, and of their MD5.
pub(crate) const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
pub(crate) const KEY_MD5: &str = "HHZSrfZMtS69FCj/xN8ppg==";
pub(crate) const TOKEN: &str = "c2VjdXJpdHktdG9rZW4tb2Ytc2Vzc2lvbg";

/// What stands in requests and must stand in nothing the gate says of its own.
pub(crate) const SECRETS: [&str; 8] = [
    "K7QkYpBkM5",
    "HHZSrfZMtS69",
    "c2lnbmF0dXJl",
    "0123456789abcdef",
    "AKIDSAMPLE",
    TOKEN,
    "demo-secret",
    "aws4_request",
];
