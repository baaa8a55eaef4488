//! The body of an answer, as it streams. Polling it drives the whole exchange: the rest of the request goes up while
//! the answer comes down.

use super::{Shared, connection::Connection, decode::Piece, error::UpstreamError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

/// An answer's body. Dropped before its end, it closes the connection to upstream.
pub struct ResponseBody {
    connection: Option<Box<Connection>>,
    shared: Rc<Shared>,
    /// Why it broke off, while what came before is given a chance to reach the client.
    broken: Option<Box<UpstreamError>>,
}

impl ResponseBody {
    pub(super) fn new(connection: Box<Connection>, shared: Rc<Shared>) -> Self {
        let mut body = Self {
            connection: Some(connection),
            shared,
            broken: None,
        };
        body.end_if_complete();
        body
    }

    /// Whether an upload is under way that will not go on when this has ended.
    pub(in crate::proxy) fn cuts_upload(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| connection.cuts_upload())
    }

    /// Gives the connection back as soon as the last byte is here, not a poll later.
    fn end_if_complete(&mut self) {
        if let Some(connection) = self
            .connection
            .take_if(|connection| connection.body().has_ended())
        {
            self.shared.give_back(connection);
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if let Some(error) = self.broken.take() {
            self.connection = None;
            return Poll::Ready(Some(Err(*error)));
        }
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(None);
        };
        let piece = match ready!(connection.poll_body(cx)) {
            Ok(piece) => piece,
            Err(error) => {
                // hyper throws away what it has not written yet when a body fails: one turn for that.
                self.broken = Some(Box::new(error));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        };
        self.end_if_complete();
        Poll::Ready(piece.map(|piece| {
            Ok(match piece {
                Piece::Data(data) => Frame::data(data),
                Piece::Trailers(trailers) => Frame::trailers(trailers),
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.connection {
            None => SizeHint::with_exact(0),
            Some(connection) => connection
                .body()
                .left()
                .map(SizeHint::with_exact)
                .unwrap_or_default(),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("ended", &self.connection.is_none())
            .finish_non_exhaustive()
    }
}
