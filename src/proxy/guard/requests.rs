//! The requests of a connection as a machine that knows bytes alone: head, body, and the end between two requests.

use super::{
    Violation,
    body::Chunked,
    head::{Framing, Head},
};

/// How large the parts of a request may be that hyper holds in memory, in bytes unless said otherwise.
///
/// hyper has limits of its own: give it a `max_header_size` no smaller than `head`. It takes 100 headers, 16 KiB of
/// chunk extensions and as much of trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The request line and headers with the empty line after them.
    pub head: usize,
    /// How many headers, and how many trailers.
    pub fields: usize,
    /// The target in the request line.
    pub target: usize,
    /// The extensions of all chunks of a body.
    pub chunk_extensions: usize,
    /// The trailers of a body.
    pub trailers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            fields: 100,
            target: 16 * 1024,
            chunk_extensions: 4 * 1024,
            trailers: 8 * 1024,
        }
    }
}

/// The requests of one connection, in the order of their bytes.
#[derive(Debug)]
pub struct Requests {
    limits: Limits,
    at: At,
}

#[derive(Debug)]
enum At {
    Head(Head),
    Length(u64),
    Chunked(Chunked),
    End,
    Violated(Violation),
}

/// What a look at some bytes has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Inspected {
    /// How many bytes from the front are in order and may be passed on. The caller shows the others again, with what
    /// comes after them.
    pub released: usize,
    /// How it goes on.
    pub progress: Progress,
}

/// How it goes on after a look at some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are wanted.
    Wanting,
    /// The request has ended with the last byte released. [`Requests::next`] begins another.
    Ended,
    /// The byte after the last one released, or the head that begins there, must not be passed on. Nothing after it is
    /// ever looked at.
    Violated(Violation),
}

impl Requests {
    /// Begins with the first request of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            at: At::Head(Head::default()),
        }
    }

    /// Looks at the bytes after those released so far.
    pub fn inspect(&mut self, bytes: &[u8]) -> Inspected {
        let mut released = 0;
        loop {
            let rest = bytes.get(released..).unwrap_or_default();
            let progress = match &mut self.at {
                At::Head(head) => match head.read(rest, &self.limits) {
                    Ok(None) => Progress::Wanting,
                    Ok(Some((length, framing))) => {
                        released += length;
                        match framing {
                            Framing::Length(length) => self.at = At::Length(length),
                            Framing::Chunked => self.at = At::Chunked(Chunked::new()),
                            Framing::None => {
                                self.at = At::End;
                                let progress = Progress::Ended;
                                return Inspected { released, progress };
                            }
                        }
                        continue;
                    }
                    Err(violation) => self.violated(violation),
                },
                At::Length(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    released += taken;
                    *left -= taken as u64;
                    if *left == 0 {
                        self.at = At::End;
                        Progress::Ended
                    } else {
                        Progress::Wanting
                    }
                }
                At::Chunked(body) => {
                    let (taken, violation) = body.read(rest, &self.limits);
                    released += taken;
                    match violation {
                        Some(violation) => self.violated(violation),
                        None if body.is_ended() => {
                            self.at = At::End;
                            Progress::Ended
                        }
                        None => Progress::Wanting,
                    }
                }
                At::End => Progress::Ended,
                At::Violated(violation) => Progress::Violated(*violation),
            };
            return Inspected { released, progress };
        }
    }

    /// Whether the next byte belongs to a head.
    pub fn is_at_head(&self) -> bool {
        matches!(self.at, At::Head(_))
    }

    /// Whether the next byte belongs to a body.
    pub fn is_in_body(&self) -> bool {
        matches!(self.at, At::Length(_) | At::Chunked(_))
    }

    /// Whether a request has ended and the next not begun.
    pub fn is_ended(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Begins the next request, after one has ended.
    pub fn next(&mut self) {
        if self.is_ended() {
            self.at = At::Head(Head::default());
        }
    }

    fn violated(&mut self, violation: Violation) -> Progress {
        self.at = At::Violated(violation);
        Progress::Violated(violation)
    }
}
