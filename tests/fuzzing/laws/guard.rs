//! The guard: the bytes of one connection.
//!
//! 1. However the bytes are cut, the same requests end in the same places, the same bytes are released, and the same
//!    violation is found.
//! 2. Of a head with a fault nothing is released, and nothing behind a fault is ever looked at.
//! 3. What can be read from the stream above is what was released: a prefix of the bytes, and after a fault in a head
//!    the head that stands in for it.

use super::{
    drive::{Outcome, drive, whole},
    pieces,
};
use obsgate::{
    config::{self, Timeouts},
    proxy::{
        Sweep, Waits,
        guard::{Guarded, Limits, Patience, Verdict, Violation},
    },
};
use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, ReadBuf};

/// The id of the violation, or whether the bytes are whole requests.
pub fn holds(bytes: &[u8]) -> &'static str {
    let outcome = whole(bytes);
    assert!(outcome.released <= bytes.len());
    assert!(outcome.ends.is_sorted_by(|one, next| one < next), "{outcome:?}");
    assert_reads_what_was_released(&[bytes], bytes, &outcome, 1 << 16);
    for (way, room) in pieces::ways(bytes).iter().zip([5, 600, 16]) {
        assert_eq!(drive(way.iter().copied()), outcome);
        assert_reads_what_was_released(way, bytes, &outcome, room);
    }
    let Some(violation) = outcome.violation else {
        return if outcome.whole { "whole" } else { "partial" };
    };
    if !violation.is_in_body() {
        let last = outcome.ends.last().copied().unwrap_or_default();
        assert_eq!(outcome.released, last, "a part of a bad head was released");
    }
    let behind = [bytes, b"GET /behind HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
    assert_eq!(
        whole(&behind),
        outcome,
        "what comes behind {violation} changes it"
    );
    violation.id()
}

/// Reads through the guard as a server does that answers each request at once, `room` bytes at a time.
fn assert_reads_what_was_released(way: &[&[u8]], bytes: &[u8], outcome: &Outcome, room: usize) {
    let (read, violation) = read_all(way, room);
    let released = &bytes[..outcome.released];
    let refused_head = outcome.violation.is_some_and(|violation| !violation.is_in_body());
    let expected = if refused_head {
        [released, STAND_IN].concat()
    } else {
        released.to_vec()
    };
    assert_eq!(
        read.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    assert_eq!(violation, outcome.violation);
}

fn read_all(way: &[&[u8]], room: usize) -> (Vec<u8>, Option<Violation>) {
    let verdict = Verdict::default();
    let gone = Cell::new(false);
    let stream = Pieces {
        now: &[],
        later: way.iter(),
        gone: &gone,
    };
    let mut guarded = Guarded::new(stream, Limits::default(), verdict.clone(), endless());
    let (mut read, mut idle) = (Vec::new(), false);
    let mut space = vec![0; room];
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        let mut buffer = ReadBuf::new(&mut space);
        match Pin::new(&mut guarded).poll_read(&mut cx, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => return (read, verdict.take()),
            Poll::Ready(Ok(())) => {
                read.extend_from_slice(buffer.filled());
                idle = false;
            }
            Poll::Ready(Err(_)) => {
                let violation = verdict.take();
                assert!(violation.is_some_and(Violation::is_in_body), "{violation:?}");
                return (read, violation);
            }
            Poll::Pending if idle && gone.get() => {
                let violation = verdict.take();
                assert!(violation.is_some(), "nothing can be read, and nothing is wrong");
                return (read, violation);
            }
            // The request is over, its answer sent: the next may come.
            Poll::Pending => {
                drop(verdict.exchange());
                // A client that leaves before its answers have come does without them: this one waits for all.
                gone.set(idle);
                idle = true;
            }
        }
    }
}

/// The patience of a clock that nobody runs.
fn endless() -> Patience {
    let sweep = Rc::new(Sweep::for_waits([]));
    let waits = Waits::new(&sweep, &Timeouts::default(), &config::Limits::default());
    Patience::new(&sweep, waits)
}

/// A stream that gives a piece a read, or as much of it as there is room for.
struct Pieces<'a, 'b> {
    now: &'b [u8],
    later: std::slice::Iter<'a, &'b [u8]>,
    /// After the last piece, whether the end has come.
    gone: &'a Cell<bool>,
}

impl AsyncRead for Pieces<'_, '_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.now.is_empty() {
            let Some(piece) = self.later.next() else {
                return if self.gone.get() {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                };
            };
            self.now = piece;
        }
        let (now, rest) = self.now.split_at(self.now.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.now = rest;
        Poll::Ready(Ok(()))
    }
}

const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
