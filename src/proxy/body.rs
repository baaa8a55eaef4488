//! A request body on its way upstream: what was read ahead of the decision, then the rest as it comes.

use super::intake::Intake;
use crate::obs::xml::{Document, DocumentPrefix, Fault};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

/// A request body. Nothing of it is read before it is polled.
pub struct RequestBody {
    prefix: Bytes,
    begun: bool,
    /// Nothing where there is no client.
    rest: Option<Incoming>,
    intake: Intake,
    copy: Option<Transcript>,
}

/// What a body said, up to a bound, for whoever reads it when the answer has come.
#[derive(Clone, Debug)]
pub struct Transcript(Rc<RefCell<DocumentPrefix>>);

impl RequestBody {
    /// A body of which nothing was read.
    pub fn new(rest: Incoming) -> Self {
        Self {
            prefix: Bytes::new(),
            begun: false,
            rest: Some(rest),
            intake: Intake::default(),
            copy: None,
        }
    }

    /// The body of a request that has none, and no client.
    pub fn empty() -> Self {
        Self {
            prefix: Bytes::new(),
            begun: true,
            rest: None,
            intake: Intake::default(),
            copy: None,
        }
    }

    /// A body whose first bytes were read already; they are sent first, byte for byte.
    pub fn with_prefix(prefix: Bytes, rest: Incoming) -> Self {
        Self {
            prefix,
            begun: true,
            rest: Some(rest),
            intake: Intake::default(),
            copy: None,
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
        self.0.borrow().finish()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.begun = true;
        if !self.prefix.is_empty() {
            let prefix = std::mem::take(&mut self.prefix);
            return Poll::Ready(Some(Ok(Frame::data(prefix))));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(rest).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(copy), Some(data)) = (&self.copy, frame.data_ref()) {
                    copy.0.borrow_mut().push(data);
                }
                self.intake.took(frame.data_ref().map_or(0, Bytes::len));
            }
            Some(Err(_)) => {}
            None => self.intake.finished(),
        }
        if self.rest.as_ref().is_some_and(Body::is_end_stream) {
            self.intake.finished();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.prefix.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let prefix = self.prefix.len() as u64;
        let rest = self
            .rest
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(prefix));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(prefix));
        }
        hint
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.intake.account().let_go();
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
