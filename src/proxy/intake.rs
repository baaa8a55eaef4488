//! How far a connection's current request body has been read: what its closing, its log line, its body and its account
//! share.

use super::buffers::{Account, Share};
use std::{cell::Cell, rc::Rc};

/// The state of one connection's current request body.
#[derive(Clone, Debug, Default)]
pub struct Intake(Rc<State>);

#[derive(Debug, Default)]
struct State {
    unread: Cell<bool>,
    bytes: Cell<u64>,
    cut: Cell<bool>,
    account: Account,
}

impl Intake {
    /// Of a connection whose buffers count.
    pub(super) fn counted(share: Share) -> Self {
        Self(Rc::new(State {
            account: Account::of(share),
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
    }

    /// Some bytes of the body were taken to be passed on; those before them have been.
    pub fn took(&self, bytes: usize) {
        self.0.bytes.set(self.0.bytes.get().saturating_add(bytes as u64));
        self.0.account.pass(bytes);
    }

    /// Some bytes of the body were taken to be looked at before any is passed on.
    pub fn took_ahead(&self, bytes: usize) {
        self.0.bytes.set(self.0.bytes.get().saturating_add(bytes as u64));
        self.0.account.keep(bytes);
    }

    /// The body was read to its end.
    pub fn finished(&self) {
        self.0.unread.set(false);
    }

    /// Whether some of the body may not have been read.
    pub fn is_unread(&self) -> bool {
        self.0.unread.get()
    }

    /// The answer broke off where its end is the connection's end: closing in order would make it look whole.
    pub fn cut(&self) {
        self.0.cut.set(true);
    }

    /// Whether the connection has to end with a reset.
    pub fn is_cut(&self) -> bool {
        self.0.cut.get()
    }

    /// How many bytes were taken.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.get()
    }
}
