//! A request head, line by line (RFC 9112 §2 to §6).
//!
//! A line is judged when its CR LF is there, and the lines in their order: so the verdict does not depend on how the
//! bytes were split. Only what can never become a line is judged before.

use super::{
    Limits, Violation, class,
    layout::{Layout, Place},
    request_line::{self, RequestLine},
};
use crate::obs::bytes;
use http::Version;
use std::mem;

/// How far a head has been read. It stays in the caller's buffer until it is whole.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where the current line begins.
    line: usize,
    /// How much of it holds no stop.
    clear: usize,
    /// Of the request line, once it is read.
    version: Option<Version>,
    length: Option<u64>,
    chunked: bool,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
}

impl Head {
    /// Reads on. `bytes` begin where the head does, and hold what they held before. Returns the length of the head and
    /// what follows it, once it is whole; `layout` then says what is where.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        layout: &mut Layout,
    ) -> Result<Option<(usize, Framing)>, Violation> {
        let window = bytes.get(..limits.head).unwrap_or(bytes);
        if let Some(first) = window.first()
            && !class::is_token(*first)
            && !matches!(first, b'\r' | b'\n')
        {
            return Err(Violation::Method);
        }
        let mut rest = window.get(self.line..).unwrap_or_default();
        while let Some(end) = self.line_end(rest) {
            let after = match rest.get(end..) {
                Some([b'\r', b'\n', after @ ..]) => after,
                Some([b'\r']) => {
                    self.clear = end;
                    break;
                }
                stop => return Err(not_an_end(stop)),
            };
            match self.version {
                None => {
                    layout.begin(request_line(rest, end, limits)?);
                    self.version = Some(layout.version());
                }
                Some(_) if end == 0 => return Ok(Some((window.len() - after.len(), self.framing()))),
                Some(version) => {
                    let colon = self.field(rest, end, version, (limits, layout))?;
                    let start = window.len() - rest.len();
                    layout.push(Place::new(start, start + colon, start + end));
                }
            }
            rest = after;
        }
        if window.len() >= limits.head {
            return Err(Violation::HeadTooLarge);
        }
        self.line = window.len() - rest.len();
        Ok(None)
    }

    /// Where the first stop is in a line of which some is known.
    fn line_end(&mut self, rest: &[u8]) -> Option<usize> {
        let clear = mem::take(&mut self.clear);
        if let Some(stop) = rest.get(clear..).and_then(class::stop) {
            Some(clear + stop)
        } else {
            self.clear = rest.len();
            None
        }
    }

    /// Reads the field at the front, whose line ends there, up to its colon and beyond. A name needs no end to be read
    /// to: no stop is in a token.
    fn field(
        &mut self,
        rest: &[u8],
        end: usize,
        version: Version,
        (limits, layout): (&Limits, &mut Layout),
    ) -> Result<usize, Violation> {
        let colon = class::token(rest);
        if colon == 0 || rest.get(colon) != Some(&b':') {
            return Err(not_a_field(rest, end, layout));
        }
        if layout.fields() == limits.fields {
            return Err(Violation::TooManyFields);
        }
        // Most names are told apart by their length alone.
        if matches!(
            colon,
            TE | EXPECT | CONNECTION | CONTENT_LENGTH | TRANSFER_ENCODING
        ) {
            self.framing_field(rest.get(..end).unwrap_or_default(), version, layout)?;
        }
        Ok(colon)
    }

    /// Reads a field that may frame the request. It is not part of the loop over the fields, which stays the smaller.
    #[inline(never)]
    fn framing_field(&mut self, line: &[u8], version: Version, layout: &mut Layout) -> Result<(), Violation> {
        match bytes::split(line, b':') {
            Some((name, value)) if is(name, b"expect") => layout.expect(bytes::trim(value)),
            Some((name, value)) if is(name, b"te") => {
                layout.takes(value);
                Ok(())
            }
            Some((name, value)) if is(name, b"connection") => {
                layout.connection(value);
                Ok(())
            }
            Some((name, value)) if is(name, b"content-length") => self.content_length(name, value),
            Some((name, value)) if is(name, b"transfer-encoding") => {
                self.transfer_encoding(name, value, version)
            }
            Some(_) => Ok(()),
            None => Err(Violation::FieldName),
        }
    }

    fn content_length(&mut self, name: &[u8], value: &[u8]) -> Result<(), Violation> {
        if name.contains(&b'_') {
            return Err(Violation::FramingName);
        }
        if self.length.is_some() {
            return Err(Violation::LengthRepeated);
        }
        if self.chunked {
            return Err(Violation::LengthAndCoding);
        }
        self.length = Some(decimal(bytes::trim(value)).ok_or(Violation::Length)?);
        Ok(())
    }

    fn transfer_encoding(&mut self, name: &[u8], value: &[u8], version: Version) -> Result<(), Violation> {
        if name.contains(&b'_') {
            return Err(Violation::FramingName);
        }
        if version == Version::HTTP_10 {
            return Err(Violation::CodingVersion);
        }
        if self.chunked {
            return Err(Violation::CodingRepeated);
        }
        if self.length.is_some() {
            return Err(Violation::LengthAndCoding);
        }
        if !bytes::trim(value).eq_ignore_ascii_case(b"chunked") {
            return Err(Violation::Coding);
        }
        self.chunked = true;
        Ok(())
    }

    fn framing(&self) -> Framing {
        match (self.chunked, self.length) {
            (true, _) => Framing::Chunked,
            (false, None | Some(0)) => Framing::None,
            (false, Some(length)) => Framing::Length(length),
        }
    }
}

#[cold]
fn not_a_field(rest: &[u8], end: usize, layout: &Layout) -> Violation {
    let line = rest.get(..end).unwrap_or_default();
    match line.split_at_checked(class::token(line)).unwrap_or_default() {
        ([], [b' ' | b'\t', ..]) if layout.fields() == 0 => Violation::LeadingSpace,
        ([], [b' ' | b'\t', ..]) => Violation::Folded,
        (_, rest) if !rest.contains(&b':') => Violation::NoColon,
        ([_, ..], [b' ' | b'\t', ..]) => Violation::SpaceBeforeColon,
        _ => Violation::FieldName,
    }
}

/// What is wrong with a stop that ends no line.
#[cold]
fn not_an_end(stop: Option<&[u8]>) -> Violation {
    match stop {
        Some([b'\r', ..]) => Violation::BareCr,
        Some([b'\n', ..]) => Violation::BareLf,
        _ => Violation::ControlByte,
    }
}

fn request_line(rest: &[u8], end: usize, limits: &Limits) -> Result<RequestLine, Violation> {
    let line = rest.get(..end).unwrap_or_default();
    if line.is_empty() {
        Err(Violation::EmptyLine)
    } else {
        request_line::inspect(line, limits)
    }
}

pub(super) fn is(name: &[u8], known: &[u8]) -> bool {
    name.len() == known.len()
        && name
            .iter()
            .zip(known)
            .all(|(byte, known)| class::folded(*byte) == *known)
}

/// Reads decimal digits without leading zeros, below 2^63: what every store reads alike.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if matches!(digits, [] | [b'0', _, ..]) {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })?;
    (value < 1 << 63).then_some(value)
}

const TE: usize = b"te".len();
const EXPECT: usize = b"expect".len();
const CONNECTION: usize = b"connection".len();
const CONTENT_LENGTH: usize = b"content-length".len();
const TRANSFER_ENCODING: usize = b"transfer-encoding".len();
