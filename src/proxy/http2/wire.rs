//! The stream beneath `h2`: what goes over it is followed frame by frame, and nothing is read for a connection that holds
//! too much, has had its turn, or is to be cut.

use super::{calm::Calm, frames::Frames, held::Held};
use crate::proxy::sweep::{Sweep, Watch};
use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that keeps its connection's [`Held`] and [`Calm`].
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    held: Rc<Held>,
    calm: Rc<Calm>,
    received: Frames,
    sent: Frames,
    /// When to see whether others hold less by now.
    again: Watch,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, held: Rc<Held>, calm: Rc<Calm>, sweep: &Rc<Sweep>) -> Self {
        Self {
            stream,
            held,
            calm,
            received: Frames::of_client(),
            sent: Frames::default(),
            again: sweep.watch(),
        }
    }

    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.held.is_full() {
            return Poll::Ready(());
        }
        self.held.wait(cx);
        self.again.set(0);
        self.again.poll(cx)
    }

    fn note_sent(&mut self, mut bytes: &[u8]) {
        while let Some(part) = self.sent.next(&mut bytes) {
            self.held.sent(&part);
            self.calm.sent(&part);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.held.rest(true);
        if self.poll_room(cx).is_pending() || self.calm.poll_turn(cx).is_pending() {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.held.rest(read.is_pending());
        let mut came = buffer.filled().get(before..).unwrap_or_default();
        this.calm.read(came.len());
        while let Some(part) = this.received.next(&mut came) {
            this.held.received(&part);
            this.calm.received(&part);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.note_sent(bytes.get(..count).unwrap_or(bytes));
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(mut count)) = written {
            for slice in slices {
                let gone = slice.get(..count).unwrap_or(slice);
                self.note_sent(gone);
                count -= gone.len();
            }
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
