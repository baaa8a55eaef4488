//! Signatures of OBS requests, both ways: the origin verifies with them, tests and the printed `curl` lines are made
//! with them (obs-facts §3). Written apart from the gate's own reading of requests, so that one can find the other's
//! mistakes.

mod encoding;
pub mod policy;
pub mod v2;
pub mod v4;

pub(in crate::demo) use encoding::{hex, md5, pairs, sha256_hex};
use http::HeaderMap;
use std::fmt;

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key: public, part of every signed request.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
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

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// The parts of the signature are not all there, or do not parse.
    Malformed,
    /// Nobody has this access key.
    AccessKey,
    /// The signature is not the one the secret key makes.
    Mismatch,
    /// A header that has to be signed is not.
    UnsignedHeader,
}

impl Credentials {
    /// A pair.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
        }
    }

    /// A pair that nobody has had before.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = [0; 30];
        aws_lc_rs::rand::fill(&mut bytes)?;
        let (access_key, secret_key) = bytes.split_at(8);
        let access_key = encoding::hex(access_key).to_ascii_uppercase();
        Ok(Self::new(format!("DEMO{access_key}"), encoding::hex(secret_key)))
    }

    /// Whether `found` is the signature that was `expected`, for this access key.
    fn judge(&self, access_key: &str, expected: &str, found: &str) -> Result<(), Unverified> {
        if access_key != self.access_key {
            return Err(Unverified::AccessKey);
        }
        match aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), found.as_bytes()) {
            Ok(()) => Ok(()),
            Err(_) => Err(Unverified::Mismatch),
        }
    }
}

impl Signable<'_> {
    /// The values of a header, joined by commas in the order they came, without blanks around them.
    fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().peekable();
        values.peek()?;
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
            .collect();
        Some(values.join(","))
    }

    /// The names of the headers that start with `prefix`, sorted.
    fn headers_with(&self, prefix: &str) -> Vec<&str> {
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

/// Shows the access key alone.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
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
