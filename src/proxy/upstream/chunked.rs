//! The chunked transfer coding (RFC 9112 §7.1), without any of the leniency that makes two readers disagree: CR LF
//! ends every line, a size is hexadecimal digits and nothing else.

use super::{lines::Lines, trailers::parse_trailers};
use bytes::{Buf, BytesMut};
use http::{HeaderMap, HeaderName};

/// The framing of one body.
pub(super) struct Chunked {
    state: State,
    left: u64,
    digits: u8,
    extensions: usize,
    lines: Lines,
    /// The trailers that may follow, and those that did.
    announced: Vec<HeaderName>,
    trailers: Option<HeaderMap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size,
    Extension,
    SizeLf,
    Data,
    DataLf,
    Trailers,
    Ended,
    Broken(&'static str),
}

impl Chunked {
    /// One that has not begun.
    pub(super) fn new(announced: Vec<HeaderName>) -> Self {
        Self {
            state: State::Size,
            left: 0,
            digits: 0,
            extensions: 0,
            lines: Lines::default(),
            announced,
            trailers: None,
        }
    }

    /// Reads framing up to the next data, or to the end. A fault is found once and stays.
    pub(super) fn advance(&mut self, input: &mut BytesMut) -> Result<(), &'static str> {
        if let State::Broken(why) = self.state {
            return Err(why);
        }
        let read = self.read(input);
        if let Err(why) = read {
            self.state = State::Broken(why);
        }
        read
    }

    /// How many bytes of data come next.
    pub(super) fn left(&mut self) -> &mut u64 {
        &mut self.left
    }

    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Whether everything was taken, the trailers too.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended && self.trailers.is_none()
    }

    fn read(&mut self, input: &mut BytesMut) -> Result<(), &'static str> {
        let mut used = 0;
        for byte in input.iter() {
            if matches!(self.state, State::Trailers | State::Ended)
                || (self.state == State::Data && self.left > 0)
            {
                break;
            }
            self.state = self.step(*byte)?;
            used += 1;
        }
        input.advance(used);
        if self.state == State::Trailers
            && let Some(block) = self.lines.take(input)?
        {
            if block.len() > EMPTY_LINE {
                let trailers = parse_trailers(&block, &self.lines, &self.announced)?;
                self.trailers = Some(trailers).filter(|trailers| !trailers.is_empty());
            }
            self.state = State::Ended;
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        Ok(match (self.state, byte) {
            (State::Size, b'\r') if self.digits > 0 => State::SizeLf,
            (State::Size, b';') if self.digits > 0 => State::Extension,
            (State::Size, digit) => {
                let digit = char::from(digit)
                    .to_digit(16)
                    .ok_or("a chunk size that is none")?;
                if self.digits == MAX_DIGITS {
                    return Err("a chunk size of more than 16 digits");
                }
                self.digits += 1;
                self.left = self.left << 4 | u64::from(digit);
                State::Size
            }
            (State::Extension, b'\r') => State::SizeLf,
            (State::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                self.extensions += 1;
                if self.extensions > MAX_EXTENSIONS {
                    return Err("more chunk extensions than 16 KiB");
                }
                State::Extension
            }
            (State::SizeLf, b'\n') => {
                self.digits = 0;
                if self.left == 0 {
                    State::Trailers
                } else {
                    State::Data
                }
            }
            (State::Data, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            _ => return Err("a chunk that does not end where it says"),
        })
    }
}

const MAX_DIGITS: u8 = 16;
const MAX_EXTENSIONS: usize = 16 * 1024;
const EMPTY_LINE: usize = 2;
