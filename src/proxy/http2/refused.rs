//! What `h2` refuses by itself: heads of which no request comes, and whole connections. Neither is a request, so neither
//! has an event; here they are counted.

use super::held::Held;
use crate::telemetry::Counters;
use std::{cell::Cell, net::SocketAddr, rc::Rc, sync::Arc};

/// The errors of one connection: what was refused of it.
#[derive(Clone, Debug)]
pub(super) struct ProtocolErrors(Rc<State>);

#[derive(Debug)]
struct State {
    held: Rc<Held>,
    peer: SocketAddr,
    counters: Arc<Counters>,
    /// Heads that became requests, and those that were refused.
    passed: Cell<u64>,
    refused: Cell<u64>,
    given_up: Cell<bool>,
}

impl ProtocolErrors {
    pub(super) fn new(held: Rc<Held>, peer: SocketAddr, counters: Arc<Counters>) -> Self {
        Self(Rc::new(State {
            held,
            peer,
            counters,
            passed: Cell::default(),
            refused: Cell::default(),
            given_up: Cell::default(),
        }))
    }

    /// A head became a request.
    pub(super) fn pass(&self) {
        self.0.passed.set(self.0.passed.get() + 1);
    }

    /// A head that `h2` has read becomes a request at once, or never.
    pub(super) fn count_heads(&self) {
        let state = &*self.0;
        let Some(heads) = state.held.heads() else {
            return;
        };
        let refused = heads.saturating_sub(state.passed.get());
        let before = state.refused.replace(refused);
        if refused > before {
            state.counters.http2_heads_refused.add(refused - before);
            tracing::debug!(peer = %state.peer, heads = refused - before, "heads were refused before they were requests");
        }
    }

    /// The client resets most of what it begins, or moves nothing: the connection is cut.
    pub(super) fn give_up(&self) {
        self.0.given_up.set(true);
    }

    /// The connection has ended.
    pub(super) fn count_connection(&self) {
        let state = &*self.0;
        let code = state.held.fault();
        if code.is_some() || state.given_up.get() {
            state.counters.http2_connections_refused.add(1);
            tracing::debug!(
                peer = %state.peer, code, given_up = state.given_up.get(),
                "the connection was ended for what its client did"
            );
        }
    }
}
