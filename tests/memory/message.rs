//! Requests and answers as bytes.

use crate::{harness::DOMAIN, wire::Wire};

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Ask {
    line: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

/// A request by its method and target.
pub(crate) fn ask(line: impl Into<String>) -> Ask {
    Ask {
        line: line.into(),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

impl Ask {
    /// With a header; an empty one is none.
    pub(crate) fn with(mut self, header: impl Into<String>) -> Self {
        let header = header.into();
        self.headers.extend((!header.is_empty()).then_some(header));
        self
    }

    pub(crate) fn with_all(self, headers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        headers.into_iter().fold(self, Self::with)
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self {
            body: body.as_ref().to_vec(),
            ..self
        }
    }

    /// The head alone, which says how long the body is.
    pub(crate) fn head(&self) -> String {
        let headers: String = self.headers.iter().flat_map(|one| [one, "\r\n"]).collect();
        let length = match self.line.as_bytes() {
            [b'P', ..] => format!("Content-Length: {}\r\n", self.body.len()),
            _ => String::new(),
        };
        format!(
            "{} HTTP/1.1\r\nHost: {DOMAIN}\r\n{headers}{length}\r\n",
            self.line
        )
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head().as_bytes(), &self.body].concat()
    }
}

/// An answer: its head as it came, and its body without its framing.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads an answer to anything but HEAD; a 100 counts as one.
    pub(crate) fn read(wire: &mut Wire) -> Self {
        let mut answer = Self {
            head: wire.read_head(),
            body: Vec::new(),
        };
        if matches!(answer.status(), 100 | 204 | 304) {
            return answer;
        }
        if answer.header("transfer-encoding").is_some() {
            loop {
                let size = wire.read_until("\r\n");
                let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
                if size == 0 {
                    break;
                }
                answer.body.extend(wire.read_exactly(size));
                wire.read_until("\r\n");
            }
            // Trailers are part of what the client gets.
            loop {
                let line = wire.read_until("\r\n");
                if line == "\r\n" {
                    return answer;
                }
                answer.body.extend(line.as_bytes());
            }
        }
        let length = answer
            .header("content-length")
            .expect("a length or chunks")
            .parse()
            .unwrap();
        answer.body = wire.read_exactly(length);
        answer
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().trim().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find(|(one, _)| one.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of an element of the body.
    pub(crate) fn element(&self, name: &str) -> String {
        element(&self.text(), name)
    }

    /// What stood against the request; empty if the answer is the store's.
    pub(crate) fn rule(&self) -> &str {
        self.header("x-obsgate-rule").unwrap_or_default()
    }

    /// Asserts that the store answered, and said yes.
    #[track_caller]
    pub(crate) fn assert_passed(&self) -> &Self {
        assert!(self.rule().is_empty(), "refused: {self:?}");
        assert!((200..400).contains(&self.status()), "{self:?}");
        self
    }

    /// Asserts that the gate refused, by this rule or a rule whose id begins so.
    #[track_caller]
    pub(crate) fn assert_refused(&self, rule: &str) -> &Self {
        assert_eq!(self.status(), 400, "{self:?}");
        assert!(
            self.rule().starts_with(rule) && !self.rule().is_empty(),
            "`{rule}`: {self:?}"
        );
        assert!(!self.element("Code").is_empty(), "{self:?}");
        let text = self.text();
        for secret in SECRETS {
            assert!(!text.contains(secret), "`{secret}` is echoed: {self:?}");
        }
        self
    }
}

/// The text of an element of a document.
pub(crate) fn element(document: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = document.split_once(&open).map_or("", |(_, rest)| rest);
    rest.split_once(&close).map_or("", |(text, _)| text).to_owned()
}

/// The three headers of a customer key, in a dialect.
pub(crate) fn trio(dialect: &str) -> [String; 3] {
    [
        ("algorithm", "AES256"),
        ("key", "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw="),
        ("key-MD5", "HHZSrfZMtS69FCj/xN8ppg=="),
    ]
    .map(|(tail, value)| format!("x-{dialect}-server-side-encryption-customer-{tail}: {value}"))
}

pub(crate) const ANONYMOUS: &str = "";
pub(crate) const V2: &str = "Authorization: AWS AKIDSAMPLE:c2lnbmF0dXJlLW9mLXYyLQ==";
pub(crate) const OBS: &str = "Authorization: OBS AKIDSAMPLE:c2lnbmF0dXJlLW9mLXYyLQ==";
pub(crate) const V4: &str = "Authorization: AWS4-HMAC-SHA256 Credential=AKIDSAMPLE/20240101/region/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const KMS: &str = "x-amz-server-side-encryption: aws:kms";

/// What stands in requests, and must stand in nothing that the gate says of its own.
pub(crate) const SECRETS: [&str; 5] = [
    "K7QkYpBkM5",
    "HHZSrfZMtS69",
    "c2lnbmF0dXJl",
    "0123456789abcdef0123",
    "aws4_request",
];
