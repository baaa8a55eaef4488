//! One end of a connection, byte by byte.

use socket2::SockRef;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// One end of a connection: a raw client, or an origin's side of things.
pub(crate) struct Wire {
    tcp: TcpStream,
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    seen: Arc<Mutex<Vec<u8>>>,
}

/// How the other side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// In order.
    Closed,
    /// With a reset, or without TLS's goodbye.
    BrokenOff,
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

impl Wire {
    /// A client's end.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    /// An end in clear.
    pub(crate) fn new(tcp: TcpStream) -> Self {
        let stream = Box::new(tcp.try_clone().unwrap());
        Self::over(tcp, stream)
    }

    /// An end whose bytes go through `stream`, which goes over `tcp`.
    pub(crate) fn over(tcp: TcpStream, stream: Box<impl Read + Write + Send + 'static>) -> Self {
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(LIMIT)).unwrap();
        tcp.set_write_timeout(Some(LIMIT)).unwrap();
        Self {
            tcp,
            stream,
            unread: Vec::new(),
            seen: Arc::default(),
        }
    }

    /// Keeps everything that is read here for whoever wants to look at it later.
    #[must_use]
    pub(crate) fn recording(self, seen: Arc<Mutex<Vec<u8>>>) -> Self {
        Self { seen, ..self }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    /// Writes as much of `total` bytes as goes without the other side reading; says how much.
    pub(crate) fn fill(&mut self, total: usize, stalled: Duration) -> usize {
        self.tcp.set_write_timeout(Some(stalled)).unwrap();
        let piece = vec![b'x'; 64 * 1024];
        let mut written = 0;
        while written < total {
            match self.stream.write(&piece[..piece.len().min(total - written)]) {
                Ok(n) => written += n,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.tcp.set_write_timeout(Some(LIMIT)).unwrap();
        written
    }

    /// A head, with its empty line.
    pub(crate) fn read_head(&mut self) -> String {
        self.read_until("\r\n\r\n")
    }

    /// The next head, if there is one before the other side ends.
    pub(crate) fn read_next_head(&mut self) -> Option<String> {
        while self.unread.is_empty() {
            if !self.read_more().is_ok_and(|n| n > 0) {
                return None;
            }
        }
        Some(self.read_head())
    }

    /// Everything up to `end`, and that too.
    pub(crate) fn read_until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self
                .unread
                .windows(end.len())
                .position(|window| window == end.as_bytes())
            {
                let read: Vec<u8> = self.unread.drain(..at + end.len()).collect();
                return String::from_utf8_lossy(&read).into_owned();
            }
            let n = self.read_more().unwrap();
            assert!(
                n > 0,
                "closed before {end:?}, after {:?}",
                String::from_utf8_lossy(&self.unread)
            );
        }
    }

    pub(crate) fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            let n = self.read_more().unwrap();
            assert!(n > 0, "closed after {} of {length} bytes", self.unread.len());
        }
        self.unread.drain(..length).collect()
    }

    /// The same; none if the other side ended before.
    pub(crate) fn try_read_exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            match self.read_more() {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("the other side says nothing: {error}")
                }
                Err(_) => return None,
            }
        }
        Some(self.unread.drain(..length).collect())
    }

    /// Everything up to the end of the connection, whether that is a close or a reset.
    pub(crate) fn read_to_end(&mut self) -> String {
        while matches!(self.read_more(), Ok(n) if n > 0) {}
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    /// The same, and how it ended.
    pub(crate) fn read_to_ending(&mut self) -> (String, Ending) {
        let ending = loop {
            match self.read_more() {
                Ok(0) => break Ending::Closed,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("the other side does not end: {error}")
                }
                Err(_) => break Ending::BrokenOff,
            }
        };
        let read = String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned();
        (read, ending)
    }

    /// Reads so many bytes and keeps none of them; nothing else may have been read ahead.
    pub(crate) fn discard(&mut self, length: usize) {
        let mut left = length - std::mem::take(&mut self.unread).len();
        let mut piece = vec![0; 256 * 1024];
        while left > 0 {
            let limit = piece.len().min(left);
            let n = self.stream.read(&mut piece[..limit]).unwrap();
            assert!(n > 0, "closed {left} bytes before the end");
            left -= n;
        }
    }

    /// Whether nothing comes for as long as this, the connection staying open.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        self.tcp.set_read_timeout(Some(time)).unwrap();
        let read = self.read_more();
        self.tcp.set_read_timeout(Some(LIMIT)).unwrap();
        self.unread.is_empty()
            && read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
            && Instant::now() >= until
    }

    /// Closes in order: what was sent arrives.
    pub(crate) fn close(self) {
        let _ = self.tcp.shutdown(Shutdown::Both);
    }

    /// Breaks off.
    pub(crate) fn reset(self) {
        SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut piece = vec![0; 64 * 1024];
        let n = self.stream.read(&mut piece)?;
        self.unread.extend_from_slice(&piece[..n]);
        self.seen.lock().unwrap().extend_from_slice(&piece[..n]);
        Ok(n)
    }
}

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);
