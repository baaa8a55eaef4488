//! Signatures of requests, made: canonical texts and HMACs over plain values (obs-facts §3). Nothing here has a clock:
//! when a signature is made is told, or stands in the headers.

pub(crate) mod encoding;
mod head;
pub mod v2;
pub mod v4;

pub use head::{Version, sign_head};

use http::HeaderMap;
use std::fmt;

/// An access key and its secret, borrowed from whoever keeps them.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "a secret is never printed")]
pub struct Key<'k> {
    /// The access key: public, part of every signed request.
    pub access_key: &'k str,
    /// The secret key.
    pub secret_key: &'k str,
}

/// What a signature covers: a request's head as it stands on the wire.
#[derive(Clone, Copy)]
pub struct Signable<'r> {
    /// The method.
    pub method: &'r str,
    /// The value of `Host`.
    pub host: &'r str,
    /// The bucket, when `Host` names it; `None` when the path does, or there is none.
    pub bucket: Option<&'r str>,
    /// The path, percent-encoded as it is sent.
    pub path: &'r str,
    /// The query without its question mark, as it is sent; empty when there is none.
    pub query: &'r str,
    /// The headers. `Host` may be missing among them.
    pub headers: &'r HeaderMap,
}

impl Signable<'_> {
    /// The values of a header, joined by commas in the order they came, without blanks around them.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().peekable();
        values.peek()?;
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
            .collect();
        Some(values.join(","))
    }

    /// The names of the headers that start with `prefix`, sorted.
    pub(crate) fn headers_with(&self, prefix: &str) -> Vec<&str> {
        let mut names: Vec<_> = self
            .headers
            .keys()
            .map(http::HeaderName::as_str)
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort_unstable();
        names
    }
}

/// Shows no header and no query: both may hold secrets.
impl fmt::Debug for Signable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signable")
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
