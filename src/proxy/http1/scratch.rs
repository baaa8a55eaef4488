//! What the connections of a worker share so that an idle one needs no memory: a buffer to read into, one to write the
//! head of an answer into, and the forms of heads that were met.

use crate::proxy::guard::Moulds;
use std::{
    cell::{Cell, RefCell, RefMut},
    fmt,
    rc::Rc,
};

/// Buffers in which nothing stays from one use to the next.
#[derive(Clone)]
pub(in crate::proxy) struct Scratch(Rc<Shared>);

struct Shared {
    read: RefCell<Box<[u8]>>,
    head: Cell<Vec<u8>>,
    moulds: RefCell<Moulds>,
}

impl Scratch {
    pub(in crate::proxy) fn new() -> Self {
        Self(Rc::new(Shared {
            read: RefCell::new(vec![0; READ].into()),
            head: Cell::default(),
            moulds: RefCell::default(),
        }))
    }

    /// What the next read goes into.
    pub(super) fn read(&self) -> RefMut<'_, Box<[u8]>> {
        self.0.read.borrow_mut()
    }

    /// The forms of heads.
    pub(super) fn moulds(&self) -> RefMut<'_, Moulds> {
        self.0.moulds.borrow_mut()
    }

    /// An empty buffer for a head, to be [given back](Self::give_back).
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.head.take()
    }

    pub(super) fn give_back(&self, mut head: Vec<u8>) {
        head.clear();
        self.0.head.set(head);
    }
}

/// Without what was read and written: it may hold secrets.
impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// What is read at once of a head, and of what comes before its turn.
const READ: usize = 16 * 1024;
