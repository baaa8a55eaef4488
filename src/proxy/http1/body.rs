//! The body of a request of HTTP/1, in the hands of whoever sends it on: nothing of it is read before it is asked for.

use super::reader::Reader;
use crate::proxy::body::BodyError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A body on loan: the connection goes on when this is dropped.
pub struct Loan(Rc<RefCell<Reader>>);

impl Loan {
    pub(super) fn of(reader: &Rc<RefCell<Reader>>) -> Self {
        reader.borrow_mut().lend();
        Self(Rc::clone(reader))
    }
}

impl Body for Loan {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.0.borrow_mut().poll_body(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.borrow().is_read()
    }

    fn size_hint(&self) -> SizeHint {
        self.0
            .borrow()
            .left()
            .map(SizeHint::with_exact)
            .unwrap_or_default()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // Nobody else has the reader, unless it is unwinding.
        if let Ok(mut reader) = self.0.try_borrow_mut() {
            reader.take_back();
        }
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}
