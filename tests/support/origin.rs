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

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.seen).len()
    }

    /// The bytes that the connection of this number brought.
    pub(crate) fn seen(&self, number: usize) -> String {
        let seen = Arc::clone(&lock(&self.seen)[number]);
        String::from_utf8_lossy(&lock(&seen)).into_owned()
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
