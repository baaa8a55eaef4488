//! A client's socket, beneath everything else: it gives up on a client that takes nothing of what is written to it.
//!
//! Beneath TLS and whatever protocol there is, since nowhere else it shows whether bytes move. Such a connection ends
//! with a reset: the answer cannot be ended in order, and what is left of it must not wait in the system's buffers.

use super::sweep::{Sweep, Tick, Watch};
use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A client's end of a connection.
#[derive(Debug)]
pub(super) struct ClientSocket {
    stream: TcpStream,
    sweep: Rc<Sweep>,
    /// How long a write may wait.
    patience: Tick,
    /// Made when a write waits for the first time: most connections never have one that does.
    watch: Option<Watch>,
    waiting: bool,
}

impl ClientSocket {
    /// A socket whose client may take nothing for so many ticks while there is something to take.
    pub(super) fn new(stream: TcpStream, sweep: Rc<Sweep>, patience: Tick) -> Self {
        Self {
            stream,
            sweep,
            patience,
            watch: None,
            waiting: false,
        }
    }

    /// Makes closing the socket reset its connection.
    pub(super) fn reset(&self) {
        if let Err(error) = self.stream.set_zero_linger() {
            tracing::debug!(%error, "the socket does not take SO_LINGER");
        }
    }

    #[cold]
    fn poll_expired(&mut self, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        let watch = self.watch.get_or_insert_with(|| self.sweep.watch());
        if !self.waiting {
            self.waiting = true;
            watch.set(self.patience);
        }
        watch.poll(cx).map(|()| {
            self.reset();
            Err(io::ErrorKind::TimedOut.into())
        })
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ClientSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if written.is_pending() {
            return self.poll_expired(cx);
        }
        self.waiting = false;
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if written.is_pending() {
            return self.poll_expired(cx);
        }
        self.waiting = false;
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
