//! A connection's bytes, in clear or over TLS.

use bytes::BytesMut;
use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How sure one has to be that an idle connection still lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// What the runtime knows will do: the request can be sent again.
    Repeatable,
    /// The socket itself is asked: the request can be sent but once.
    Once,
}

impl Stream {
    /// Reads what is there to the end of `into`, which has room.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut BytesMut) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => pin!(stream.read_buf(into)).poll(cx),
            Self::Tls(stream) => pin!(stream.read_buf(into)).poll(cx),
        }
    }

    /// Ready when the other side sent something or closed: on an idle connection either ends its use. What a TLS
    /// session says to itself (tickets) is taken in and does not count.
    pub(super) fn poll_disturbed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut one = [MaybeUninit::uninit()];
        let mut byte = ReadBuf::uninit(&mut one);
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, &mut byte).map(drop),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, &mut byte).map(drop),
        }
    }

    /// Whether an idle connection is still good for a request (rulings, 30).
    pub(super) fn is_quiet(&mut self, care: Care) -> bool {
        if self
            .poll_disturbed(&mut Context::from_waker(Waker::noop()))
            .is_ready()
        {
            return false;
        }
        let tcp = match self {
            Self::Plain(stream) => &*stream,
            Self::Tls(stream) => stream.get_ref().0,
        };
        let peek = || SockRef::from(tcp).peek(&mut [MaybeUninit::uninit()]);
        care == Care::Repeatable || peek().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}
