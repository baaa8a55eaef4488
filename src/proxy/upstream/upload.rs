//! The request's way upstream: its head, then its body as it comes.
//!
//! No more of the body is read than upstream takes. A body whose client waits for a 100 is not polled before one came
//! from upstream, or a second has passed since the head was sent (rulings, 27).

use super::{
    error::{Kind, UpstreamError},
    request_head::{Framing, Plan},
    stream::Stream,
};
use crate::{
    obs::trailer,
    proxy::{body::RequestBody, outgoing::Outgoing},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Version};
use http_body::Body as _;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

/// One request on its way.
#[derive(Default)]
pub(super) struct Upload {
    out: Outgoing,
    body: Option<Box<RequestBody>>,
    framing: Framing,
    trailers: Vec<HeaderName>,
    version: Version,
    state: State,
    polled: bool,
    /// Upstream does not take what is to be written.
    blocked: bool,
}

/// Who an upload that is under way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The client.
    ForClient,
    /// Upstream, which has taken something since the last time that was asked.
    ForUpstream { moved: bool },
}

#[derive(Debug, Default)]
enum State {
    /// The head waits a moment for the body's first bytes, so that one write takes both.
    Gathering,
    /// As fast as both sides can.
    Flowing,
    /// The client waits for a 100.
    Expecting(Option<Pin<Box<Sleep>>>),
    /// All of it was sent.
    Sent,
    /// The rest will not be sent: nobody wants it, or the connection is broken.
    #[default]
    Abandoned,
}

impl Upload {
    /// Begins with a written head; gives back a buffer to write the next one into.
    pub(super) fn begin(&mut self, head: Vec<u8>, plan: &Plan, body: Option<Box<RequestBody>>) -> Vec<u8> {
        self.framing = plan.framing;
        self.trailers.clone_from(&plan.trailers);
        self.version = plan.version;
        self.polled = false;
        self.body = body;
        self.state = match &self.body {
            None => State::Flowing,
            Some(body) if plan.expects_continue && !body.has_begun() => State::Expecting(None),
            Some(_) => State::Gathering,
        };
        self.out.begin(head)
    }

    pub(super) fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent)
    }

    /// Whether there is more to send, and somebody to send it to.
    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Sent | State::Abandoned)
    }

    /// The head and the body again, if nothing of the body was asked for yet.
    pub(super) fn take_untouched(&mut self) -> Option<(Vec<u8>, Option<Box<RequestBody>>)> {
        (!self.polled).then(|| (self.out.take_head(), self.body.take()))
    }

    /// Upstream asked for the body.
    pub(super) fn proceed(&mut self) {
        if matches!(self.state, State::Expecting(_)) {
            self.state = State::Flowing;
        }
    }

    /// The answer is there. A body that still waits for its 100, or has no way to go, is not wanted any more.
    pub(super) fn answered(&mut self) {
        if matches!(self.state, State::Expecting(_) | State::Abandoned) {
            self.state = State::Abandoned;
            self.body = None;
        }
    }

    /// The connection takes no more. What was not asked for yet may still go another way.
    pub(super) fn break_off(&mut self) {
        self.state = State::Abandoned;
        if self.polled {
            self.body = None;
        }
    }

    /// Whether not even a byte of the head has left.
    pub(super) fn is_unwritten(&self) -> bool {
        self.out.is_unwritten()
    }

    /// Who is waited for, after [`Self::poll`] was pending.
    pub(super) fn waiting(&mut self) -> Waiting {
        let moved = self.out.take_moved();
        if self.blocked {
            Waiting::ForUpstream { moved }
        } else {
            Waiting::ForClient
        }
    }

    /// Sends what can be sent. Ready when all of it was.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Stream,
    ) -> Poll<Result<(), UpstreamError>> {
        loop {
            let more = self.poll_gather(cx)?;
            if matches!(self.state, State::Gathering) {
                self.state = State::Flowing;
                if more.is_pending() {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            let written = self.out.poll_write(cx, stream);
            self.blocked = written.is_pending();
            ready!(written).map_err(|error| UpstreamError::with(Kind::Write, error))?;
            if self.body.is_none() {
                self.state = State::Sent;
                return Poll::Ready(Ok(()));
            }
            if let State::Expecting(timer) = &mut self.state {
                ready!(
                    timer
                        .get_or_insert_with(|| Box::pin(sleep(PATIENCE)))
                        .as_mut()
                        .poll(cx)
                );
                self.state = State::Flowing;
            } else {
                ready!(more);
            }
        }
    }

    /// Takes from the body what there is room for. Pending if it has nothing now.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), UpstreamError>> {
        while let Some(body) = &mut self.body
            && self.out.has_room()
            && !matches!(self.state, State::Expecting(_))
        {
            self.polled = true;
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.put_data(data)?,
                    Err(frame) => self.put_trailers(frame.into_trailers().unwrap_or_default())?,
                },
                Some(Err(error)) => return Poll::Ready(Err(UpstreamError::with(Kind::ClientBody, error))),
                // hyper takes a stream that its client reset without an error for one that has ended: what came of
                // the body is not all of it.
                None if self.version == Version::HTTP_2 && !body.is_end_stream() => {
                    return Poll::Ready(Err(UpstreamError::new(Kind::ClientBody)));
                }
                None => self.put_trailers(HeaderMap::new())?,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn put_data(&mut self, data: Bytes) -> Result<(), UpstreamError> {
        if data.is_empty() {
            return Ok(());
        }
        if let Framing::Length(left) = &mut self.framing {
            *left = left
                .checked_sub(data.len() as u64)
                .ok_or_else(|| UpstreamError::new(Kind::ClientBody))?;
            if *left == 0 {
                self.body = None;
            }
        }
        self.out.put_data(data, self.framing == Framing::Chunked);
        Ok(())
    }

    /// The end of the body, with the trailers that the head declared (rulings, 33).
    fn put_trailers(&mut self, mut trailers: HeaderMap) -> Result<(), UpstreamError> {
        self.body = None;
        match self.framing {
            // Trailers of HTTP/1 have passed the guard.
            _ if trailers.keys().any(is_forbidden) => Err(UpstreamError::new(Kind::BadRequest(
                "a trailer that no trailer may be",
            ))),
            Framing::Chunked => {
                let undeclared: Vec<_> = trailers
                    .keys()
                    .filter(|name| !self.trailers.contains(name))
                    .cloned()
                    .collect();
                for name in undeclared {
                    trailers.remove(name);
                }
                self.out.put_end(&trailers);
                Ok(())
            }
            Framing::None | Framing::Length(0) => Ok(()),
            Framing::Length(_) => Err(UpstreamError::new(Kind::ClientBody)),
        }
    }
}

/// Whether no trailer may have this name; some stores read `_` as `-` (rulings, 33).
fn is_forbidden(name: &HeaderName) -> bool {
    trailer::is_forbidden(name.as_str().replace('_', "-").as_bytes())
}

/// How long a client may wait for a 100 that upstream does not send.
const PATIENCE: Duration = Duration::from_secs(1);
