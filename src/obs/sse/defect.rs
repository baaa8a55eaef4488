//! What is wrong with a customer key, for the caller. It changes neither operation, signature nor mode, so it is
//! answered only after the transport rule allowed (rulings, 13).

use super::{Parameter, sightings};
use crate::obs::error::Code;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::request::Parts;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// A customer key that no store would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Defect {
    /// Whether it is the source's key.
    pub source: bool,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a customer key, in the order in which AWS looks (obs-facts §4.5, rows 5 to 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The algorithm is not `AES256`.
    Algorithm,
    /// There is no algorithm.
    AlgorithmMissing,
    /// There is no key.
    KeyMissing,
    /// There is no MD5.
    Md5Missing,
    /// The MD5 is not the key's.
    Md5,
    /// The key is not the base64 of 32 bytes.
    Key,
}

impl Defect {
    /// The id in log lines, metrics and the `x-obsgate-rule` header.
    pub const fn id(self) -> &'static str {
        match (self.source, self.fault) {
            (false, Fault::Algorithm) => "defect.algorithm",
            (false, Fault::AlgorithmMissing) => "defect.algorithm-missing",
            (false, Fault::KeyMissing) => "defect.key-missing",
            (false, Fault::Md5Missing) => "defect.md5-missing",
            (false, Fault::Md5) => "defect.md5",
            (false, Fault::Key) => "defect.key",
            (true, Fault::Algorithm) => "defect.source-algorithm",
            (true, Fault::AlgorithmMissing) => "defect.source-algorithm-missing",
            (true, Fault::KeyMissing) => "defect.source-key-missing",
            (true, Fault::Md5Missing) => "defect.source-md5-missing",
            (true, Fault::Md5) => "defect.source-md5",
            (true, Fault::Key) => "defect.source-key",
        }
    }

    /// The OBS error code.
    pub const fn code(self) -> Code {
        match self.fault {
            Fault::Algorithm => Code::InvalidEncryptionAlgorithmError,
            _ => Code::InvalidArgument,
        }
    }

    /// What is wrong, for the caller. Never echoes a value.
    pub const fn message(self) -> &'static str {
        match self.fault {
            Fault::Algorithm => "The Encryption request you specified is not valid. Supported value: AES256.",
            Fault::AlgorithmMissing => {
                "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm."
            }
            Fault::KeyMissing => {
                "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key."
            }
            Fault::Md5Missing => {
                "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key."
            }
            Fault::Md5 => "The calculated MD5 hash of the key did not match the hash that was provided.",
            Fault::Key => "The secret key was invalid for the specified algorithm.",
        }
    }
}

/// Looks for a fault in the target's or the source's trio, if any of it is there.
pub(crate) fn find(head: &Parts, source: bool) -> Option<Defect> {
    let [algorithm, key, md5] = if source {
        [
            Parameter::SourceAlgorithm,
            Parameter::SourceKey,
            Parameter::SourceKeyMd5,
        ]
    } else {
        [Parameter::Algorithm, Parameter::Key, Parameter::KeyMd5]
    };
    fault(
        &Short::of(head, algorithm),
        &Short::of(head, key),
        &Short::of(head, md5),
    )
    .map(|fault| Defect { source, fault })
}

fn fault(algorithm: &Short, key: &Short, md5: &Short) -> Option<Fault> {
    if !algorithm.there && !key.there && !md5.there {
        return None;
    }
    if !algorithm.there {
        return Some(Fault::AlgorithmMissing);
    }
    if algorithm.bytes() != Some(b"AES256") {
        return Some(Fault::Algorithm);
    }
    if !key.there {
        return Some(Fault::KeyMissing);
    }
    if !md5.there {
        return Some(Fault::Md5Missing);
    }
    let mut decoded = Zeroizing::new([0; LONGEST]);
    let Some(key) = key.bytes().and_then(|encoded| decode(encoded, &mut decoded)) else {
        return Some(Fault::Key);
    };
    let mut told = Zeroizing::new([0; LONGEST]);
    let told = md5.bytes().and_then(|encoded| decode(encoded, &mut told));
    if told != Some(Md5::digest(key).as_slice()) {
        return Some(Fault::Md5);
    }
    (key.len() != KEY_LENGTH).then_some(Fault::Key)
}

fn decode<'b>(encoded: &[u8], buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let length = STANDARD.decode_slice(encoded, buffer).ok()?;
    buffer.get(..length)
}

/// A value on the stack, wiped when it goes. A longer one than any that is right is there, but not read.
struct Short {
    there: bool,
    length: Option<usize>,
    buffer: Zeroizing<[u8; LONGEST]>,
}

impl Short {
    fn of(head: &Parts, parameter: Parameter) -> Self {
        let mut short = Self {
            there: false,
            length: None,
            buffer: Zeroizing::new([0; LONGEST]),
        };
        if let Some(value) = sightings(head).find(|one| one.parameter == parameter) {
            short.there = true;
            short.length = short.fill(value.bytes());
        }
        short
    }

    fn fill(&mut self, bytes: impl Iterator<Item = u8>) -> Option<usize> {
        let mut length = 0;
        for byte in bytes {
            *self.buffer.get_mut(length)? = byte;
            length += 1;
        }
        Some(length)
    }

    fn bytes(&self) -> Option<&[u8]> {
        self.buffer.get(..self.length?)
    }
}

const KEY_LENGTH: usize = 32;
/// More than the base64 of any key the documents speak of (512 bits).
const LONGEST: usize = 128;
