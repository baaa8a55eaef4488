//! A store that answers as a test tells it to, and keeps what it was asked.

use crate::wire::Wire;
use std::{
    io::ErrorKind,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// A store on a port of its own. Dropping it fails the test if one of its answers panicked.
pub(crate) struct Store {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    begun: AtomicUsize,
    stopping: AtomicBool,
    failed: AtomicBool,
}

/// The store's end of a connection.
pub(crate) struct Line {
    wire: Wire,
    tcp: TcpStream,
}

/// A request as the store got it, body and all, its chunks joined.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Store {
    /// Starts; `answer` is given each request, read to its end, and the connection to answer on.
    pub(crate) fn start(answer: impl Fn(&Asked, &mut Line) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let (answer, served) = (Arc::new(answer), Arc::clone(&shared));
        thread::spawn(move || {
            for tcp in listener.incoming() {
                if served.stopping.load(Ordering::SeqCst) {
                    break;
                }
                let (answer, shared, tcp) = (Arc::clone(&answer), Arc::clone(&served), tcp.unwrap());
                thread::spawn(move || {
                    let play = || serve(tcp, &shared, &*answer);
                    if catch_unwind(AssertUnwindSafe(play)).is_err() {
                        shared.failed.store(true, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, shared }
    }

    /// A store that gives each request the answer that `answer` makes of it.
    pub(crate) fn answering<A: AsRef<[u8]>>(answer: impl Fn(&Asked) -> A + Send + Sync + 'static) -> Self {
        Self::start(move |asked, line| line.send(answer(asked)))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests that arrived whole, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// How many requests began to arrive.
    pub(crate) fn calls(&self) -> usize {
        self.shared.begun.load(Ordering::SeqCst)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let failed = self.shared.failed.load(Ordering::SeqCst);
        assert!(!failed || thread::panicking(), "the store could not answer");
    }
}

impl Line {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes);
    }

    /// Ends the connection, in order.
    pub(crate) fn end(&mut self) {
        self.tcp.shutdown(Shutdown::Write).unwrap();
    }

    fn has_more(&self) -> bool {
        loop {
            match self.tcp.peek(&mut [0]) {
                Ok(n) => return n > 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

impl Asked {
    /// The method and the target.
    pub(crate) fn line(&self) -> &str {
        self.head.split(" HTTP/1.1").next().unwrap()
    }

    pub(crate) fn is(&self, method: &str) -> bool {
        self.head.split(' ').next() == Some(method)
    }
}

/// An answer with a body whose length is told.
pub(crate) fn reply(status: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|one| [one, "\r\n"].concat()).collect();
    let length = if status.starts_with("204") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!("HTTP/1.1 {status}\r\n{length}{headers}\r\n{body}")
}

/// A body in chunks of so many bytes, without the empty line at its end.
pub(crate) fn chunked(body: &str, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in body.as_bytes().chunks(size) {
        bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n");
    bytes
}

/// An answer in chunks of so many bytes.
pub(crate) fn reply_in_chunks(headers: &[&str], body: &str, size: usize, trailer: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|one| [one, "\r\n"].concat()).collect();
    let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n");
    [head.as_bytes(), &chunked(body, size), trailer.as_bytes(), b"\r\n"].concat()
}

/// The document that answers `InitiateMultipartUpload`; the id as it is written there.
pub(crate) fn begun(id: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult \
         xmlns=\"http://obs.example.com/doc/2015-06-30/\"><Bucket>mine</Bucket><Key>k</Key><UploadId>{id}</UploadId>\
         </InitiateMultipartUploadResult>"
    )
}

/// Answers requests on one connection until the other side ends it, in whatever way.
fn serve(tcp: TcpStream, shared: &Shared, answer: &(impl Fn(&Asked, &mut Line) + ?Sized)) {
    let mut line = Line {
        wire: Wire::new(tcp.try_clone().unwrap()),
        tcp,
    };
    while line.has_more() {
        shared.begun.fetch_add(1, Ordering::SeqCst);
        let Ok(asked) = catch_unwind(AssertUnwindSafe(|| read(&mut line.wire))) else {
            // Broken off on the way: not a request that arrived.
            return;
        };
        lock(&shared.asked).push(asked.clone());
        answer(&asked, &mut line);
    }
}

fn read(wire: &mut Wire) -> Asked {
    let head = wire.read_head();
    let lower = head.to_ascii_lowercase();
    let mut body = Vec::new();
    if let Some((_, rest)) = lower.split_once("\r\ncontent-length: ") {
        body = wire.read_exactly(rest.lines().next().unwrap().parse().unwrap());
    } else if lower.contains("\r\ntransfer-encoding: chunked") {
        loop {
            let size = usize::from_str_radix(wire.read_until("\r\n").trim_end(), 16).unwrap();
            body.extend(wire.read_exactly(size));
            wire.read_until("\r\n");
            if size == 0 {
                break;
            }
        }
    }
    Asked { head, body }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
