//! The scanner: a form's bytes in, in whatever pieces, and out of it where the content of the file begins.

use super::{
    Boundary, Field, Form, FormError,
    fields::{Place, Prefix, fields},
    part::Part,
};
use memchr::{memchr2, memmem::Finder};
use std::fmt;

/// Reads a form up to the head of its part `file`. What it says depends on the bytes alone, not on how they are cut.
pub struct Scanner {
    /// Finds `--boundary`.
    delimiter: Finder<'static>,
    limits: Limits,
    prefix: Prefix,
    fields: Vec<Place>,
    /// Where the line or value that is being read begins.
    at: usize,
    /// Up to where it was searched for its end.
    searched: usize,
    state: State,
    part: Part,
}

/// How much is read of a form before its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, the head of the file's part included.
    pub bytes: usize,
    /// Fields.
    pub fields: usize,
}

/// What is known after some bytes.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The file has not begun.
    NeedMore,
    /// The content of the file begins: [`Scanner::into_form`] has everything before it.
    AtFile {
        /// How many of the bytes just fed come before the content; the rest belongs to it.
        consumed: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// At the first byte, where the delimiter must stand.
    Opening,
    /// After a delimiter.
    Delimited,
    /// At a line of a part's head.
    Head,
    /// In a field's value.
    Value,
    /// At the content of the file.
    File,
    Refused(FormError),
}

impl Default for Limits {
    /// 64 KiB and 100 fields.
    fn default() -> Self {
        Self {
            bytes: 64 << 10,
            fields: 100,
        }
    }
}

impl Scanner {
    /// A scanner at the first byte of a body.
    pub fn new(boundary: Boundary<'_>, limits: Limits) -> Self {
        let delimiter = [b"--", boundary.as_str().as_bytes()].concat();
        Self {
            delimiter: Finder::new(&delimiter).into_owned(),
            limits,
            prefix: Prefix::default(),
            fields: Vec::new(),
            at: 0,
            searched: 0,
            state: State::Opening,
            part: Part::default(),
        }
    }

    /// Takes the next bytes of the body. Once the file began, takes none.
    ///
    /// # Errors
    /// The form is not one that every store reads alike, or it is over the limits. Says so again when fed again.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Progress, FormError> {
        if let State::Refused(error) = self.state {
            return Err(error);
        }
        if matches!(self.state, State::File) {
            return Ok(Progress::AtFile { consumed: 0 });
        }
        let before = self.buffered();
        let room = self.limits.bytes.saturating_sub(before);
        self.prefix.push(bytes.get(..room).unwrap_or(bytes));
        match self.scan() {
            Ok(true) => {
                self.prefix.truncate(self.at);
                let consumed = self.at.saturating_sub(before);
                Ok(Progress::AtFile { consumed })
            }
            Ok(false) if bytes.len() > room => self.refuse(FormError::TooLarge),
            Ok(false) => Ok(Progress::NeedMore),
            Err(error) => self.refuse(error),
        }
    }

    /// How many bytes are kept.
    pub fn buffered(&self) -> usize {
        self.prefix.as_bytes().len()
    }

    /// What was read, once the file began; also asked when the body has ended.
    ///
    /// # Errors
    /// The form was refused, or it ended before its file began (rulings, 19).
    pub fn into_form(self) -> Result<Form, FormError> {
        match self.state {
            State::File => Ok(Form {
                prefix: self.prefix,
                fields: self.fields,
            }),
            State::Refused(error) => Err(error),
            State::Opening | State::Delimited | State::Head | State::Value => Err(FormError::CutOff),
        }
    }

    fn refuse(&mut self, error: FormError) -> Result<Progress, FormError> {
        self.state = State::Refused(error);
        Err(error)
    }

    /// Reads as far as the bytes go; whether the file began.
    fn scan(&mut self) -> Result<bool, FormError> {
        loop {
            let went_on = match self.state {
                State::Opening => self.opening()?,
                State::Delimited => self.delimited()?,
                State::Head => self.line()?,
                State::Value => self.value()?,
                State::File => return Ok(true),
                State::Refused(error) => return Err(error),
            };
            if !went_on {
                return Ok(false);
            }
        }
    }

    /// The body begins with the delimiter: a preamble is refused (rulings, 19).
    fn opening(&mut self) -> Result<bool, FormError> {
        let bytes = self.prefix.as_bytes();
        let delimiter = self.delimiter.needle();
        let (seen, wanted) = match bytes.get(..delimiter.len()) {
            Some(seen) => (seen, delimiter),
            None => (bytes, delimiter.get(..bytes.len()).unwrap_or_default()),
        };
        if seen != wanted {
            return Err(FormError::Preamble);
        }
        if seen.len() < delimiter.len() {
            return Ok(false);
        }
        self.go(State::Delimited, delimiter.len());
        Ok(true)
    }

    /// A delimiter is followed by CRLF; some readers skip blanks there, some take them for content.
    fn delimited(&mut self) -> Result<bool, FormError> {
        match self.rest() {
            [b'\r', b'\n', ..] => {
                self.part = Part::default();
                self.go(State::Head, self.at + 2);
                Ok(true)
            }
            [b'-', b'-', ..] => Err(FormError::NoFile),
            [] | [b'\r' | b'-'] => Ok(false),
            _ => Err(FormError::Delimiter),
        }
    }

    /// A line of a part's head ends in CRLF, and has neither byte in it (rulings, 19).
    fn line(&mut self) -> Result<bool, FormError> {
        let bytes = self.prefix.as_bytes();
        let unsearched = bytes.get(self.searched..).unwrap_or_default();
        let Some(found) = memchr2(b'\r', b'\n', unsearched) else {
            self.searched = bytes.len();
            return Ok(false);
        };
        let end = self.searched + found;
        match bytes.get(end..).unwrap_or_default() {
            [b'\r', b'\n', ..] => {}
            [b'\r'] => {
                self.searched = end;
                return Ok(false);
            }
            _ => return Err(FormError::LineEnd),
        }
        let line = bytes.get(self.at..end).unwrap_or_default();
        if self.delimiter.find(line).is_some() {
            return Err(FormError::Delimiter);
        }
        if line.is_empty() {
            return self.head_ended(end + 2).map(|()| true);
        }
        self.part.line(line, self.at)?;
        self.go(State::Head, end + 2);
        Ok(true)
    }

    fn head_ended(&mut self, end: usize) -> Result<(), FormError> {
        let name = self.part.name()?;
        let name = self.prefix.get(&name).unwrap_or_default();
        if self.part.is_file(name)? {
            self.go(State::File, end);
        } else if self.fields.len() >= self.limits.fields {
            return Err(FormError::TooManyFields);
        } else {
            self.go(State::Value, end);
        }
        Ok(())
    }

    /// A value ends where CRLF and the delimiter follow. The delimiter's text anywhere else would end the value for
    /// some readers, after a bare line feed for example, and not for others.
    fn value(&mut self) -> Result<bool, FormError> {
        let bytes = self.prefix.as_bytes();
        let length = self.delimiter.needle().len();
        let Some(found) = self
            .delimiter
            .find(bytes.get(self.searched..).unwrap_or_default())
        else {
            self.searched = self.at.max((bytes.len() + 1).saturating_sub(length));
            return Ok(false);
        };
        let delimiter = self.searched + found;
        let value = bytes
            .get(self.at..delimiter)
            .and_then(|value| value.strip_suffix(b"\r\n"));
        let value = self.at..self.at + value.ok_or(FormError::Delimiter)?.len();
        self.part.check_length(value.len())?;
        let name = self.part.name()?;
        self.fields.push(Place { name, value });
        self.go(State::Delimited, delimiter + length);
        Ok(true)
    }

    /// The fields that were read so far, also of a form that was refused since.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        fields(&self.prefix, &self.fields)
    }

    fn rest(&self) -> &[u8] {
        self.prefix.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn go(&mut self, state: State, at: usize) {
        self.state = state;
        self.at = at;
        self.searched = at;
    }
}

impl fmt::Debug for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner")
            .field("state", &self.state)
            .field("buffered", &self.buffered())
            .finish_non_exhaustive()
    }
}
