//! The close that lets a client read its refusal (rulings, 31).
//!
//! A socket closed while the client is still sending answers the next bytes with a reset, and a reset can destroy
//! the answer before the client has read it. So when a request's body was left unread, closing first ends our own
//! side, then discards what still comes, within bounds, and only then lets go.

use super::{http1::Stream, intake::Intake};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// A stream that lingers when it is shut down with a request body unread, and resets its connection when it is let go
/// without that in the middle of an answer whose end nothing else would show.
#[derive(Debug)]
pub(super) struct Lingering {
    stream: Stream,
    intake: Intake,
    closing: Closing,
}

impl Lingering {
    pub(super) fn new(stream: Stream, intake: Intake) -> Self {
        Self {
            stream,
            intake,
            closing: Closing::NotYet,
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.closing {
                Closing::NotYet => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                    this.closing = if this.intake.is_unread() {
                        Closing::Discarding {
                            left: DISCARD_BYTES,
                            until: Box::pin(tokio::time::sleep(DISCARD_TIME)),
                        }
                    } else {
                        Closing::Closed
                    };
                }
                Closing::Discarding { left, until } => {
                    ready!(poll_discard(&mut this.stream, left, until.as_mut(), cx));
                    this.closing = Closing::Closed;
                }
                Closing::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        // Whoever shuts the stream down has written all there was.
        if self.intake.is_last() && matches!(self.closing, Closing::NotYet) {
            self.stream.reset();
        }
    }
}

#[derive(Debug)]
enum Closing {
    NotYet,
    Discarding { left: usize, until: Pin<Box<Sleep>> },
    Closed,
}

/// Reads and throws away until the client has ended its side, the bytes or the time are used up, or it fails.
fn poll_discard(
    stream: &mut Stream,
    left: &mut usize,
    until: Pin<&mut Sleep>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if until.poll(cx).is_ready() {
        return Poll::Ready(());
    }
    let mut bytes = [0; DISCARD_AT_ONCE];
    while *left > 0 {
        let mut buffer = ReadBuf::new(&mut bytes);
        match ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => *left = left.saturating_sub(buffer.filled().len()),
            Ok(()) | Err(_) => return Poll::Ready(()),
        }
    }
    Poll::Ready(())
}

const DISCARD_BYTES: usize = 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);
const DISCARD_AT_ONCE: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_nothing_unread_closes_at_once() {
        let (_client, server) = duplex(64);
        let before = tokio::time::Instant::now();
        Lingering::new(Stream::Pair(server), Intake::default())
            .shutdown()
            .await
            .unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_neither_sends_nor_closes_is_waited_for_five_seconds() {
        let (_client, server) = duplex(64);
        let intake = Intake::default();
        intake.begin(true);
        let before = tokio::time::Instant::now();
        Lingering::new(Stream::Pair(server), intake)
            .shutdown()
            .await
            .unwrap();
        assert_eq!(before.elapsed(), DISCARD_TIME);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_on_sending_is_read_up_to_the_bound() {
        let (mut client, server) = duplex(4096);
        let intake = Intake::default();
        intake.begin(true);
        let sender = tokio::spawn(async move {
            let mut sent = 0;
            while client.write_all(&[7; 4096]).await.is_ok() {
                sent += 4096;
            }
            sent
        });
        let mut stream = Lingering::new(Stream::Pair(server), intake);
        let before = tokio::time::Instant::now();
        stream.shutdown().await.unwrap();
        assert!(before.elapsed() < DISCARD_TIME);
        drop(stream);
        let sent: usize = sender.await.unwrap();
        assert!(
            (DISCARD_BYTES..DISCARD_BYTES + 64 * 1024).contains(&sent),
            "{sent}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_ends_its_side_is_let_go_at_once_and_has_seen_the_end_of_ours() {
        let (mut client, server) = duplex(64);
        let intake = Intake::default();
        intake.begin(true);
        let reader = tokio::spawn(async move {
            let mut rest = Vec::new();
            client.write_all(b"tail").await.unwrap();
            client.read_to_end(&mut rest).await.unwrap();
            client.shutdown().await.unwrap();
            rest
        });
        let before = tokio::time::Instant::now();
        Lingering::new(Stream::Pair(server), intake)
            .shutdown()
            .await
            .unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert!(reader.await.unwrap().is_empty());
    }
}
