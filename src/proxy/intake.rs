//! How far a connection's current request body has been read: what its closing, its log line, its body and its account
//! share.

use super::{
    buffers::{Account, Share},
    http2::Taken,
};
use std::{cell::Cell, rc::Rc};

/// The state of one connection's current request body.
#[derive(Clone, Debug, Default)]
pub struct Intake(Rc<State>);

#[derive(Debug, Default)]
struct State {
    unread: Cell<bool>,
    bytes: Cell<u64>,
    last: Cell<bool>,
    committed: Cell<bool>,
    account: Account,
    /// Tells who holds what was not taken, where that is not the account.
    taken: Option<Taken>,
}

impl Intake {
    /// Of a connection whose buffers count.
    pub(super) fn counted(share: Share) -> Self {
        Self(Rc::new(State {
            account: Account::of(share),
            ..State::default()
        }))
    }

    /// Of a stream, one of many on its connection.
    pub(super) fn of_stream(share: Share, taken: Taken) -> Self {
        Self(Rc::new(State {
            account: Account::of_stream(share),
            taken: Some(taken),
            ..State::default()
        }))
    }

    /// What the connection holds in buffers.
    pub(super) fn account(&self) -> &Account {
        &self.0.account
    }

    /// A new request begins; `unread` when it has a body.
    pub fn begin(&self, unread: bool) {
        self.0.account.begin();
        self.0.unread.set(unread);
        self.0.bytes.set(0);
        self.0.committed.set(false);
    }

    /// What writes is on its way to the store.
    pub(super) fn commit(&self) {
        self.0.committed.set(true);
    }

    /// Whether the store may act on the request: it writes, and all of it was taken.
    pub(super) fn is_committed(&self) -> bool {
        self.0.committed.get() && !self.is_unread()
    }

    /// Some bytes of the body were taken to be passed on; those before them have been.
    pub fn took(&self, bytes: usize) {
        self.0.bytes.set(self.0.bytes.get().saturating_add(bytes as u64));
        self.0.account.pass(bytes);
        self.tell(bytes);
    }

    /// Some bytes of the body were taken to be looked at before any is passed on.
    pub fn took_ahead(&self, bytes: usize) {
        self.0.bytes.set(self.0.bytes.get().saturating_add(bytes as u64));
        self.0.account.keep(bytes);
        self.tell(bytes);
    }

    /// The body was read to its end.
    pub fn finished(&self) {
        self.0.unread.set(false);
    }

    /// Whether some of the body may not have been read.
    pub fn is_unread(&self) -> bool {
        self.0.unread.get()
    }

    /// The answer has begun, and nothing but the connection's end shows its end.
    pub fn ends_with_connection(&self) {
        self.0.last.set(true);
    }

    /// Whether a connection that is let go without being shut down would make a part of an answer look whole.
    pub fn is_last(&self) -> bool {
        self.0.last.get()
    }

    /// How many bytes were taken.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.get()
    }

    fn tell(&self, bytes: usize) {
        if let Some(taken) = &self.0.taken {
            taken.more(bytes);
        }
    }
}
