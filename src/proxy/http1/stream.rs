//! What a client of HTTP/1 is reached by: its socket, in clear or beneath TLS.

use crate::proxy::socket::ClientSocket;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

/// A client's end of a connection, as HTTP/1 reads and writes it.
#[derive(Debug)]
pub(in crate::proxy) enum Stream {
    Plain(ClientSocket),
    Tls(Box<TlsStream<ClientSocket>>),
    #[cfg(test)]
    Pair(tokio::io::DuplexStream),
}

/// Calls the same method of whichever stream there is.
macro_rules! either {
    ($stream:expr, $method:ident($($argument:expr),*)) => {
        match $stream.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Stream::Tls(stream) => Pin::new(&mut **stream).$method($($argument),*),
            #[cfg(test)]
            Stream::Pair(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl Stream {
    /// Makes closing the stream reset its connection.
    pub(in crate::proxy) fn reset(&self) {
        match self {
            Self::Plain(stream) => stream.reset(),
            Self::Tls(stream) => stream.get_ref().0.reset(),
            #[cfg(test)]
            Self::Pair(_) => {}
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_shutdown(cx))
    }
}
