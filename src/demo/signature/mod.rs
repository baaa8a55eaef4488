//! Signatures of OBS requests, verified (obs-facts §3). Making them is [`crate::obs::sign`], with which tests and the
//! printed `curl` lines are made too. Written apart from the gate's own reading of requests, so that one can find the
//! other's mistakes.

pub mod policy;
pub mod v2;
pub mod v4;

pub use crate::obs::sign::Signable;
pub(in crate::demo) use crate::obs::sign::encoding::{hex, pairs, sha256_hex};

use crate::obs::sign::Key;
use md5::{Digest, Md5};
use std::fmt;

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key: public, part of every signed request.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
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
        let access_key = hex(access_key).to_ascii_uppercase();
        Ok(Self::new(format!("DEMO{access_key}"), hex(secret_key)))
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

impl<'k> From<&'k Credentials> for Key<'k> {
    fn from(credentials: &'k Credentials) -> Self {
        Self {
            access_key: &credentials.access_key,
            secret_key: &credentials.secret_key,
        }
    }
}

/// The MD5 of `data`.
pub(in crate::demo) fn md5(data: &[u8]) -> Vec<u8> {
    Md5::digest(data).to_vec()
}

/// The first value of a name, folded in case.
fn first<'p>(pairs: &'p [(String, Option<String>)], name: &str) -> Option<&'p str> {
    pairs
        .iter()
        .find(|(one, _)| one.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_deref().unwrap_or_default())
}

/// Shows the access key alone.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}
