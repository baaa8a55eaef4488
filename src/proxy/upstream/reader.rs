//! Answers read from bytes alone, piece by piece, with the parts that a connection reads them with: what
//! [`Requests`](crate::proxy::guard::Requests) is for the way up, this is for the way down. It knows nothing of
//! sockets.

use super::{
    decode::{Decoder, Piece},
    lines::Lines,
    mould::Moulds,
    response_head::{self, ResponseHead},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use std::fmt;

/// The answer to one request, as its bytes arrive: any number of informational heads, the final head, its body.
pub struct AnswerReader {
    input: BytesMut,
    lines: Lines,
    moulds: Moulds,
    answers_head: bool,
    /// What follows the final head, once that is there.
    body: Option<Decoder>,
}

/// A part of an answer.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerPart {
    /// A head, without what speaks of this hop only.
    Head {
        /// Informational, or final.
        status: StatusCode,
        /// In order, with their values as they came.
        headers: HeaderMap,
        /// Whether the head lets the connection serve again.
        keep_alive: bool,
    },
    /// Bytes of the body.
    Data(Bytes),
    /// The fields behind a chunked body, if there are any.
    Trailers(HeaderMap),
}

impl AnswerReader {
    /// A reader at the first byte of an answer; `answers_head` is whether the request was a HEAD.
    pub fn new(answers_head: bool) -> Self {
        Self {
            input: BytesMut::new(),
            lines: Lines::default(),
            moulds: Moulds::default(),
            answers_head,
            body: None,
        }
    }

    /// A reader of another answer that knows the form of this one's head.
    #[must_use]
    pub fn another(self, answers_head: bool) -> Self {
        Self {
            moulds: self.moulds,
            ..Self::new(answers_head)
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// The next part; none if more bytes have to come first, or the answer has ended.
    ///
    /// # Errors
    /// Why two readers could cut these bytes differently. Nothing after that is an answer's.
    pub fn read(&mut self) -> Result<Option<AnswerPart>, &'static str> {
        if let Some(body) = &mut self.body {
            let piece = body.next(&mut self.input)?;
            return Ok(piece.map(|piece| match piece {
                Piece::Data(data) => AnswerPart::Data(data),
                Piece::Trailers(trailers) => AnswerPart::Trailers(trailers),
            }));
        }
        let Some(head) = self.lines.take(&mut self.input)? else {
            return Ok(None);
        };
        let parsed = response_head::parse(head, &self.lines, self.answers_head, &mut self.moulds);
        self.lines.clear();
        let ResponseHead {
            head,
            body,
            keep_alive,
        } = parsed?;
        self.body = (!head.status().is_informational()).then_some(body);
        Ok(Some(AnswerPart::Head {
            status: head.status(),
            headers: head.headers(),
            keep_alive,
        }))
    }

    /// The connection was closed: whether that leaves a whole answer.
    pub fn close(&mut self) -> bool {
        self.body.as_mut().is_some_and(Decoder::close)
    }

    /// Whether the answer has ended, whatever comes.
    pub fn has_ended(&self) -> bool {
        self.body.as_ref().is_some_and(Decoder::has_ended)
    }

    /// The bytes that no part has taken: once the answer has ended, these are not its own.
    pub fn rest(&self) -> &[u8] {
        &self.input
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for AnswerReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerReader")
            .field("input", &self.input.len())
            .finish_non_exhaustive()
    }
}

/// The same.
impl fmt::Debug for AnswerPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, status) = match self {
            Self::Head { status, .. } => ("Head", Some(status)),
            Self::Data(_) => ("Data", None),
            Self::Trailers(_) => ("Trailers", None),
        };
        f.debug_struct(part)
            .field("status", &status)
            .finish_non_exhaustive()
    }
}
