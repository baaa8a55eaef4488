//! A request head, line by line (RFC 9112 §2 to §6).
//!
//! A line is judged when its CR LF is there, and the lines in their order: so the verdict does not depend on how the
//! bytes were split. Only what can never become a line is judged before.

use super::{Limits, Violation, class, request_line};
use http::Version;

/// How far a head has been read. It stays in the caller's buffer until it is whole.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where the current line begins.
    line: usize,
    /// How far the current line holds no stop.
    scanned: usize,
    fields: usize,
    /// Of the request line, once it is read.
    version: Option<Version>,
    length: Option<u64>,
    chunked: bool,
    expects: bool,
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
    /// what follows it, once it is whole.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(usize, Framing)>, Violation> {
        let window = bytes.get(..limits.head).unwrap_or(bytes);
        if let Some(first) = window.first()
            && !class::is_token(*first)
            && !matches!(first, b'\r' | b'\n')
        {
            return Err(Violation::Method);
        }
        while let Some(line) = self.next_line(window)? {
            match self.version {
                None => self.version = Some(request_line(line, limits)?),
                Some(_) if line.is_empty() => return Ok(Some((self.line, self.framing()))),
                Some(version) => self.field(line, version, limits)?,
            }
        }
        if window.len() >= limits.head {
            Err(Violation::HeadTooLarge)
        } else {
            Ok(None)
        }
    }

    /// Takes the next line, without its CR LF, if it is whole.
    fn next_line<'b>(&mut self, window: &'b [u8]) -> Result<Option<&'b [u8]>, Violation> {
        let unseen = window.get(self.scanned..).unwrap_or_default();
        let Some(stop) = class::stop(unseen) else {
            self.scanned = window.len();
            return Ok(None);
        };
        let end = self.scanned + stop;
        match unseen.get(stop..) {
            Some([b'\r', b'\n', ..]) => {
                let line = window.get(self.line..end);
                self.line = end + 2;
                self.scanned = self.line;
                Ok(line)
            }
            Some([b'\r']) => {
                self.scanned = end;
                Ok(None)
            }
            Some([b'\r', ..]) => Err(Violation::BareCr),
            Some([b'\n', ..]) => Err(Violation::BareLf),
            _ => Err(Violation::ControlByte),
        }
    }

    fn field(&mut self, line: &[u8], version: Version, limits: &Limits) -> Result<(), Violation> {
        let (name, rest) = line
            .split_at_checked(class::token(line))
            .ok_or(Violation::FieldName)?;
        let value = match rest {
            [b':', value @ ..] if !name.is_empty() => value,
            rest => return Err(self.not_a_field(name, rest)),
        };
        self.fields += 1;
        if self.fields > limits.fields {
            return Err(Violation::TooManyFields);
        }
        // Most names are told apart by their length alone.
        match name.len() {
            EXPECT if name.eq_ignore_ascii_case(b"expect") => self.expect(value),
            CONTENT_LENGTH if is(name, b"content-length") => self.content_length(name, value),
            TRANSFER_ENCODING if is(name, b"transfer-encoding") => {
                self.transfer_encoding(name, value, version)
            }
            _ => Ok(()),
        }
    }

    #[cold]
    fn not_a_field(&self, name: &[u8], rest: &[u8]) -> Violation {
        match (name, rest) {
            ([], [b' ' | b'\t', ..]) if self.fields == 0 => Violation::LeadingSpace,
            ([], [b' ' | b'\t', ..]) => Violation::Folded,
            (_, rest) if !rest.contains(&b':') => Violation::NoColon,
            ([_, ..], [b' ' | b'\t', ..]) => Violation::SpaceBeforeColon,
            _ => Violation::FieldName,
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
        self.length = Some(decimal(class::trim(value)).ok_or(Violation::Length)?);
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
        if !class::trim(value).eq_ignore_ascii_case(b"chunked") {
            return Err(Violation::Coding);
        }
        self.chunked = true;
        Ok(())
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.expects || class::trim(value) != b"100-continue" {
            return Err(Violation::Expect);
        }
        self.expects = true;
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

fn request_line(line: &[u8], limits: &Limits) -> Result<Version, Violation> {
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

const EXPECT: usize = b"expect".len();
const CONTENT_LENGTH: usize = b"content-length".len();
const TRANSFER_ENCODING: usize = b"transfer-encoding".len();
