//! What is known of one request, gathered on its way for the one event it leaves behind.

use crate::{
    classify::Classified,
    obs::{
        auth::{Auth, Carrier},
        encryption::EncryptionSet,
        exposed::Fingerprint,
        operation::Operation,
        scheme::Scheme,
    },
};
use http::{Method, Version};
use std::{
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// A request's id: unique among the gate's workers and runs, in every log line and refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    /// Drawn at random for each worker.
    pub worker: u64,
    /// Counts the worker's requests.
    pub number: u64,
}

/// A request's id, spelled.
pub(crate) struct Digits([u8; 32]);

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Sent on, and answered by the store.
    Allowed,
    /// Sent on though a rule stood against it: shadow mode.
    Waived,
    /// Sent on, and only the store's answer showed that a rule stood against it.
    Violated,
    /// Refused by a rule.
    Refused,
    /// Refused because it was ambiguous or wrong in itself.
    Malformed,
    /// Refused because the gate had as much to do as it takes on.
    Limited,
    /// The store could not be reached, or broke off.
    Failed,
    /// The client went away, or took too long.
    Abandoned,
}

/// Who told what an object is encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// A header of the request.
    Head,
    /// The query of the request.
    Query,
    /// The fields of the form in the request's body.
    Form,
    /// What was seen of the upload.
    Upload,
    /// What was seen of the object.
    Object,
    /// What was seen of the bucket.
    BucketDefaultLearned,
    /// The settings.
    BucketDefaultDeclared,
    /// A question of the gate's own.
    BucketDefaultLookedUp,
    /// The store's answer.
    Response,
    /// Nobody: the settings for unknown things, or the rules alone.
    Nobody,
}

/// What is known of one request.
#[derive(Debug)]
pub struct Record {
    /// Its id.
    pub id: RequestId,
    /// When its head had been read.
    pub started: Instant,
    /// The other end of its connection.
    pub peer: SocketAddr,
    /// The transport it came over.
    pub scheme: Scheme,
    /// The version of HTTP it came in.
    pub version: Version,
    /// Its method.
    pub method: Method,
    /// The operation, once classified.
    pub operation: Option<Operation>,
    /// The bucket, as it was spelled.
    pub bucket: Option<String>,
    /// How it is signed.
    pub auth: Option<Auth>,
    /// Where the signature sits.
    pub signed_in: Option<Carrier>,
    /// What the target could be when the request had been read.
    pub seen: Option<EncryptionSet>,
    /// What the target could be when the decision fell.
    pub decided: Option<EncryptionSet>,
    /// Who told.
    pub told: Told,
    /// How it ended.
    pub outcome: Outcome,
    /// The rule that stood against it, or the id of what was wrong.
    pub rule: Option<String>,
    /// The customer keys that it carried in clear, whatever became of it.
    pub exposed: Vec<Fingerprint>,
    /// The status it was answered with; 0 when it was not.
    pub status: u16,
    /// Bytes of the request's body that were passed on.
    pub bytes_in: u64,
    /// Bytes of the answer's body that were handed to the connection.
    pub bytes_out: u64,
    /// From the head read to the store's answer's head.
    pub answered_after: Option<Duration>,
}

impl Record {
    /// A request whose head has just been read.
    pub fn begin(id: RequestId, peer: SocketAddr, scheme: Scheme, method: Method) -> Self {
        Self {
            id,
            started: Instant::now(),
            peer,
            scheme,
            version: Version::HTTP_11,
            method,
            operation: None,
            bucket: None,
            auth: None,
            signed_in: None,
            seen: None,
            decided: None,
            told: Told::Nobody,
            outcome: Outcome::Allowed,
            rule: None,
            exposed: Vec::new(),
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            answered_after: None,
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Allowed,
        Self::Waived,
        Self::Violated,
        Self::Refused,
        Self::Malformed,
        Self::Limited,
        Self::Failed,
        Self::Abandoned,
    ];

    /// The word in log lines and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Waived => "waived",
            Self::Violated => "violated",
            Self::Refused => "refused",
            Self::Malformed => "malformed",
            Self::Limited => "limited",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

impl Told {
    /// Where in the request its encryption is named, if it is.
    pub fn by_request(classified: &Classified<'_>) -> Self {
        if classified.evidence.is_empty() {
            return Self::Nobody;
        }
        let mut places = classified.counted().flat_map(|(_, places, _)| places.iter());
        match places.next() {
            Some((Carrier::Header, _)) => Self::Head,
            Some((Carrier::Query, _)) => Self::Query,
            Some((Carrier::Form, _)) => Self::Form,
            None => Self::Nobody,
        }
    }

    /// The word in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Query => "query",
            Self::Form => "form",
            Self::Upload => "upload",
            Self::Object => "object",
            Self::BucketDefaultLearned => "bucket default, learned",
            Self::BucketDefaultDeclared => "bucket default, declared",
            Self::BucketDefaultLookedUp => "bucket default, looked up",
            Self::Response => "response",
            Self::Nobody => "nobody",
        }
    }
}

impl RequestId {
    /// Writes what `Display` shows.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.digits().0);
    }

    /// What `Display` shows.
    pub(crate) fn digits(self) -> Digits {
        let bytes = (u128::from(self.worker) << 64 | u128::from(self.number)).to_be_bytes();
        let mut digits = [0; 32];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(&bytes) {
            *pair = [byte >> 4, byte & 0xf];
        }
        // Without a table, so that all of them are spelled together.
        for digit in &mut digits {
            *digit += if *digit < 10 { b'0' } else { b'A' - 10 };
        }
        Digits(digits)
    }
}

impl Digits {
    /// They are text, whatever they are.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Thirty-two upper-case hexadecimal digits, as the store's own ids.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits().as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
