//! The guard as a stream: beneath hyper, above the socket.

use super::{
    Inspected, Limits, Patience, Progress, Requests, Verdict, Violation,
    patience::{Awaited, Expired},
};
use bytes::{Buf as _, BytesMut};
use std::{
    fmt, io,
    mem::{self, MaybeUninit},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream from which only requests in order can be read, one at a time (rulings, 32).
///
/// Writing goes straight through; while the client does not take an answer, its next request is not read. So does closing: a stream that lingers belongs below, where it reads past the guard.
///
/// The end of the stream, too, is passed on at once: hyper sees a connection end between two requests when it ended in
/// the middle of a head.
pub struct Guarded<S> {
    stream: S,
    requests: Requests,
    verdict: Verdict,
    patience: Patience,
    /// What was read and may not be passed on yet: a head in pieces, or requests before their turn. Never more than
    /// two reads of hyper's, one head, and [what is read ahead](AHEAD).
    held: BytesMut,
    /// How much of what is held is in order.
    ready: usize,
    end: End,
    /// The client does not take what is written to it.
    blocked: bool,
    /// Reading waits for that.
    held_back: bool,
}

/// How reading ends.
#[derive(Debug)]
enum End {
    Open,
    /// With what is left of the head in place of the one refused. After it, silence: the service closes.
    Refused(&'static [u8]),
    /// With an error, in the middle of a body.
    Broken(Violation),
    /// As if the client had ended it, between two requests.
    Unused,
}

impl<S> Guarded<S> {
    /// Guards the stream of a new connection. The service has a clone of `verdict`.
    pub fn new(stream: S, limits: Limits, verdict: Verdict, patience: Patience) -> Self {
        patience.told_by(&verdict);
        Self {
            stream,
            requests: Requests::new(limits),
            verdict,
            patience,
            held: BytesMut::new(),
            ready: 0,
            end: End::Open,
            blocked: false,
            held_back: false,
        }
    }

    /// How much memory it holds for what may not be passed on yet.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Whether the end of a request has been passed on and its answer has not.
    fn is_waiting(&self) -> bool {
        self.ready == 0 && self.requests.is_ended() && self.verdict.is_under_way()
    }

    /// Looks at what is held, if that may be done now.
    fn inspect_held(&mut self) {
        if self.ready == 0 && !self.held.is_empty() && !self.is_waiting() {
            self.requests.next();
            let begins = self.requests.is_at_head();
            let inspected = self.requests.inspect(&self.held);
            self.ready = inspected.released;
            self.note(begins, inspected);
        }
    }

    /// Looks at what was just read into hyper's buffer after `start`, and holds what may not stay there.
    fn inspect_read(&mut self, start: usize, buffer: &mut ReadBuf<'_>) {
        let read = buffer.filled().get(start..).unwrap_or_default();
        if !self.held.is_empty() || self.is_waiting() {
            self.held.extend_from_slice(read);
            buffer.set_filled(start);
            return;
        }
        self.requests.next();
        let begins = self.requests.is_at_head();
        let inspected = self.requests.inspect(read);
        if let Some(rest @ [_, ..]) = read.get(inspected.released..) {
            self.held.extend_from_slice(rest);
            buffer.set_filled(start + inspected.released);
        }
        self.note(begins, inspected);
    }

    /// An exchange begins with its head, not with a body that comes when it is over already.
    fn note(&mut self, at_head: bool, inspected: Inspected) {
        if !at_head {
            self.patience.came(inspected.released);
        } else if inspected.released > 0 {
            self.patience.begun();
            self.verdict.begin(inspected.released);
        }
        if let Progress::Violated(violation) = inspected.progress {
            self.violated(violation);
        }
    }

    #[cold]
    fn violated(&mut self, violation: Violation) {
        self.held.truncate(self.ready);
        self.verdict.refuse(violation);
        self.end = if violation.is_in_body() {
            End::Broken(violation)
        } else {
            self.verdict.begin(STAND_IN.len());
            End::Refused(STAND_IN)
        };
    }

    /// Waits for the client, if it is the client that is waited for. Ready when that takes so long that reading ends,
    /// or the connection becomes quiet.
    fn poll_expired(&mut self, cx: &Context<'_>) -> Poll<()> {
        let awaited = if self.requests.is_in_body() {
            Awaited::Body
        } else if self.verdict.is_under_way() {
            self.patience.rest(&self.verdict, cx);
            return Poll::Pending;
        } else if self.held.is_empty() {
            Awaited::Request
        } else {
            Awaited::Head
        };
        match ready!(self.patience.poll_expired(awaited, cx)) {
            Expired::Quiet => self.verdict.quieten(),
            Expired::Unused => self.end = End::Unused,
            Expired::Late(violation) => self.violated(violation),
        }
        Poll::Ready(())
    }

    /// Whether the next request has to wait because the client does not take the answer to the last one. Its time has
    /// not begun either.
    fn is_held_back(&mut self) -> bool {
        self.held_back = self.ready == 0
            && matches!(self.end, End::Open)
            && !self.requests.is_in_body()
            && !self.verdict.is_under_way();
        self.held_back
    }

    /// Notes how writing goes.
    fn noting<T>(&mut self, written: Poll<io::Result<T>>, cx: &Context<'_>) -> Poll<io::Result<T>> {
        match &written {
            Poll::Pending => self.blocked = true,
            Poll::Ready(Ok(_)) if self.blocked => self.unblocked(cx),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                self.verdict.refuse(Violation::WriteTimeout);
            }
            Poll::Ready(_) => {}
        }
        written
    }

    #[cold]
    fn unblocked(&mut self, cx: &Context<'_>) {
        self.blocked = false;
        if !self.verdict.is_under_way() {
            self.patience.answered();
        }
        if mem::take(&mut self.held_back) {
            cx.waker().wake_by_ref();
        }
    }

    /// Passes on what is held and in order.
    fn release(&mut self, buffer: &mut ReadBuf<'_>) {
        let now = self.ready.min(buffer.remaining());
        buffer.put_slice(self.held.get(..now).unwrap_or_default());
        self.held.advance(now);
        self.ready -= now;
        if self.held.is_empty() {
            // A connection that waits for its next request holds no memory.
            self.held = BytesMut::new();
        }
    }
}

impl<S: AsyncRead + Unpin> Guarded<S> {
    /// Waits for the next request of a connection that is parked, with nobody to read it yet: what comes is held.
    /// Ready with whether to go on, and not when the client has ended the connection or has been waited for too long.
    pub(in crate::proxy) fn poll_roused(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut bytes = [const { MaybeUninit::uninit() }; FIRST];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        while self.held.is_empty() && matches!(self.end, End::Open) {
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer)? {
                Poll::Ready(()) if buffer.filled().is_empty() => return Poll::Ready(Ok(false)),
                Poll::Ready(()) => self.held.extend_from_slice(buffer.filled()),
                Poll::Pending => ready!(self.poll_expired(cx)),
            }
        }
        Poll::Ready(Ok(!matches!(self.end, End::Unused)))
    }

    /// Takes back what was passed on and not used, to pass it on again.
    pub(in crate::proxy) fn take_back(&mut self, unused: &[u8]) {
        let held = mem::replace(&mut self.held, unused.into());
        self.held.extend_from_slice(&held);
        self.ready += unused.len();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let start = buffer.filled().len();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if this.blocked && this.is_held_back() {
                return Poll::Pending;
            }
            this.inspect_held();
            if this.ready > 0 {
                this.release(buffer);
                return Poll::Ready(Ok(()));
            }
            match &mut this.end {
                End::Open => {}
                End::Refused([]) => return Poll::Pending,
                End::Refused(left) => {
                    let now = left.len().min(buffer.remaining());
                    let (head, rest) = left.split_at_checked(now).unwrap_or((left, &[]));
                    buffer.put_slice(head);
                    *left = rest;
                    return Poll::Ready(Ok(()));
                }
                End::Broken(violation) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, *violation)));
                }
                End::Unused => return Poll::Ready(Ok(())),
            }
            if !this.held.is_empty() && this.is_waiting() {
                this.verdict.wait(cx);
                // Reading goes on for a while: a client that is gone shows only so.
                if this.held.len() >= AHEAD {
                    return Poll::Pending;
                }
            }
            match Pin::new(&mut this.stream).poll_read(cx, buffer) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    ready!(this.poll_expired(cx));
                    continue;
                }
            }
            if buffer.filled().len() == start {
                return Poll::Ready(Ok(()));
            }
            this.inspect_read(start, buffer);
            if buffer.filled().len() > start {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noting(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.noting(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.noting(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Without what was read: it may hold secrets.
impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("held", &self.held.len())
            .field("ready", &self.ready)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// How much is read of a request that a parked connection wakes up with, before there is a better place for it.
const FIRST: usize = 2 * 1024;
/// How much of later requests is read while an exchange is under way.
const AHEAD: usize = 16 * 1024;
/// Stands in for a head that is refused. It has no Host, so that classification would refuse it too (rulings, 7).
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        proxy::{Sweep, Waits},
    };
    use std::{future::poll_fn, rc::Rc, time::Duration};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    const REQUEST: &[u8] = b"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n";

    fn guarded() -> (DuplexStream, Guarded<DuplexStream>, Verdict) {
        let (client, server) = duplex(1 << 20);
        let sweep = Rc::new(Sweep::new(Duration::from_secs(1)));
        let (timeouts, limits) = (config::Timeouts::default(), config::Limits::default());
        let patience = Patience::new(&sweep, Waits::new(&sweep, &timeouts, &limits));
        let verdict = Verdict::default();
        let guarded = Guarded::new(server, Limits::default(), verdict.clone(), patience);
        (client, guarded, verdict)
    }

    async fn read(guarded: &mut Guarded<DuplexStream>) -> Vec<u8> {
        let mut read = vec![0; 1 << 20];
        let length = guarded.read(&mut read).await.unwrap();
        read.truncate(length);
        read
    }

    #[tokio::test]
    async fn what_was_not_used_is_passed_on_again_before_anything_else() {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(&REQUEST.repeat(2)).await.unwrap();
        assert_eq!(read(&mut guarded).await, REQUEST);
        guarded.take_back(&REQUEST[20..]);
        assert!(poll_fn(|cx| guarded.poll_roused(cx)).await.unwrap());
        assert_eq!(read(&mut guarded).await, &REQUEST[20..]);
        drop(verdict.exchange());
        assert_eq!(read(&mut guarded).await, REQUEST);
    }

    #[tokio::test]
    async fn what_rouses_a_connection_is_looked_at_before_it_is_passed_on() {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(b"GET").await.unwrap();
        assert!(poll_fn(|cx| guarded.poll_roused(cx)).await.unwrap());
        assert_eq!(guarded.held.as_ref(), b"GET");
        client.write_all(b" /b/k HTTP/1.1\nHost: h\n\n").await.unwrap();
        assert_eq!(read(&mut guarded).await, STAND_IN);
        assert_eq!(verdict.take(), Some(Violation::BareLf));
    }

    #[tokio::test]
    async fn a_client_that_ends_the_connection_rouses_nobody() {
        let (client, mut guarded, _) = guarded();
        drop(client);
        assert!(!poll_fn(|cx| guarded.poll_roused(cx)).await.unwrap());
    }
}
