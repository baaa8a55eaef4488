//! The head of one part: which field it is, and that no store could take it for another (rulings, 19).

use super::{FormError, boundary::is_like_ascii};
use crate::obs::bytes::ByteSet;
use std::ops::Range;

/// What the head of a part said so far.
#[derive(Debug, Default)]
pub(super) struct Part {
    name: Option<Range<usize>>,
    file_name: bool,
    charset: Option<Charset>,
    transfer_encoding: bool,
    length: Option<usize>,
}

/// What the content type of a part, if it has one, makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    /// ASCII is ASCII.
    LikeAscii,
    /// Other bytes might be read as ASCII.
    Odd,
}

impl Part {
    /// Reads a line of the head, without its CRLF; `at` is its place in the form.
    ///
    /// RFC 7578 (4.8) says that a part has `Content-Disposition`, `Content-Type` and `Content-Transfer-Encoding`, and
    /// must have nothing else; `OkHttp` adds a length.
    pub(super) fn line(&mut self, line: &[u8], at: usize) -> Result<(), FormError> {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(FormError::Folded);
        }
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(FormError::PartHeader);
        }
        let line = line.trim_ascii_end();
        let colon = memchr::memchr(b':', line).ok_or(FormError::PartHeader)?;
        let (name, value) = line.split_at_checked(colon).ok_or(FormError::PartHeader)?;
        let value = value.get(1..).unwrap_or_default().trim_ascii_start();
        let is = |header: &str| name.eq_ignore_ascii_case(header.as_bytes());
        if is("content-disposition") {
            self.disposition(value, at + line.len())
        } else if is("content-type") {
            self.content_type(value)
        } else if is("content-transfer-encoding") {
            self.transfer_encoding(value)
        } else if is("content-length") {
            self.length(value)
        } else {
            Err(FormError::PartHeader)
        }
    }

    /// Where the name stands.
    pub(super) fn name(&self) -> Result<Range<usize>, FormError> {
        self.name.clone().ok_or(FormError::Disposition)
    }

    /// Whether the part is the file, which is named exactly so; or else whether it may be a field.
    pub(super) fn is_file(&self, name: &[u8]) -> Result<bool, FormError> {
        if name == b"file" {
            return Ok(true);
        }
        if name.eq_ignore_ascii_case(b"file") {
            return Err(FormError::FileSpelling);
        }
        // Some readers tell the file by its file name.
        if self.file_name {
            return Err(FormError::FileName);
        }
        // RFC 7578 (4.6): a field of this name sets the charset of all others.
        if self.charset == Some(Charset::Odd) || name.eq_ignore_ascii_case(b"_charset_") {
            return Err(FormError::Charset);
        }
        Ok(false)
    }

    /// Whether the part is as long as it said.
    pub(super) fn check_length(&self, length: usize) -> Result<(), FormError> {
        match self.length {
            Some(told) if told != length => Err(FormError::PartLength),
            _ => Ok(()),
        }
    }

    /// `form-data; name="…"`, then perhaps a file name. The name comes first: some readers look for the first
    /// `name=`, which a file name may hold. `end` is where the value ends in the form.
    fn disposition(&mut self, value: &[u8], end: usize) -> Result<(), FormError> {
        let rest = value.strip_prefix(b"form-data").ok_or(FormError::Disposition)?;
        let opened = parameter(rest, b"name=\"").ok_or(FormError::Disposition)?;
        let (name, mut rest) = quoted(opened).ok_or(FormError::Disposition)?;
        if name.is_empty() || !NAME.has_all(name) {
            return Err(FormError::Name);
        }
        let start = end - opened.len();
        if self.name.replace(start..start + name.len()).is_some() {
            return Err(FormError::Disposition);
        }
        if let Some(opened) = parameter(rest, b"filename=\"") {
            let (file_name, after) = quoted(opened).ok_or(FormError::Disposition)?;
            // A reader that does not heed quotes would see parameters in it.
            if file_name.contains(&b';') && file_name.contains(&b'=') {
                return Err(FormError::Disposition);
            }
            self.file_name = true;
            rest = after;
        }
        if let Some(extended) = parameter(rest, b"filename*=")
            && EXTENDED.has_all(extended)
        {
            self.file_name = true;
            rest = &[];
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(FormError::Disposition)
        }
    }

    /// A part that is itself multipart would have fields of its own.
    fn content_type(&mut self, value: &[u8]) -> Result<(), FormError> {
        if holds(value, b"multipart") {
            return Err(FormError::Nested);
        }
        let like_ascii = !holds(value, b"charset")
            || std::str::from_utf8(value)
                .ok()
                .and_then(charset)
                .is_some_and(is_like_ascii);
        let charset = if like_ascii {
            Charset::LikeAscii
        } else {
            Charset::Odd
        };
        match self.charset.replace(charset) {
            Some(_) => Err(FormError::PartHeader),
            None => Ok(()),
        }
    }

    /// Only the encodings that encode nothing: deprecated by RFC 7578 (4.7), heeded by some and not by others.
    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), FormError> {
        let plain = ["7bit", "8bit", "binary"]
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(value));
        if !plain || std::mem::replace(&mut self.transfer_encoding, true) {
            return Err(FormError::TransferEncoding);
        }
        Ok(())
    }

    fn length(&mut self, value: &[u8]) -> Result<(), FormError> {
        let length = std::str::from_utf8(value)
            .ok()
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .ok_or(FormError::PartLength)?;
        match self.length.replace(length) {
            Some(_) => Err(FormError::PartLength),
            None => Ok(()),
        }
    }
}

/// What follows `name` if that is the next parameter, past its semicolon and the blanks around it.
fn parameter<'v>(rest: &'v [u8], name: &[u8]) -> Option<&'v [u8]> {
    let rest = rest.trim_ascii_start().strip_prefix(b";")?;
    rest.trim_ascii_start().strip_prefix(name)
}

/// The text up to the closing quote, and what follows. A backslash before a quote ends the text for some readers and
/// does not for others.
fn quoted(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (text, rest) = rest.split_at_checked(memchr::memchr(b'"', rest)?)?;
    (!text.ends_with(b"\\")).then_some((text, rest.get(1..)?))
}

/// The charset of a content type that names one, where it is the only parameter.
fn charset(content_type: &str) -> Option<&str> {
    let (_, parameter) = content_type.split_once(';')?;
    let (name, value) = parameter.trim().split_once('=')?;
    name.eq_ignore_ascii_case("charset").then_some(value)
}

fn holds(haystack: &[u8], word: &[u8]) -> bool {
    haystack
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}

/// Names of fields are plain: no escapes, nothing that folds into something else, nothing to trim.
static NAME: ByteSet = ByteSet::over(b'!', b'~').without(b"\"\\%[]");
/// The characters of an extended value (RFC 8187, 3.2.1).
static EXTENDED: ByteSet = ByteSet::ALPHANUMERIC.and(b"!#$&+-.^_`|~%'");
