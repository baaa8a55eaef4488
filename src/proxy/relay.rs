//! The body of a store's answer on its way to the client: what was read ahead of it, then the rest as it comes, with
//! somebody reading along where it teaches.

use super::{
    lesson::Listener,
    upstream::{ResponseBody, UpstreamError},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// A body that is passed on byte for byte.
pub(super) struct Relay {
    ahead: VecDeque<Frame<Bytes>>,
    rest: ResponseBody,
    listener: Option<Box<Listener>>,
}

impl Relay {
    /// A body of which these bytes were read ahead.
    pub(super) fn new(
        ahead: VecDeque<Frame<Bytes>>,
        rest: ResponseBody,
        listener: Option<Box<Listener>>,
    ) -> Self {
        let mut relay = Self {
            ahead,
            rest,
            listener,
        };
        relay.end_if_whole();
        relay
    }

    /// Whether its end ends an upload that is under way.
    pub(super) fn cuts_upload(&self) -> bool {
        self.rest.cuts_upload()
    }

    /// Tells the listener as soon as the last byte is here: nobody polls for an end that is known.
    fn end_if_whole(&mut self) {
        if self.is_end_stream()
            && let Some(listener) = self.listener.take()
        {
            listener.end();
        }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if let Some(frame) = self.ahead.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let frame = ready!(Pin::new(&mut self.rest).poll_frame(cx));
        if let (Some(Ok(frame)), Some(listener)) = (&frame, &mut self.listener)
            && let Some(data) = frame.data_ref()
        {
            listener.hear(data);
        }
        if !matches!(frame, Some(Err(_))) {
            self.end_if_whole();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead: u64 = self
            .ahead
            .iter()
            .filter_map(|frame| Some(frame.data_ref()?.len() as u64))
            .sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        // Trailers go with chunks alone, which a length that is known would replace.
        let trailers = self.ahead.iter().any(Frame::is_trailers);
        if let Some(upper) = rest.upper().filter(|_| !trailers) {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("ahead", &self.ahead.len())
            .finish_non_exhaustive()
    }
}
