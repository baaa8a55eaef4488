//! What a connection holds in buffers, as part of what its worker holds altogether.
//!
//! Counted is what a client, or a store, can make grow:
//! - what was read of the client and not used yet: a head in pieces, a part of a body, requests before their turn;
//! - the head of the request under way;
//! - the piece of the request's body that is on its way upstream, or the form that was read before it;
//! - the answer: what was handed out since everything was last written to the socket, and no less than the largest piece
//!   it has come in, which is what it is read into.
//!
//! A stream of HTTP/2 has an account of its own, in which a piece of the answer counts until it is written or dropped;
//! what `h2` holds of bodies and heads that nobody has taken yet is counted beneath it ([`http2`](super::http2)).
//!
//! Each is an upper bound of what is there. Not counted is what has a small bound by itself: the head of an answer, what
//! TLS keeps of handshakes and records (64 KiB and less), documents that are read along (20 KiB and less), and what idle
//! connections to the store keep (16 KiB, 256 of them a worker).

#[cfg(test)]
mod tests;

use super::admission::Room;
use crate::telemetry::Counters;
use std::{
    cell::Cell,
    fmt,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// The bytes that one connection holds.
#[derive(Default)]
pub(super) struct Account {
    /// Whose bytes these are a part of; nobody's where there is no worker.
    share: Option<Share>,
    held: Cell<usize>,
    head: Cell<usize>,
    body: Cell<usize>,
    answer: Cell<usize>,
    /// Of the answer: handed out and not known to be written.
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

    /// So much more of the answer was handed out.
    pub(super) fn answer(&self, bytes: usize) {
        if self.is_metered.get() {
            self.unwritten.set(self.unwritten.get().saturating_add(bytes));
        }
        self.came(bytes);
    }

    /// So much of the answer came in one piece, in however many it is handed out.
    pub(super) fn came(&self, bytes: usize) {
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

    /// So much was read of the client, and not passed on.
    pub(super) fn hold(&self, bytes: usize) {
        self.set(&self.held, bytes);
    }

    /// Somebody tells when all is written.
    pub(super) fn meter(&self) {
        self.is_metered.set(true);
    }

    /// All that was handed out of the answer is written.
    pub(super) fn written(&self) {
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
        for part in [&self.held, &self.head, &self.body, &self.answer] {
            self.set(part, 0);
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("held", &self.held)
            .field("head", &self.head)
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

/// What an answer is read into at first.
const ANSWER: usize = 16 * 1024;
