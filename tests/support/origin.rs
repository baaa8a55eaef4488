//! An origin that follows a script.

use super::Wire;
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// An origin on a port of its own. Each connection runs the script on its own thread; dropping the origin waits for
/// all of them, and fails the test if one of them failed.
pub(crate) struct ScriptedOrigin {
    address: SocketAddr,
    seen: Seen,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

type Seen = Arc<Mutex<Vec<Arc<Mutex<Vec<u8>>>>>>;

impl ScriptedOrigin {
    /// Starts; `script` gets each connection with its number, from 0.
    pub(crate) fn start(script: impl Fn(usize, Wire) + Send + Sync + 'static) -> Self {
        Self::start_over(|tcp| Some(Wire::new(tcp)), script)
    }

    /// Starts, with connections that `open` opens; none if it could not, and then there is nothing to play.
    pub(crate) fn start_over(
        open: impl Fn(TcpStream) -> Option<Wire> + Send + Sync + 'static,
        script: impl Fn(usize, Wire) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, stopping) = (Seen::default(), Arc::new(AtomicBool::new(false)));
        let play = Arc::new((open, script));
        let accepting = thread::spawn({
            let (seen, stopping) = (Arc::clone(&seen), Arc::clone(&stopping));
            move || {
                let mut connections = Vec::new();
                for (number, tcp) in listener.incoming().enumerate() {
                    if stopping.load(Ordering::SeqCst) {
                        break;
                    }
                    let (play, record) = (Arc::clone(&play), Arc::default());
                    lock(&seen).push(Arc::clone(&record));
                    let tcp = tcp.unwrap();
                    connections.push(thread::spawn(move || {
                        if let Some(wire) = (play.0)(tcp) {
                            (play.1)(number, wire.recording(record));
                        }
                    }));
                }
                connections
            }
        });
        Self {
            address,
            seen,
            stopping,
            accepting: Some(accepting),
        }
    }

    /// One that gives every request, read to its end, the same answer; for as long as connections last.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_, mut wire| {
            while let Some(head) = wire.read_next_head() {
                let head = head.to_ascii_lowercase();
                if let Some((_, rest)) = head.split_once("\r\ncontent-length: ") {
                    let length = rest.split("\r\n").next().unwrap();
                    wire.read_exactly(length.parse().unwrap());
                } else if head.contains("\r\ntransfer-encoding: chunked") {
                    while wire.read_until("\r\n") != "0\r\n" {}
                    while wire.read_until("\r\n") != "\r\n" {}
                }
                wire.send(&answer);
            }
        })
    }

    /// One that must not be called.
    pub(crate) fn uncalled() -> Self {
        Self::start(|_, _| panic!("the origin was called"))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.seen).len()
    }

    /// The bytes that the connection of this number brought.
    pub(crate) fn seen(&self, number: usize) -> String {
        String::from_utf8_lossy(&self.seen_bytes(number)).into_owned()
    }

    /// The same, as bytes.
    pub(crate) fn seen_bytes(&self, number: usize) -> Vec<u8> {
        let seen = Arc::clone(&lock(&self.seen)[number]);
        lock(&seen).clone()
    }
}

impl Drop for ScriptedOrigin {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let connections = self.accepting.take().unwrap().join().unwrap();
        let failed = connections.into_iter().filter_map(|one| one.join().err()).count();
        assert!(
            failed == 0 || thread::panicking(),
            "{failed} of the origin's connections went off the script"
        );
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
