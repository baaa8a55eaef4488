//! One connection to upstream, and the exchange that runs over it: driven by whoever polls it, request and answer at
//! once.

use super::{
    decode::{Decoder, Piece},
    error::{Kind, UpstreamError},
    lines::Lines,
    mould::Moulds,
    request_head::Plan,
    response_head::{self, ResponseHead},
    stream::{Care, Stream},
    upload::{self, Upload},
};
use crate::proxy::{
    body::RequestBody,
    message::{MOST, grown, make_room},
    sweep::{Tick, Watch},
};
use bytes::BytesMut;
use http::StatusCode;
use std::{
    cell::RefCell,
    fmt,
    task::{Context, Poll, ready},
};

/// How long upstream is waited for during an exchange.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waits {
    /// For the answer's head, from when the request was sent.
    pub(super) head: Tick,
    /// For it to take something of the request.
    pub(super) write: Tick,
    /// For the next bytes of the answer's body.
    pub(super) body: Tick,
    /// For an answer when it has broken the request off.
    pub(super) last_words: Tick,
}

/// What upstream is waited for, and the watch is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Write,
    Head,
    Body,
    LastWords,
}

pub(super) struct Connection {
    stream: Stream,
    watch: Watch,
    input: BytesMut,
    upload: Upload,
    /// Why the upload broke off, until it turns out whether there is an answer all the same.
    broken: Option<UpstreamError>,
    lines: Lines,
    is_head: bool,
    waits: Waits,
    waiting: Option<Waiting>,
    informational: u8,
    /// Something of the answer has arrived.
    answered: bool,
    /// No head of the answer, informational ones too, speaks against another exchange.
    keep_alive: bool,
    body: Decoder,
    /// How much the next read asks for.
    appetite: usize,
}

impl Connection {
    pub(super) fn new(stream: Stream, watch: Watch) -> Self {
        Self {
            stream,
            watch,
            input: BytesMut::with_capacity(APPETITE),
            upload: Upload::default(),
            broken: None,
            lines: Lines::default(),
            is_head: false,
            waits: Waits::default(),
            waiting: None,
            informational: 0,
            answered: false,
            keep_alive: true,
            body: Decoder::empty(),
            appetite: APPETITE,
        }
    }

    /// Begins an exchange: `head` is the written head. Gives back a buffer to write the next head into.
    pub(super) fn begin(
        &mut self,
        head: Vec<u8>,
        plan: &Plan,
        body: Option<Box<RequestBody>>,
        waits: Waits,
    ) -> Vec<u8> {
        self.is_head = plan.is_head;
        self.waits = waits;
        self.waiting = None;
        self.lines.clear();
        self.informational = 0;
        self.answered = false;
        self.keep_alive = true;
        self.appetite = APPETITE;
        self.upload.begin(head, plan, body)
    }

    /// Whether an idle connection is still good for a request.
    pub(super) fn is_quiet(&mut self, care: Care) -> bool {
        self.stream.is_quiet(care)
    }

    /// What was to be sent, if it can be sent again elsewhere: nothing of an answer came, nothing of the body was
    /// taken (rulings, 30), and upstream cannot have acted on it or may act twice.
    pub(super) fn take_unanswered(
        &mut self,
        idempotent: bool,
    ) -> Option<(Vec<u8>, Option<Box<RequestBody>>)> {
        if self.answered || !(idempotent || self.upload.is_unwritten()) {
            return None;
        }
        self.upload.take_untouched()
    }

    /// Drives the exchange up to the head of the final answer.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        moulds: &RefCell<Moulds>,
    ) -> Poll<Result<ResponseHead, UpstreamError>> {
        loop {
            self.poll_upload(cx)?;
            if let Some(head) = self.take_head(&mut moulds.borrow_mut())? {
                let status = head.head.status();
                if status.is_informational() {
                    self.informed(status)?;
                    self.keep_alive &= head.keep_alive;
                    continue;
                }
                self.waiting = None;
                self.broken = None;
                self.upload.answered();
                self.keep_alive &= head.keep_alive;
                return Poll::Ready(Ok(head));
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.closed(None))),
                Poll::Ready(Ok(_)) => self.answered = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.closed(Some(error)))),
                Poll::Pending => {
                    if self.waiting.is_none() && !self.upload.is_under_way() {
                        self.wait_for(Waiting::Head);
                    }
                    return Poll::Ready(Err(ready!(self.poll_late(cx))));
                }
            }
        }
    }

    /// What follows the head that [`Self::poll_head`] gave.
    pub(super) fn expect_body(&mut self, body: Decoder) {
        if let Some(left) = body.left() {
            let left = usize::try_from(left).unwrap_or(MOST);
            self.appetite = left.clamp(APPETITE, MOST);
        }
        self.body = body;
    }

    /// Drives the exchange up to the next piece of the answer's body; none at its end.
    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Piece>, UpstreamError>> {
        loop {
            self.poll_upload(cx)?;
            let piece = self
                .body
                .next(&mut self.input)
                .map_err(|why| UpstreamError::new(Kind::BadResponse(why)))?;
            if piece.is_some() || self.body.has_ended() {
                return Poll::Ready(Ok(piece));
            }
            match self.poll_read(cx) {
                Poll::Ready(Ok(0)) if self.body.close() => {}
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(UpstreamError::new(Kind::BodyBroken))),
                Poll::Ready(Ok(_)) => self.waiting = None,
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(Err(UpstreamError::with(Kind::BodyBroken, error)));
                }
                Poll::Pending => {
                    if self.waiting != Some(Waiting::Body) && !self.upload.is_under_way() {
                        self.wait_for(Waiting::Body);
                    }
                    return Poll::Ready(Err(ready!(self.poll_late(cx))));
                }
            }
        }
    }

    pub(super) fn body(&self) -> &Decoder {
        &self.body
    }

    /// Whether the rest of an upload will not be sent once the answer has ended.
    pub(super) fn cuts_upload(&self) -> bool {
        !self.keep_alive && self.upload.is_under_way()
    }

    /// What becomes of the connection after the answer's end.
    pub(super) fn outlook(&self) -> Outlook {
        if !self.keep_alive || !self.body.has_ended() || !self.input.is_empty() {
            Outlook::Close
        } else if self.upload.is_sent() {
            Outlook::Keep
        } else if self.upload.is_under_way() {
            Outlook::Finish
        } else {
            Outlook::Close
        }
    }

    /// Drives the rest of an upload whose answer has ended. True if the connection is good for another request.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.stream.poll_disturbed(cx).is_ready() {
            return Poll::Ready(false);
        }
        if let Poll::Ready(sent) = self.upload.poll(cx, &mut self.stream) {
            return Poll::Ready(sent.is_ok());
        }
        self.wait_for_upload();
        self.poll_late(cx).map(|_| false)
    }

    /// Lets go of what only large bodies need.
    pub(super) fn rest(&mut self) {
        self.watch.clear();
        if self.appetite > APPETITE {
            self.input = BytesMut::new();
        }
    }

    /// Sends on. A client at fault ends the exchange; upstream at fault may still have an answer on its way, which
    /// is worth a while.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<(), UpstreamError> {
        if !self.upload.is_under_way() {
            return Ok(());
        }
        match self.upload.poll(cx, &mut self.stream) {
            Poll::Pending => self.wait_for_upload(),
            Poll::Ready(Ok(())) => self.waiting = None,
            Poll::Ready(Err(error)) if error.is_clients() => return Err(error),
            Poll::Ready(Err(error)) => {
                self.broken = Some(error);
                self.upload.break_off();
                self.wait_for(Waiting::LastWords);
            }
        }
        Ok(())
    }

    /// Has no patience with upstream while it does not take the request. While the client is waited for, it is not
    /// upstream's time that passes, even if an early answer pauses.
    fn wait_for_upload(&mut self) {
        match self.upload.waiting() {
            upload::Waiting::ForClient => self.waiting = None,
            upload::Waiting::ForUpstream { moved } => {
                if moved || self.waiting != Some(Waiting::Write) {
                    self.wait_for(Waiting::Write);
                }
            }
        }
    }

    fn wait_for(&mut self, what: Waiting) {
        self.waiting = Some(what);
        self.watch.set(match what {
            Waiting::Write => self.waits.write,
            Waiting::Head => self.waits.head,
            Waiting::Body => self.waits.body,
            Waiting::LastWords => self.waits.last_words,
        });
    }

    /// Ready when upstream has been waited for for too long.
    fn poll_late(&mut self, cx: &Context<'_>) -> Poll<UpstreamError> {
        let Some(waiting) = self.waiting else {
            return Poll::Pending;
        };
        ready!(self.watch.poll(cx));
        let kind = match waiting {
            Waiting::Write => Kind::WriteTimeout,
            Waiting::Head | Waiting::LastWords => Kind::ResponseHeadTimeout,
            Waiting::Body => Kind::BodyTimeout,
        };
        Poll::Ready(self.broken.take().unwrap_or_else(|| UpstreamError::new(kind)))
    }

    fn take_head(&mut self, moulds: &mut Moulds) -> Result<Option<ResponseHead>, UpstreamError> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let bad = |why| UpstreamError::new(Kind::BadResponse(why));
        let Some(head) = self.lines.take(&mut self.input).map_err(bad)? else {
            return Ok(None);
        };
        let parsed = response_head::parse(head, &self.lines, self.is_head, moulds);
        self.lines.clear();
        parsed.map(Some).map_err(bad)
    }

    /// A 100 lets the body go; the others are the business of nobody (rulings, 27).
    fn informed(&mut self, status: StatusCode) -> Result<(), UpstreamError> {
        let bad = |why| Err(UpstreamError::new(Kind::BadResponse(why)));
        self.informational += 1;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return bad("a switch of protocols nobody asked for");
        }
        if self.informational > MAX_INFORMATIONAL {
            return bad("more than 8 informational answers");
        }
        if status == StatusCode::CONTINUE {
            self.upload.proceed();
        }
        Ok(())
    }

    /// Why there is no answer: the first thing that went wrong.
    fn closed(&mut self, error: Option<std::io::Error>) -> UpstreamError {
        match (self.broken.take(), error) {
            (Some(broken), _) => broken,
            (None, Some(error)) => UpstreamError::with(Kind::Closed, error),
            (None, None) => UpstreamError::new(Kind::Closed),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        make_room(&mut self.input, self.appetite, LEAST_ROOM);
        let room = self.input.capacity() - self.input.len();
        let read = ready!(self.stream.poll_read(cx, &mut self.input))?;
        if read == room {
            self.appetite = grown(self.appetite);
        }
        Poll::Ready(Ok(read))
    }
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Good for another request.
    Keep,
    /// The same, once the rest of the request has been sent.
    Finish,
    /// Good for nothing.
    Close,
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("answered", &self.answered)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

const MAX_INFORMATIONAL: u8 = 8;
/// What a read asks for at first: a head and a small body.
const APPETITE: usize = 16 * 1024;
const LEAST_ROOM: usize = 8 * 1024;
