//! What comes from a client of HTTP/1: its requests, one at a time and through the guard, their bodies as somebody asks
//! for them, and the end.
//!
//! A connection that waits for a request holds no buffer: it reads into one that all connections of the worker share,
//! and keeps what it has to. While somebody waits for an answer it reads a little further than it is asked to, for a
//! client that is gone shows only so.

use super::{scratch::Scratch, stream::Stream};
use crate::proxy::{
    body::BodyError,
    guard::{Awaited, Expired, Layout, Limits, Patience, Progress, Requests, Verdict, Violation},
    intake::Intake,
    linger::Lingering,
    message::{MOST, grown, make_room},
    outgoing::Outgoing,
};
use bytes::{Buf as _, Bytes, BytesMut};
use http_body::Frame;
use std::{
    fmt, io, mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};

/// A client's connection, for whoever reads its requests and writes their answers.
pub(in crate::proxy) struct Reader {
    stream: Lingering,
    requests: Requests,
    patience: Patience,
    verdict: Verdict,
    intake: Intake,
    scratch: Scratch,
    /// What was read and is not used yet: a head in pieces, a part of a body, or requests before their turn.
    held: BytesMut,
    /// What a read of a body asks for.
    appetite: usize,
    /// What is left of the 100 that the client waits for.
    interim: &'static [u8],
    /// Somebody has the body, and reads it when there is need.
    lent: bool,
    waiting: Option<Waker>,
}

/// What comes next of a client.
pub(super) enum Next {
    /// The head of a request; the reader has its layout.
    Head(Bytes),
    /// A request that is refused, whatever it is. Nothing behind it is read.
    Refused(Violation),
    /// No more.
    End(io::Result<()>),
}

impl Reader {
    pub(super) fn new(
        stream: Stream,
        limits: Limits,
        patience: Patience,
        (verdict, intake): (Verdict, Intake),
        scratch: Scratch,
    ) -> Self {
        Self {
            stream: Lingering::new(stream, intake.clone()),
            requests: Requests::new(limits),
            patience,
            verdict,
            intake,
            scratch,
            held: BytesMut::new(),
            appetite: LEAST,
            interim: b"",
            lent: false,
            waiting: None,
        }
    }

    /// Waits for the next request, after the one before has ended.
    pub(super) fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        self.requests.next();
        if let Some(next) = self.look() {
            return Poll::Ready(next);
        }
        let scratch = self.scratch.clone();
        let mut scratch = scratch.read();
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Next::End(Ok(()))),
                Poll::Ready(Ok(())) => {
                    if let Some(next) = self.came(buffer.filled()) {
                        return Poll::Ready(next);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Next::End(Err(error))),
                Poll::Pending => {
                    let awaited = if self.held.is_empty() {
                        Awaited::Request
                    } else {
                        Awaited::Head
                    };
                    return match ready!(self.patience.poll_expired(awaited, cx)) {
                        Expired::Unused => Poll::Ready(Next::End(Ok(()))),
                        Expired::Late(violation) => Poll::Ready(self.refused(violation)),
                    };
                }
            }
        }
    }

    /// Whether nothing of a next request is there.
    pub(super) fn is_idle(&self) -> bool {
        self.held.is_empty()
    }

    /// What is where in the head that came last.
    pub(super) fn layout(&self) -> &Layout {
        self.requests.layout()
    }

    /// Whether a body follows that head.
    pub(super) fn has_body(&self) -> bool {
        self.requests.is_in_body()
    }

    /// Whether a body has been read to its end, trailers and all.
    pub(super) fn is_read(&self) -> bool {
        self.requests.is_ended() && !self.requests.has_trailers()
    }

    /// How much is left of the body, where that is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.requests.left()
    }

    /// Lends the body out, to be given back by [`take_back`](Self::take_back).
    pub(super) fn lend(&mut self) {
        self.lent = true;
        if self.requests.layout().awaits_continue() {
            self.interim = CONTINUE;
        }
        self.appetite = if self.left().is_some() { MOST } else { UNKNOWN };
    }

    /// Whether somebody has the body.
    pub(super) fn is_lent(&self) -> bool {
        self.lent
    }

    pub(super) fn take_back(&mut self) {
        self.lent = false;
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    /// Ready when nobody reads the body any more. What has come of it meanwhile is thrown away; true if that was the
    /// rest of it.
    pub(super) fn poll_settled(&mut self, cx: &Context<'_>) -> Poll<bool> {
        if self.lent {
            self.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(self.is_settled())
    }

    /// Whether another request can come once the current one has its answer: not if nobody will read the rest of it.
    pub(super) fn may_go_on(&mut self) -> bool {
        self.lent || self.is_settled()
    }

    /// Whether the request has ended, or what is here is the rest of it. Only while nobody has the body.
    fn is_settled(&mut self) -> bool {
        while !self.requests.is_ended() {
            let inspected = self.requests.inspect(&self.held);
            self.held.advance(inspected.released);
            if !matches!(inspected.progress, Progress::Data | Progress::Ended) {
                break;
            }
        }
        self.tidy();
        self.requests.is_ended()
    }

    /// The next piece of the body.
    pub(super) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.interim.is_empty() {
            ready!(self.poll_interim(cx)).map_err(BodyError::Broken)?;
        }
        loop {
            if self.requests.is_ended() {
                let trailers = self.requests.take_trailers();
                self.tidy();
                return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
            }
            let inspected = self.requests.inspect(&self.held);
            if inspected.released > 0 {
                self.patience.came(inspected.released);
                self.held.advance(inspected.released - inspected.data);
            }
            match inspected.progress {
                Progress::Data => {
                    let data = self.held.split_to(inspected.data).freeze();
                    self.settle_account();
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Progress::Violated(violation) => return Poll::Ready(Some(Err(self.at_fault(violation)))),
                Progress::Ended => continue,
                Progress::Head | Progress::Wanting => {}
            }
            match self.poll_fill(cx) {
                Poll::Ready(Ok(0)) => {
                    let cut = io::ErrorKind::UnexpectedEof.into();
                    return Poll::Ready(Some(Err(BodyError::Broken(cut))));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(BodyError::Broken(error)))),
                Poll::Pending => {
                    return match ready!(self.patience.poll_expired(Awaited::Body, cx)) {
                        Expired::Late(violation) => Poll::Ready(Some(Err(self.at_fault(violation)))),
                        Expired::Unused => Poll::Pending,
                    };
                }
            }
        }
    }

    /// Ready when the client has gone, while its answer is on its way. One that ends its side only counts as gone.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let scratch = self.scratch.clone();
        while !self.requests.is_violated() && self.held.len() < AHEAD {
            let mut scratch = scratch.read();
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.hold(buffer.filled()),
                Ok(()) | Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    /// The answer begins: what is left of a 100 that was begun. One that was not begun is not sent any more.
    pub(super) fn begin_answer(&mut self) -> &'static [u8] {
        let left = mem::take(&mut self.interim);
        if left.len() == CONTINUE.len() { b"" } else { left }
    }

    /// Sends all there is to send.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, out: &mut Outgoing) -> Poll<io::Result<()>> {
        let sent = ready!(out.poll_write(cx, &mut self.stream));
        match &sent {
            Ok(()) => self.intake.account().written(),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.verdict.refuse(Violation::WriteTimeout);
            }
            Err(_) => {}
        }
        Poll::Ready(sent)
    }

    /// Ends our side, and lets the client read what it was sent (rulings, 31).
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Looks at what was just read, and holds what is not the head of the next request.
    fn came(&mut self, read: &[u8]) -> Option<Next> {
        if !self.held.is_empty() {
            self.hold(read);
            return self.look();
        }
        let inspected = self.requests.inspect(read);
        match inspected.progress {
            Progress::Head => {
                let (head, rest) = read.split_at_checked(inspected.released)?;
                if !rest.is_empty() {
                    self.hold(rest);
                }
                Some(self.begin(Bytes::copy_from_slice(head)))
            }
            Progress::Violated(violation) => Some(self.refused(violation)),
            Progress::Wanting | Progress::Data | Progress::Ended => {
                self.hold(read);
                None
            }
        }
    }

    /// Looks at what is held for the head of the next request.
    fn look(&mut self) -> Option<Next> {
        if self.held.is_empty() {
            return None;
        }
        let inspected = self.requests.inspect(&self.held);
        match inspected.progress {
            Progress::Head => {
                let head = self.held.split_to(inspected.released).freeze();
                self.tidy();
                Some(self.begin(head))
            }
            Progress::Violated(violation) => Some(self.refused(violation)),
            Progress::Wanting | Progress::Data | Progress::Ended => None,
        }
    }

    fn begin(&mut self, head: Bytes) -> Next {
        self.patience.begun();
        self.verdict.begin(head.len());
        Next::Head(head)
    }

    #[cold]
    fn refused(&mut self, violation: Violation) -> Next {
        self.held = BytesMut::new();
        self.settle_account();
        self.verdict.begin(0);
        self.verdict.refuse(violation);
        Next::Refused(violation)
    }

    #[cold]
    fn at_fault(&mut self, violation: Violation) -> BodyError {
        self.held = BytesMut::new();
        self.verdict.refuse(violation);
        BodyError::Broken(io::Error::new(io::ErrorKind::InvalidData, violation))
    }

    fn hold(&mut self, read: &[u8]) {
        self.held.extend_from_slice(read);
        self.settle_account();
    }

    /// Lets go of a buffer in which nothing is.
    fn tidy(&mut self) {
        if self.held.is_empty() && self.held.capacity() > 0 {
            self.held = BytesMut::new();
        }
        self.settle_account();
    }

    fn settle_account(&self) {
        self.intake.account().hold(self.held.capacity());
    }

    /// Tells the client to send its body.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, self.interim))?;
            self.interim = self.interim.get(written..).unwrap_or_default();
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Reads a part of a body to the end of what is held.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let left = self.left().and_then(|left| usize::try_from(left).ok());
        let wanted = left.map_or(self.appetite, |left| left.clamp(LEAST, self.appetite));
        make_room(&mut self.held, wanted, LEAST);
        let room = self.held.capacity() - self.held.len();
        let read = ready!(pin!(self.stream.read_buf(&mut self.held)).poll(cx))?;
        if read == room {
            self.appetite = grown(self.appetite);
        }
        self.settle_account();
        Poll::Ready(Ok(read))
    }
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("held", &self.held.len())
            .field("lent", &self.lent)
            .finish_non_exhaustive()
    }
}

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// How much is read that nobody has asked for, while an answer is on its way.
const AHEAD: usize = 16 * 1024;
/// What a read of a body asks for: at least, and at first where nobody knows its length.
const LEAST: usize = 4 * 1024;
const UNKNOWN: usize = 16 * 1024;
