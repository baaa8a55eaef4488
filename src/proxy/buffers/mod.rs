//! What a connection holds in buffers, as part of what its worker holds altogether.
//!
//! Counted is what a client, or a store, can make grow:
//! - what the guard holds: a head in pieces, requests before their turn;
//! - the head of the request under way, with what came in the same read;
//! - the largest read that was handed to hyper, which keeps a buffer of that size until the connection is parked;
//! - the piece of the request's body that is on its way upstream, or the form that was read before it;
//! - the answer: what was handed to hyper since everything was last written to the socket, and no less than the largest
//!   piece it has come in, which is what it is read into.
//!
//! A stream of HTTP/2 has an account of its own, in which a piece of the answer counts until it is written or dropped;
//! what `h2` holds of bodies and heads that nobody has taken yet is counted beneath it ([`http2`](super::http2)).
//!
//! Each is an upper bound of what is there. Not counted is what has a small bound by itself: 8 KiB that hyper keeps for
//! a connection, what TLS keeps of handshakes and records (64 KiB and less), documents that are read along (20 KiB and
//! less), and what idle connections to the store keep (16 KiB, 256 of them a worker).

#[cfg(test)]
mod tests;

use super::{admission::Room, guard::Guarded, intake::Intake};
use crate::telemetry::Counters;
use std::{
    cell::Cell,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that one connection holds.
#[derive(Default)]
pub(super) struct Account {
    /// Whose bytes these are a part of; nobody's where there is no worker.
    share: Option<Share>,
    guarded: Cell<usize>,
    head: Cell<usize>,
    read: Cell<usize>,
    body: Cell<usize>,
    answer: Cell<usize>,
    /// Of the answer: handed to hyper and not known to be written.
    unwritten: Cell<usize>,
    /// Of the answer: the largest piece.
    largest: Cell<usize>,
    under_way: Cell<bool>,
    /// Whether somebody tells when all is written.
    is_metered: Cell<bool>,
    waiting: Cell<Option<Waker>>,
}

/// What a worker holds, and may hold.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) counters: Arc<Counters>,
    pub(super) room: Room,
}

/// A guarded stream that keeps its connection's account.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: Guarded<S>,
    intake: Intake,
}

impl Account {
    pub(super) fn of(share: Share) -> Self {
        let mut account = Self::default();
        account.share = Some(share);
        account
    }

    /// Of one stream among others: its answer counts [piece](super::piece) by piece.
    pub(super) fn of_stream(share: Share) -> Self {
        let account = Self::of(share);
        account.is_metered.set(true);
        account
    }

    /// A request begins.
    pub(super) fn begin(&self) {
        self.under_way.set(true);
    }

    /// It was admitted, with so much in its head.
    pub(super) fn admit(&self, head: usize) {
        self.set(&self.head, head);
        self.largest.set(ANSWER);
        self.settle_answer();
    }

    /// Its answer has ended.
    pub(super) fn end(&self) {
        self.under_way.set(false);
        self.set(&self.head, 0);
        self.set(&self.body, 0);
        self.largest.set(0);
        self.settle_answer();
    }

    /// So much of its body is on its way, and what was before it is gone.
    pub(super) fn pass(&self, bytes: usize) {
        self.set(&self.body, bytes);
    }

    /// So much more of its body waits.
    pub(super) fn keep(&self, bytes: usize) {
        self.set(&self.body, self.body.get().saturating_add(bytes));
    }

    /// Nothing of its body is left. While the answer is awaited, the last piece may still be on its way.
    pub(super) fn let_go(&self) {
        if !self.under_way.get() {
            self.set(&self.body, 0);
        }
    }

    /// So much more of the answer was handed to hyper.
    pub(super) fn answer(&self, bytes: usize) {
        if self.is_metered.get() {
            self.unwritten.set(self.unwritten.get().saturating_add(bytes));
        }
        self.largest.set(self.largest.get().max(bytes));
        self.settle_answer();
    }

    /// Ready for the next piece of an answer: at once, unless the worker holds as much as it may. Then each answer goes
    /// on only when what was there of it is written, so that clients that do not read cannot make much more of it.
    pub(super) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        if self.unwritten.get() == 0 || !self.share.as_ref().is_some_and(Share::is_used_up) {
            return Poll::Ready(());
        }
        self.waiting.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn read(&self, bytes: usize, guarded: usize) {
        if bytes > self.read.get().max(HYPER) {
            self.set(&self.read, bytes);
        }
        self.set(&self.guarded, guarded);
    }

    /// hyper's buffers are gone, and so much is held for those that come.
    fn park(&self, guarded: usize) {
        self.set(&self.read, 0);
        self.set(&self.guarded, guarded);
    }

    fn written(&self) {
        self.let_piece_go(usize::MAX);
    }

    /// So much of the answer is nowhere any more.
    pub(super) fn let_piece_go(&self, bytes: usize) {
        let before = self.unwritten.get();
        let left = before.saturating_sub(bytes);
        if left < before {
            self.unwritten.set(left);
            self.settle_answer();
            if left == 0
                && let Some(waker) = self.waiting.take()
            {
                waker.wake();
            }
        }
    }

    fn settle_answer(&self) {
        self.set(&self.answer, self.largest.get().max(self.unwritten.get()));
    }

    fn set(&self, part: &Cell<usize>, bytes: usize) {
        let before = part.replace(bytes);
        if let Some(Share { counters, .. }) = &self.share
            && before != bytes
        {
            counters.buffered.change(before as u64, bytes as u64);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        for part in [&self.guarded, &self.head, &self.read, &self.body, &self.answer] {
            self.set(part, 0);
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("guarded", &self.guarded)
            .field("head", &self.head)
            .field("read", &self.read)
            .field("body", &self.body)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

impl Share {
    pub(super) fn is_used_up(&self) -> bool {
        self.room.is_used_up(&self.counters)
    }
}

impl<S> Metered<S> {
    pub(super) fn new(stream: Guarded<S>, intake: Intake) -> Self {
        intake.account().is_metered.set(true);
        Self { stream, intake }
    }
}

impl<S: AsyncRead + Unpin> Metered<S> {
    /// Begins a wait without hyper, which has left so much unused.
    pub(super) fn park(&mut self, unused: &[u8]) {
        if !unused.is_empty() {
            self.stream.take_back(unused);
        }
        self.intake.account().park(self.stream.held());
    }

    /// [Waits](Guarded::poll_roused) for the next request; whether to go on.
    pub(super) fn poll_roused(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let roused = self.stream.poll_roused(cx);
        self.intake.account().read(0, self.stream.held());
        roused
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let bytes = buffer.filled().len().saturating_sub(before);
        self.intake.account().read(bytes, self.stream.held());
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper asks for this when it has nothing left to write itself.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.intake.account().written();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What hyper keeps for every connection.
const HYPER: usize = 8 * 1024;
/// What an answer is read into at first.
const ANSWER: usize = 16 * 1024;
