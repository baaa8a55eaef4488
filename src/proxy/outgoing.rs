//! Bytes on their way out, to upstream or to a client: small ones gathered into one write, large ones never copied.

use super::message::write_field;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use std::{
    io::{self, IoSlice, Write as _},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::AsyncWrite;

/// What is still to be written, in this order: the gathered bytes, then the large piece, then its end of line.
#[derive(Default)]
pub(super) struct Outgoing {
    gathered: Vec<u8>,
    written: usize,
    large: Bytes,
    tail: &'static [u8],
    /// Something was written since anybody asked.
    moved: bool,
}

impl Outgoing {
    /// Begins with a head; gives the room of the one before back.
    pub(super) fn begin(&mut self, head: Vec<u8>) -> Vec<u8> {
        self.written = 0;
        self.large = Bytes::new();
        self.tail = b"";
        let mut room = mem::replace(&mut self.gathered, head);
        room.clear();
        room.shrink_to(SPARE);
        room
    }

    /// The head it began with, as long as nothing was put behind it.
    pub(super) fn take_head(&mut self) -> Vec<u8> {
        self.written = 0;
        mem::take(&mut self.gathered)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written == self.gathered.len() && self.large.is_empty() && self.tail.is_empty()
    }

    /// Whether something was written since this was last asked.
    pub(super) fn take_moved(&mut self) -> bool {
        mem::take(&mut self.moved)
    }

    pub(super) fn is_unwritten(&self) -> bool {
        self.written == 0
    }

    /// Whether more may be put behind what is here already.
    pub(super) fn has_room(&self) -> bool {
        self.large.is_empty() && self.tail.is_empty() && self.gathered.len() - self.written < GATHERED
    }

    /// A piece of body, framed. Only with room.
    pub(super) fn put_data(&mut self, data: Bytes, chunked: bool) {
        if self.written == self.gathered.len() {
            self.gathered.clear();
            self.written = 0;
        }
        let tail: &[u8] = if chunked {
            // Writing to a `Vec` does not fail.
            let _ = write!(self.gathered, "{:x}\r\n", data.len());
            b"\r\n"
        } else {
            b""
        };
        if data.len() <= COPIED {
            self.gathered.extend_from_slice(&data);
            self.gathered.extend_from_slice(tail);
        } else {
            self.large = data;
            self.tail = tail;
        }
    }

    /// The last chunk and the trailers. Only with room.
    pub(super) fn put_end(&mut self, trailers: &HeaderMap) {
        debug_assert!(self.has_room(), "the end would come before what is before it");
        self.gathered.extend_from_slice(b"0\r\n");
        for (name, value) in trailers {
            write_field(name.as_str(), value, &mut self.gathered);
        }
        self.gathered.extend_from_slice(b"\r\n");
    }

    /// Writes until nothing is left.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let gathered = self.gathered.get(self.written..).unwrap_or_default();
            let written = if self.large.is_empty() && self.tail.is_empty() {
                ready!(Pin::new(&mut *stream).poll_write(cx, gathered))?
            } else {
                let slices = [
                    IoSlice::new(gathered),
                    IoSlice::new(&self.large),
                    IoSlice::new(self.tail),
                ];
                ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &slices))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Pin::new(stream).poll_flush(cx)
    }

    fn advance(&mut self, written: usize) {
        self.moved = true;
        let from_gathered = written.min(self.gathered.len() - self.written);
        self.written += from_gathered;
        let from_large = (written - from_gathered).min(self.large.len());
        self.large.advance(from_large);
        let from_tail = written - from_gathered - from_large;
        self.tail = self.tail.get(from_tail..).unwrap_or_default();
    }
}

/// Pieces up to this size are copied behind what is gathered.
const COPIED: usize = 16 * 1024;
/// More than this is written before more is gathered.
const GATHERED: usize = 32 * 1024;
/// What a buffer keeps between requests.
const SPARE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(out: &Outgoing) -> Vec<u8> {
        [out.gathered.get(out.written..).unwrap(), &out.large, out.tail].concat()
    }

    #[test]
    fn every_partial_write_leaves_the_rest_and_nothing_else() {
        for size in [1, COPIED, COPIED + 1] {
            for framing in [false, true] {
                let mut whole = Outgoing::default();
                whole.begin(b"head".to_vec());
                whole.put_data(Bytes::from(vec![b'x'; size]), framing);
                let is_open = whole.has_room();
                assert_eq!(is_open, size <= COPIED);
                if is_open {
                    whole.put_data(Bytes::from(vec![b'y'; 7]), framing);
                }
                let all = bytes(&whole);
                for written in 0..=all.len() {
                    let mut out = Outgoing {
                        large: whole.large.clone(),
                        gathered: whole.gathered.clone(),
                        ..whole
                    };
                    out.advance(written);
                    assert_eq!(bytes(&out), all[written..]);
                    assert_eq!(out.is_empty(), written == all.len());
                }
            }
        }
    }

    #[test]
    fn chunks_carry_their_size_and_the_end_its_trailers() {
        let mut out = Outgoing::default();
        out.put_data(Bytes::from_static(b"hello, there, world"), true);
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
        out.put_end(&trailers);
        assert_eq!(bytes(&out), b"13\r\nhello, there, world\r\n0\r\nx-sum: 1\r\n\r\n");
    }
}
