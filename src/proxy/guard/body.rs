//! A chunked body: its framing byte by byte, its data in one step (RFC 9112 §7.1).

use super::{Limits, Violation, class};
use crate::obs::{bytes, trailer};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// How far a chunked body has been read.
pub(super) struct Chunked {
    at: At,
    /// Of the size being read, or of the data left.
    size: u64,
    digits: u32,
    /// Bytes of extensions, over all chunks.
    extensions: usize,
    /// The trailers as they came, and how many.
    trailers: Vec<u8>,
    fields: usize,
    name: [u8; NAME],
    named: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
    ExtensionName,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// Where a trailer begins, or the CR LF that ends the body.
    Line,
    Name,
    Value,
    ValueLf,
    EndLf,
    End,
}

impl Chunked {
    pub(super) const fn new() -> Self {
        Self {
            at: At::Size,
            size: 0,
            digits: 0,
            extensions: 0,
            trailers: Vec::new(),
            fields: 0,
            name: [0; NAME],
            named: 0,
        }
    }

    /// Whether the body has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.at == At::End
    }

    /// Reads framing, up to data or to the end of the body. Returns how many bytes belong to it, and what is wrong with
    /// the next one.
    pub(super) fn read(&mut self, bytes: &[u8], limits: &Limits) -> (usize, Option<Violation>) {
        let mut rest = bytes;
        while !matches!(self.at, At::Data | At::End) {
            let [byte, after @ ..] = rest else { break };
            match self.step(*byte, limits) {
                Ok(at) => self.at = at,
                Err(violation) => return (bytes.len() - rest.len(), Some(violation)),
            }
            rest = after;
        }
        (bytes.len() - rest.len(), None)
    }

    /// Takes the data that comes next, of so many bytes; returns how many it has.
    pub(super) fn take(&mut self, bytes: usize) -> usize {
        if self.at != At::Data {
            return 0;
        }
        let data = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes);
        self.size -= data as u64;
        if self.size == 0 {
            self.at = At::DataCr;
        }
        data
    }

    /// The trailers, if there are any.
    pub(super) fn take_trailers(&mut self) -> Option<Box<HeaderMap>> {
        let mut trailers = HeaderMap::with_capacity(self.fields);
        for line in self.trailers.split(|byte| *byte == b'\n') {
            // Each has been found in order, or there would be no end.
            if let Some((name, value)) = bytes::split(line, b':')
                && let Ok(name) = HeaderName::from_bytes(name)
                && let Ok(value) =
                    HeaderValue::from_bytes(bytes::trim(value.strip_suffix(b"\r").unwrap_or(value)))
            {
                trailers.append(name, value);
            }
        }
        (!trailers.is_empty()).then(|| Box::new(trailers))
    }

    fn step(&mut self, byte: u8, limits: &Limits) -> Result<At, Violation> {
        match (self.at, byte) {
            (At::Size, _) => self.size(byte),
            (At::ExtensionName, _) if !class::is_token(byte) => Err(Violation::ChunkExtension),
            (At::ExtensionName, _) | (At::Extension, b'\t' | b' '..=b'~') => self.extension(limits),
            (At::Extension, b'\r') => Ok(At::SizeLf),
            (At::Extension, b'\n') => Err(Violation::ChunkLine),
            (At::Extension, _) => Err(Violation::ChunkExtension),
            (At::SizeLf, b'\n') => Ok(self.sized()),
            (At::SizeLf, _) => Err(Violation::ChunkLine),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => Ok(At::Size),
            (At::DataCr | At::DataLf, _) => Err(Violation::ChunkEnd),
            (At::Line, b'\r') => Ok(At::EndLf),
            (At::EndLf, b'\n') => Ok(At::End),
            (At::Line | At::Name | At::Value | At::ValueLf, _) => self.trailer(byte, limits),
            (At::EndLf, _) => Err(Violation::Trailer),
            // The caller has stopped before, or taken the data in one step.
            (At::Data | At::End, _) => Ok(self.at),
        }
    }

    fn size(&mut self, byte: u8) -> Result<At, Violation> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'\r' if self.digits > 0 => return Ok(At::SizeLf),
            b';' if self.digits > 0 => return Ok(At::ExtensionName),
            b'\n' if self.digits > 0 => return Err(Violation::ChunkLine),
            _ => return Err(Violation::ChunkSize),
        };
        self.digits += 1;
        self.size = (self.size << 4) | u64::from(digit);
        if self.digits > DIGITS || self.size >= 1 << 63 {
            return Err(Violation::ChunkSize);
        }
        Ok(At::Size)
    }

    fn sized(&mut self) -> At {
        self.digits = 0;
        if self.size == 0 { At::Line } else { At::Data }
    }

    fn extension(&mut self, limits: &Limits) -> Result<At, Violation> {
        self.extensions += 1;
        if self.extensions > limits.chunk_extensions {
            return Err(Violation::ChunkExtensions);
        }
        Ok(At::Extension)
    }

    fn trailer(&mut self, byte: u8, limits: &Limits) -> Result<At, Violation> {
        self.trailers.push(byte);
        if self.trailers.len() > limits.trailers {
            return Err(Violation::TrailersTooLarge);
        }
        match (self.at, byte) {
            (At::Line, _) if class::is_token(byte) => {
                self.fields += 1;
                if self.fields > limits.fields {
                    return Err(Violation::TrailersTooLarge);
                }
                self.named = 0;
                self.name(byte);
                Ok(At::Name)
            }
            (At::Name, b':') => {
                let name = self.name.get(..self.named).unwrap_or(&self.name);
                if trailer::is_forbidden(name) {
                    Err(Violation::TrailerForbidden)
                } else {
                    Ok(At::Value)
                }
            }
            (At::Name, _) if class::is_token(byte) => {
                self.name(byte);
                Ok(At::Name)
            }
            (At::Value, b'\r') => Ok(At::ValueLf),
            (At::Value, _) if !class::is_stop(byte) => Ok(At::Value),
            (At::ValueLf, b'\n') => Ok(At::Line),
            _ => Err(Violation::Trailer),
        }
    }

    /// Keeps what tells the names apart: of a longer one the beginning, which is what families of names go by.
    fn name(&mut self, byte: u8) {
        if let Some(place) = self.name.get_mut(self.named) {
            *place = class::folded(byte);
        }
        self.named = self.named.saturating_add(1);
    }
}

/// Without the trailers: they may hold secrets.
impl fmt::Debug for Chunked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunked")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

const DIGITS: u32 = 16;
/// Longer than every name that is forbidden as a whole.
const NAME: usize = 64;
