//! A request body on its way upstream: what was read ahead of the decision, then the rest as it comes.

use super::{guard::Violation, http1::Loan, http2::Deadline, intake::Intake};
use crate::obs::xml::{Document, DocumentPrefix, Fault};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    cell::RefCell,
    fmt, io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A request body. Nothing of it is read before it is polled.
pub struct RequestBody {
    prefix: Bytes,
    begun: bool,
    rest: ClientBody,
    intake: Intake,
    copy: Option<Transcript>,
    /// How long the client may take, where the guard does not see to that.
    deadline: Option<Box<Deadline>>,
}

/// The body of a client's request as it comes.
#[derive(Default)]
pub enum ClientBody {
    /// There is none.
    #[default]
    None,
    /// From a connection of the gate's own.
    Http1(Loan),
    /// From hyper, which reads HTTP/2.
    Http2(Incoming),
}

/// Why no more of a body comes.
#[derive(Debug)]
pub enum BodyError {
    /// The client broke off, or what it sent is not in order.
    Broken(io::Error),
    /// The client took too long.
    Late(Violation),
}

/// What a body said, up to a bound, for whoever reads it when the answer has come.
#[derive(Clone, Debug)]
pub struct Transcript(Rc<RefCell<DocumentPrefix>>);

impl RequestBody {
    /// A body of which nothing was read.
    pub fn new(rest: impl Into<ClientBody>) -> Self {
        Self {
            prefix: Bytes::new(),
            begun: false,
            rest: rest.into(),
            intake: Intake::default(),
            copy: None,
            deadline: None,
        }
    }

    /// The body of a request that has none, and no client.
    pub fn empty() -> Self {
        Self {
            prefix: Bytes::new(),
            begun: true,
            rest: ClientBody::None,
            intake: Intake::default(),
            copy: None,
            deadline: None,
        }
    }

    /// A body whose first bytes were read already; they are sent first, byte for byte.
    pub fn with_prefix(prefix: Bytes, rest: impl Into<ClientBody>) -> Self {
        Self {
            prefix,
            begun: true,
            rest: rest.into(),
            intake: Intake::default(),
            copy: None,
            deadline: None,
        }
    }

    /// The same body, which notes in `intake` how far it was read.
    #[must_use]
    pub fn noted_in(mut self, intake: Intake) -> Self {
        self.intake = intake;
        self
    }

    /// The same body, which leaves a copy of its first bytes behind.
    #[must_use]
    pub fn copied_to(mut self, copy: Transcript) -> Self {
        self.copy = Some(copy);
        self
    }

    /// The same body, which has to come in time.
    #[must_use]
    pub(super) fn within(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(Box::new(deadline));
        self
    }

    /// Whether its reading has begun: the client got its 100, if it waits for one.
    pub fn has_begun(&self) -> bool {
        self.begun
    }
}

impl Transcript {
    /// An empty one, of so many bytes at most.
    pub fn new(limit: usize) -> Self {
        Self(Rc::new(RefCell::new(DocumentPrefix::new(limit))))
    }

    /// What was copied.
    ///
    /// # Errors
    /// It is no document, or not a whole one.
    pub fn document(&self) -> Result<Document, Fault> {
        self.0.borrow().finish_alone()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.begun = true;
        if !self.prefix.is_empty() {
            let prefix = std::mem::take(&mut self.prefix);
            return Poll::Ready(Some(Ok(Frame::data(prefix))));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.rest).poll_frame(cx) else {
            let Some(deadline) = &mut self.deadline else {
                return Poll::Pending;
            };
            return deadline
                .poll_late(cx)
                .map(|late| Some(Err(BodyError::Late(late))));
        };
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(copy), Some(data)) = (&self.copy, frame.data_ref()) {
                    copy.0.borrow_mut().push(data);
                }
                let came = frame.data_ref().map_or(0, Bytes::len);
                self.intake.took(came);
                if let Some(deadline) = &mut self.deadline {
                    deadline.came(came);
                }
            }
            Some(Err(_)) => {}
            None => self.intake.finished(),
        }
        if self.rest.is_end_stream() {
            self.intake.finished();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.prefix.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let prefix = self.prefix.len() as u64;
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(prefix));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(prefix));
        }
        hint
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::None => Poll::Ready(None),
            Self::Http1(body) => Pin::new(body).poll_frame(cx),
            Self::Http2(body) => {
                let broken = |error| BodyError::Broken(io::Error::other(error));
                Pin::new(body)
                    .poll_frame(cx)
                    .map(|frame| frame.map(|frame| frame.map_err(broken)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
        }
    }
}

impl From<Incoming> for ClientBody {
    fn from(body: Incoming) -> Self {
        Self::Http2(body)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(f),
            Self::Late(violation) => violation.fmt(f),
        }
    }
}

impl std::error::Error for BodyError {}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.intake.account().let_go();
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for ClientBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBody").finish_non_exhaustive()
    }
}

/// Without the bytes: a form's may be a customer key.
impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("prefix", &self.prefix.len())
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}
