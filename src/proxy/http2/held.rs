//! What `h2` holds of requests before anybody takes it: bodies within their windows, and a head in pieces.
//!
//! `h2` does not tell. What it holds is seen on the wire, which says what came for whom, what was given back, and when a
//! stream is over; and what of the bodies was taken is told by whoever takes it. Each of these bounds it from above, and
//! the least of them counts:
//! - what came for streams that are open, less what was taken of the bodies of those that are;
//! - what came for each of them, less what `h2` gave back to its window;
//! - the same for the connection.

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, Part, RST_STREAM, WINDOW_UPDATE,
};
use crate::proxy::buffers::Share;
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
    task::{Context, Waker},
};

/// What one connection holds of requests.
pub(in crate::proxy) struct Held {
    share: Share,
    bodies: RefCell<Bodies>,
    /// Of a head that has not ended.
    head: Cell<u64>,
    /// As it counts among the worker's bytes.
    counted: Cell<u64>,
    /// The last stream that was begun; whether its head has not ended; how many heads have.
    last: Cell<u32>,
    begins: Cell<bool>,
    heads: Cell<u64>,
    /// Whether `h2` has read all there was.
    rests: Cell<bool>,
    /// What the gate ended the connection for.
    fault: Cell<Option<u32>>,
    waiting: Cell<Option<Waker>>,
}

/// What was taken of one stream's body; it is forgotten with the stream.
#[derive(Debug)]
pub(in crate::proxy) struct Taken {
    held: Rc<Held>,
    bytes: Cell<u64>,
}

#[derive(Debug, Default)]
struct Bodies {
    open: Vec<Body>,
    /// Of those that are open: what came, and what of it was not given back.
    came: u64,
    used: u64,
    /// What came on the connection and was not given back.
    used_in_all: u64,
    taken: u64,
}

/// The body of a stream that is open.
#[derive(Debug, Default)]
struct Body {
    stream: u32,
    came: u64,
    used: u64,
    /// It has ended, or the answer has.
    ended: bool,
    answered: bool,
}

impl Held {
    pub(super) fn new(share: Share) -> Rc<Self> {
        Rc::new(Self {
            share,
            bodies: RefCell::default(),
            head: Cell::default(),
            counted: Cell::default(),
            last: Cell::default(),
            begins: Cell::default(),
            heads: Cell::default(),
            rests: Cell::default(),
            fault: Cell::default(),
            waiting: Cell::default(),
        })
    }

    /// For one stream more.
    pub(super) fn stream(self: &Rc<Self>) -> Taken {
        Taken {
            held: Rc::clone(self),
            bytes: Cell::new(0),
        }
    }

    /// How many heads of requests have come, once `h2` has read them all.
    pub(super) fn heads(&self) -> Option<u64> {
        self.rests.get().then(|| self.heads.get())
    }

    /// Whether there is nothing more to read by now.
    pub(super) fn rest(&self, rests: bool) {
        self.rests.set(rests);
    }

    /// The code of the error that the gate ended the connection with.
    pub(super) fn fault(&self) -> Option<u32> {
        self.fault.get()
    }

    /// The client sent this.
    pub(super) fn received(&self, part: &Part) {
        match part.kind {
            DATA => self.bodies.borrow_mut().receive(part),
            HEADERS | CONTINUATION => self.receive_head(part),
            RST_STREAM if part.ends => self.bodies.borrow_mut().close(part.stream),
            _ => return,
        }
        self.settle();
    }

    /// The gate sent this.
    pub(super) fn sent(&self, part: &Part) {
        if !part.ends {
            return;
        }
        match part.kind {
            DATA | HEADERS if part.has(END_STREAM) => {
                self.bodies
                    .borrow_mut()
                    .end(part.stream, |body| body.answered = true);
            }
            RST_STREAM => self.bodies.borrow_mut().close(part.stream),
            WINDOW_UPDATE => self
                .bodies
                .borrow_mut()
                .give_back(part.stream, part.number().into()),
            GOAWAY if part.second_number() != NO_ERROR => self.fault.set(Some(part.second_number())),
            _ => return,
        }
        self.settle();
    }

    /// Whether no more is to be read: the worker holds as much as it may, and a good part is of this connection's bodies.
    pub(super) fn is_full(&self) -> bool {
        self.share.is_used_up() && self.bodies.borrow().held() >= ALWAYS
    }

    /// Wakes the task when that may have changed by what was taken of its own.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        self.waiting.set(Some(cx.waker().clone()));
    }

    fn receive_head(&self, part: &Part) {
        if part.kind == HEADERS && part.stream > self.last.get() {
            self.last.set(part.stream);
            self.begins.set(true);
            if !part.has(END_STREAM) {
                self.bodies.borrow_mut().open.push(Body {
                    stream: part.stream,
                    ..Body::default()
                });
            }
        } else if part.kind == HEADERS && part.ends && part.has(END_STREAM) {
            // Trailers.
            self.bodies
                .borrow_mut()
                .end(part.stream, |body| body.ended = true);
        }
        let whole = part.ends && part.has(END_HEADERS);
        let held = self.head.get().saturating_add(part.bytes as u64);
        self.head.set(if whole { 0 } else { held });
        if whole && self.begins.replace(false) {
            self.heads.set(self.heads.get() + 1);
        }
    }

    fn settle(&self) {
        let held = self.bodies.borrow().held().saturating_add(self.head.get());
        let before = self.counted.replace(held);
        if before != held {
            self.share.counters.buffered.change(before, held);
        }
        if held < before
            && !self.is_full()
            && let Some(waker) = self.waiting.take()
        {
            waker.wake();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.share.counters.buffered.sub(self.counted.get());
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("counted", &self.counted)
            .finish_non_exhaustive()
    }
}

impl Bodies {
    fn held(&self) -> u64 {
        let not_taken = self.came.saturating_sub(self.taken);
        not_taken.min(self.used).min(self.used_in_all)
    }

    fn receive(&mut self, part: &Part) {
        let bytes = part.bytes as u64;
        self.used_in_all = self.used_in_all.saturating_add(bytes);
        // What comes for a stream that is over is not kept.
        if let Some(body) = self.open.iter_mut().find(|body| body.stream == part.stream) {
            body.came = body.came.saturating_add(bytes);
            body.used = body.used.saturating_add(bytes);
            self.came = self.came.saturating_add(bytes);
            self.used = self.used.saturating_add(bytes);
        }
        if part.ends && part.has(END_STREAM) {
            self.end(part.stream, |body| body.ended = true);
        }
    }

    fn give_back(&mut self, stream: u32, bytes: u64) {
        if stream == 0 {
            // At first the connection's window is made larger than it is by itself: nothing is used then.
            self.used_in_all = self.used_in_all.saturating_sub(bytes);
        } else if let Some(body) = self.open.iter_mut().find(|body| body.stream == stream) {
            let given = bytes.min(body.used);
            body.used -= given;
            self.used = self.used.saturating_sub(given);
        }
    }

    /// One direction of a stream has ended.
    fn end(&mut self, stream: u32, note: impl FnOnce(&mut Body)) {
        if let Some(body) = self.open.iter_mut().find(|body| body.stream == stream) {
            note(body);
            if body.ended && body.answered {
                self.close(stream);
            }
        }
    }

    fn close(&mut self, stream: u32) {
        if let Some(at) = self.open.iter().position(|body| body.stream == stream) {
            let body = self.open.swap_remove(at);
            self.came = self.came.saturating_sub(body.came);
            self.used = self.used.saturating_sub(body.used);
        }
    }
}

impl Taken {
    /// So much more.
    pub(in crate::proxy) fn more(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        let mut bodies = self.held.bodies.borrow_mut();
        bodies.taken = bodies.taken.saturating_add(bytes);
        drop(bodies);
        self.held.settle();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut bodies = self.held.bodies.borrow_mut();
        bodies.taken = bodies.taken.saturating_sub(self.bytes.get());
        drop(bodies);
        self.held.settle();
    }
}

/// What a connection may always hold of bodies: without it, one that holds little would wait for those that hold much.
const ALWAYS: u64 = 64 << 10;
const NO_ERROR: u32 = 0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Limits,
        proxy::{admission::Room, http2::frames::Frames},
        telemetry::Counters,
    };
    use std::sync::Arc;

    fn held() -> (Rc<Held>, Arc<Counters>) {
        let counters = Arc::<Counters>::default();
        let share = Share {
            counters: Arc::clone(&counters),
            room: Room::of(&Limits::default(), 1),
        };
        (Held::new(share), counters)
    }

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Part {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat();
        let mut bytes = &head[..];
        Frames::default().next(&mut bytes).unwrap()
    }

    fn begin(held: &Held, stream: u32) {
        held.received(&frame(HEADERS, END_HEADERS, stream, &[0; 30]));
    }

    fn data(held: &Held, stream: u32, bytes: usize) {
        held.received(&frame(DATA, 0, stream, &vec![0; bytes]));
    }

    #[test]
    fn what_came_and_was_neither_taken_nor_thrown_away_counts() {
        let (held, counters) = held();
        let buffered = || counters.buffered.get();
        let (one, two) = (held.stream(), held.stream());
        begin(&held, 1);
        begin(&held, 3);
        data(&held, 1, 10_000);
        data(&held, 3, 5_000);
        assert_eq!(buffered(), 15_000);
        one.more(10_000);
        two.more(1_000);
        assert_eq!(buffered(), 4_000);
        // The second is reset; what comes for it later is not kept.
        drop(two);
        held.sent(&frame(RST_STREAM, 0, 3, &[0; 4]));
        data(&held, 3, 7_000);
        assert_eq!(buffered(), 0);
        data(&held, 1, 300);
        assert_eq!(buffered(), 300);
        held.received(&frame(DATA, END_STREAM, 1, &[]));
        assert_eq!(buffered(), 300);
        held.sent(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &[]));
        assert_eq!(buffered(), 0);
    }

    #[test]
    fn what_was_given_back_to_a_window_is_held_no_more() {
        let (held, counters) = held();
        begin(&held, 1);
        begin(&held, 3);
        for stream in [1, 3] {
            data(&held, stream, 10_000);
        }
        held.sent(&frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0x20, 0]));
        assert_eq!(counters.buffered.get(), 20_000 - 0x2000);
        held.sent(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0x40, 0]));
        assert_eq!(counters.buffered.get(), 20_000 - 0x4000);
    }

    #[test]
    fn a_head_counts_until_it_is_whole_and_trailers_are_no_second_one() {
        let (held, counters) = held();
        held.rest(true);
        held.received(&frame(HEADERS, 0, 1, &[0; 300]));
        held.received(&frame(CONTINUATION, 0, 1, &[0; 20]));
        assert_eq!((counters.buffered.get(), held.heads()), (320, Some(0)));
        held.received(&frame(CONTINUATION, END_HEADERS, 1, &[0; 20]));
        assert_eq!((counters.buffered.get(), held.heads()), (0, Some(1)));
        held.received(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0; 20]));
        assert_eq!((counters.buffered.get(), held.heads()), (0, Some(1)));
    }

    #[test]
    fn whatever_happens_to_a_connection_the_worker_has_all_its_bytes_back_in_the_end() {
        let happens: [fn(&Held, &Taken); 10] = [
            |held, _| begin(held, 1),
            |held, _| begin(held, 3),
            |held, _| data(held, 1, 9_000),
            |held, _| data(held, 3, 20_000),
            |held, _| held.received(&frame(HEADERS, 0, 5, &[0; 40])),
            |_, taken| taken.more(5_000),
            |held, _| held.sent(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0x30, 0])),
            |held, _| held.sent(&frame(WINDOW_UPDATE, 0, 3, &[0, 0, 0x30, 0])),
            |held, _| held.sent(&frame(RST_STREAM, 0, 3, &[0; 4])),
            |held, _| held.received(&frame(RST_STREAM, 0, 1, &[0; 4])),
        ];
        for order in 0..100_000usize {
            let (held, counters) = held();
            let taken = held.stream();
            for step in 0..5 {
                happens[order / 10usize.pow(step) % 10](&held, &taken);
            }
            assert_eq!(counters.buffered.get(), held.counted.get());
            drop(taken);
            drop(held);
            assert_eq!(counters.buffered.get(), 0);
        }
    }
}
