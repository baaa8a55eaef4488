//! What a client may say on a connection that moves no request: `PING`, `PRIORITY`, `SETTINGS`, empty `DATA`, what nobody
//! knows. `h2` takes any number of them, as long as they come and before anybody else has a turn.
//!
//! Each costs one of a credit; what a request needs of them is earned by what does move one. So a client that asks,
//! sends and takes never runs out, however it parts its windows, and one that does nothing else is soon through.

use super::frames::{CONTINUATION, DATA, HEADERS, Part};
use std::{
    cell::Cell,
    task::{Context, Poll},
};

/// The bounds on what one connection reads.
#[derive(Debug)]
pub(super) struct Calm {
    /// So many frames more that move nothing.
    credit: Cell<u32>,
    /// The last stream that was begun.
    last: Cell<u32>,
    /// A frame more than that came.
    disturbed: Cell<bool>,
    /// What was read in this turn of the connection's, in bytes.
    read: Cell<usize>,
}

impl Default for Calm {
    fn default() -> Self {
        Self {
            credit: Cell::new(AT_FIRST),
            last: Cell::default(),
            disturbed: Cell::default(),
            read: Cell::default(),
        }
    }
}

impl Calm {
    /// Whether the client has used up its credit: the connection is to be cut.
    pub(super) fn is_disturbed(&self) -> bool {
        self.disturbed.get()
    }

    /// The connection is polled anew.
    pub(super) fn begin_turn(&self) {
        self.read.set(0);
    }

    /// Whether more may be read. If not in this turn, the task is woken for the next.
    pub(super) fn poll_turn(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_disturbed() {
            return Poll::Pending;
        }
        if self.read.get() < TURN {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// So many bytes were read, of whatever.
    pub(super) fn read(&self, bytes: usize) {
        self.read.set(self.read.get().saturating_add(bytes));
    }

    /// The client sent this.
    pub(super) fn received(&self, part: &Part) {
        match part.kind {
            HEADERS if part.stream > self.last.get() => {
                self.last.set(part.stream);
                self.earn(A_REQUEST);
            }
            HEADERS | CONTINUATION => {}
            DATA if part.bytes > 0 => self.earn(part.bytes / RECEIVED),
            _ if part.ends => match self.credit.get().checked_sub(1) {
                Some(left) => self.credit.set(left),
                None => self.disturbed.set(true),
            },
            _ => {}
        }
    }

    /// The gate sent this: its client is to open windows for as much, in pieces of its own.
    pub(super) fn sent(&self, part: &Part) {
        if part.kind == DATA && part.bytes > 0 {
            self.earn(A_PIECE + part.bytes / SENT);
        }
    }

    fn earn(&self, frames: usize) {
        let frames = u32::try_from(frames).unwrap_or(MOST);
        self.credit
            .set(self.credit.get().saturating_add(frames).min(MOST));
    }
}

/// Frames that move nothing, before anything has moved.
const AT_FIRST: u32 = 1_000;
/// No more than these are ever saved up: a window of 16 MiB, opened twice for each piece of an answer, has 2,048.
const MOST: u32 = 1 << 16;
/// What a request earns: priorities, a reset, pings.
const A_REQUEST: usize = 32;
/// What a piece of an answer earns, however small: an update for its stream, one for the connection, and as many again.
const A_PIECE: usize = 4;
/// One frame for so many bytes of an answer, and of a request.
const SENT: usize = 16;
const RECEIVED: usize = 256;
/// What is read of a connection before others have their turn, in bytes.
const TURN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::{
        super::frames::{END_STREAM, Frames, GOAWAY, RST_STREAM, WINDOW_UPDATE},
        *,
    };
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Part {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat();
        Frames::default().next(&mut &head[..]).unwrap()
    }

    /// How many of them come before the connection is cut, up to ten times the most.
    fn endured(calm: &Calm, part: &Part) -> u32 {
        (0..10 * MOST)
            .find(|_| {
                calm.received(part);
                calm.is_disturbed()
            })
            .unwrap_or(u32::MAX)
    }

    #[test]
    fn each_kind_of_frame_that_moves_nothing_is_endured_a_thousand_times() {
        for kind in (0..=u8::MAX).filter(|kind| ![DATA, HEADERS, CONTINUATION].contains(kind)) {
            let part = frame(kind, 0, 1, &[0, 0, 0, 1]);
            assert_eq!(endured(&Calm::default(), &part), AT_FIRST, "{kind}");
        }
        assert_eq!(endured(&Calm::default(), &frame(DATA, 0, 1, &[])), AT_FIRST);
        // One that comes in parts is one.
        let calm = Calm::default();
        let bytes = [&[0, 1, 0, 0xfe, 0, 0, 0, 0, 0][..], &[0; 256]].concat();
        let mut frames = Frames::default();
        for mut byte in bytes.chunks(1) {
            if let Some(part) = frames.next(&mut byte) {
                calm.received(&part);
            }
        }
        assert_eq!(calm.credit.get(), AT_FIRST - 1);
    }

    #[test]
    fn what_moves_a_request_costs_nothing() {
        for part in [
            frame(DATA, 0, 1, &[0]),
            frame(DATA, END_STREAM, 1, &[0; 16_384]),
            frame(HEADERS, 0, 1, &[0; 20]),
            frame(CONTINUATION, 0, 1, &[]),
        ] {
            assert_eq!(endured(&Calm::default(), &part), u32::MAX, "{part:?}");
        }
    }

    #[test]
    fn windows_are_opened_as_finely_as_a_client_likes_for_what_it_was_sent() {
        for (piece, updates) in [(1, 4), (16, 5), (1_000, 60), (16_384, 1_000)] {
            let calm = Calm::default();
            for _ in 0..5_000 {
                calm.sent(&frame(DATA, 0, 1, &vec![0; piece]));
                for stream in (0..updates).map(|number| number % 2) {
                    calm.received(&frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]));
                }
            }
            assert!(!calm.is_disturbed(), "{piece} bytes, {updates} updates");
        }
        // All of it first, and then all the updates at once.
        let calm = Calm::default();
        (0..1_024).for_each(|_| calm.sent(&frame(DATA, 0, 1, &[0; 16_384])));
        (0..2_048).for_each(|_| calm.received(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 64, 0])));
        assert!(!calm.is_disturbed());
    }

    #[test]
    fn nothing_saves_up_more_than_the_most_and_next_to_nothing_earns_nothing() {
        let update = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
        let calm = Calm::default();
        (0..100_000).for_each(|_| calm.sent(&frame(DATA, 0, 1, &[0; 1_000])));
        assert_eq!(endured(&calm, &update), MOST);
        let calm = Calm::default();
        for _ in 0..100 {
            calm.received(&frame(DATA, 0, 1, &[0; 255]));
            calm.received(&frame(HEADERS, 0, 0, &[]));
            calm.sent(&frame(DATA, 0, 1, &[]));
            calm.sent(&frame(GOAWAY, 0, 0, &[0; 8]));
        }
        assert_eq!(endured(&calm, &update), AT_FIRST);
    }

    #[test]
    fn a_client_that_begins_and_resets_requests_is_the_business_of_other_bounds() {
        let calm = Calm::default();
        for stream in (1..100_000).step_by(2) {
            calm.received(&frame(HEADERS, END_STREAM, stream, &[0; 20]));
            calm.received(&frame(RST_STREAM, 0, stream, &[0; 4]));
        }
        assert!(!calm.is_disturbed());
    }

    #[test]
    fn a_turn_ends_after_64_kib_and_the_next_is_asked_for_unless_the_connection_is_to_be_cut() {
        let woken = Arc::<Woken>::default();
        let waker = Arc::clone(&woken).into();
        let cx = Context::from_waker(&waker);
        let calm = Calm::default();
        for turn in 0..3 {
            calm.begin_turn();
            for _ in 0..4 {
                assert!(calm.poll_turn(&cx).is_ready());
                calm.read(TURN / 4);
            }
            assert_eq!(woken.0.load(Ordering::Relaxed), turn);
            assert!(calm.poll_turn(&cx).is_pending());
            assert_eq!(woken.0.load(Ordering::Relaxed), turn + 1);
        }
        endured(&calm, &frame(0xfe, 0, 0, &[]));
        calm.begin_turn();
        assert!(calm.poll_turn(&cx).is_pending());
        assert_eq!(woken.0.load(Ordering::Relaxed), 3);
    }
}
