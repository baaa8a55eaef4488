//! The requests of a connection as a machine that knows bytes alone: head, body, and the end between two requests.

use super::{
    Layout, Violation,
    body::Chunked,
    head::{Framing, Head},
};
use http::HeaderMap;
use std::fmt;

/// How large the parts of a request may be, in bytes unless said otherwise.
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
pub struct Requests {
    limits: Limits,
    at: At,
    /// Of the last head.
    layout: Layout,
    /// Of the last body.
    trailers: Option<Box<HeaderMap>>,
}

#[derive(Debug)]
enum At {
    Head(Head),
    Length(u64),
    Chunked(Chunked),
    End,
    Violated(Violation),
}

/// What a look at some bytes has shown: one step of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Inspected {
    /// How many bytes from the front are in order. The caller shows the others again, with what comes after them.
    pub released: usize,
    /// How many of them, the last ones, are data of the body. What is before them only frames it.
    pub data: usize,
    /// How it goes on.
    pub progress: Progress,
}

/// How it goes on after a look at some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are wanted.
    Wanting,
    /// What was released is a whole head; [`Requests::layout`] says what is in it.
    Head,
    /// There is data.
    Data,
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
            layout: Layout::default(),
            trailers: None,
        }
    }

    /// Looks at the bytes after those released so far, and takes one step.
    pub fn inspect(&mut self, bytes: &[u8]) -> Inspected {
        let mut inspected = Inspected {
            released: 0,
            data: 0,
            progress: Progress::Wanting,
        };
        match &mut self.at {
            At::Head(head) => match head.read(bytes, &self.limits, &mut self.layout) {
                Ok(None) => {}
                Ok(Some((length, framing))) => {
                    inspected.released = length;
                    inspected.progress = Progress::Head;
                    self.at = match framing {
                        Framing::Length(length) => At::Length(length),
                        Framing::Chunked => At::Chunked(Chunked::new()),
                        Framing::None => At::End,
                    };
                }
                Err(violation) => inspected.progress = self.violated(violation),
            },
            At::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                (inspected.released, inspected.data) = (taken, taken);
                if taken > 0 {
                    inspected.progress = Progress::Data;
                }
                if *left == 0 {
                    self.at = At::End;
                }
            }
            At::Chunked(body) => {
                let (framing, violation) = body.read(bytes, &self.limits);
                inspected.data = body.take(bytes.len() - framing);
                inspected.released = framing + inspected.data;
                if let Some(violation) = violation {
                    inspected.progress = self.violated(violation);
                } else if inspected.data > 0 {
                    inspected.progress = Progress::Data;
                } else if body.is_ended() {
                    inspected.progress = Progress::Ended;
                    self.trailers = body.take_trailers();
                    self.at = At::End;
                }
            }
            At::End => inspected.progress = Progress::Ended,
            At::Violated(violation) => inspected.progress = Progress::Violated(*violation),
        }
        inspected
    }

    /// What is where in the last head that was whole.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The trailers of the last body, if it had any. Answered once.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take().map(|trailers| *trailers)
    }

    /// Whether the last body has trailers that nobody has taken.
    pub fn has_trailers(&self) -> bool {
        self.trailers.is_some()
    }

    /// How much is left of the body, where that is known.
    pub fn left(&self) -> Option<u64> {
        match &self.at {
            At::Length(left) => Some(*left),
            At::Chunked(_) => None,
            At::Head(_) | At::End | At::Violated(_) => Some(0),
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

    /// Whether something was wrong: nothing more is looked at.
    pub fn is_violated(&self) -> bool {
        matches!(self.at, At::Violated(_))
    }

    /// Begins the next request, after one has ended.
    pub fn next(&mut self) {
        if self.is_ended() {
            self.at = At::Head(Head::default());
            self.trailers = None;
        }
    }

    fn violated(&mut self, violation: Violation) -> Progress {
        self.at = At::Violated(violation);
        Progress::Violated(violation)
    }
}

/// Without trailers: they may hold secrets.
impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
