//! A gate before a store that keeps every request it got whole, and clients that read byte by byte.

use crate::{
    harness::{Certified, DOMAIN, Over, connect_tls},
    reading::read_request,
    support::Wire,
};
use obsgate::{
    config::{Builtin, Config, Identity, Listener, Profile, Timeouts, Transport, Upstream},
    obs::resource::{CustomDomains, Endpoints},
    policy::Settings,
    proxy::Gate,
};
use rustls::ClientConfig;
use std::{
    io::{self, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A store that answers every whole request with `ok`, and keeps it.
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    whole: Arc<Mutex<Vec<Vec<u8>>>>,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

/// A gate over both schemes, path style for the hosts `obs.example.com` and `h`.
pub(crate) struct Guarded {
    addresses: Vec<SocketAddr>,
    gate: Option<Gate>,
    trust: Arc<ClientConfig>,
}

impl Store {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (whole, stopping) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(AtomicBool::new(false)));
        let accepting = thread::spawn({
            let (whole, stopping) = (Arc::clone(&whole), Arc::clone(&stopping));
            move || {
                let mut connections = Vec::new();
                while let Ok((tcp, _)) = listener.accept() {
                    if stopping.load(Ordering::SeqCst) {
                        break;
                    }
                    let whole = Arc::clone(&whole);
                    connections.push(thread::spawn(move || serve(tcp, &whole)));
                }
                connections
            }
        });
        Self {
            address,
            whole,
            stopping,
            accepting: Some(accepting),
        }
    }

    /// How many requests came whole so far.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// The requests that came whole, from this one on.
    pub(crate) fn since(&self, first: usize) -> Vec<Vec<u8>> {
        self.lock()[first..].to_vec()
    }

    /// Waits for the end of every connection, and gives all the requests that came whole.
    pub(crate) fn finish(mut self) -> Vec<Vec<u8>> {
        self.stop();
        self.since(0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            self.stopping.store(true, Ordering::SeqCst);
            drop(TcpStream::connect(self.address));
            for one in accepting.join().unwrap() {
                assert!(one.join().is_ok() || thread::panicking(), "the store failed");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Guarded {
    pub(crate) fn before(store: SocketAddr) -> Self {
        let upstream = Upstream::danger_plaintext(store.ip().to_string(), store.port());
        Self::configured(upstream, Timeouts::default())
    }

    pub(crate) fn configured(upstream: Upstream, timeouts: Timeouts) -> Self {
        let certified = Certified::make();
        let trust = certified.client();
        let profile = Profile::builtin(Builtin::Strict, Settings::default()).unwrap();
        let identity = Identity {
            certificate_chain: certified.chain,
            private_key: certified.key,
        };
        let listeners = [Transport::Http, Transport::Https(identity)].map(|transport| Listener {
            address: ([127, 0, 0, 1], 0).into(),
            transport,
        });
        let endpoints = Endpoints {
            domains: vec![DOMAIN.into(), "h".into()],
            custom_domains: CustomDomains::default(),
        };
        let config = Config::new(
            profile.name,
            Arc::new(profile.policy),
            endpoints,
            listeners.into(),
            upstream,
        )
        .with_timeouts(timeouts)
        .with_workers(NonZeroUsize::MIN);
        let gate = Gate::start(&config, Box::new(io::sink())).unwrap();
        Self {
            addresses: gate.addresses().to_vec(),
            gate: Some(gate),
            trust,
        }
    }

    pub(crate) fn address(&self, over: Over) -> SocketAddr {
        self.addresses[usize::from(over == Over::Https)]
    }

    pub(crate) fn connect(&self, over: Over) -> Wire {
        match over {
            Over::Http => Wire::connect(self.address(over)),
            Over::Https => connect_tls(self.address(over), &self.trust),
        }
    }

    /// A connection in clear whose client can end its side.
    pub(crate) fn connect_half(&self) -> (Wire, Half) {
        let tcp = TcpStream::connect(self.address(Over::Http)).unwrap();
        let half = Half(tcp.try_clone().unwrap());
        (Wire::new(tcp), half)
    }

    /// A plain request on a connection of its own is served.
    #[track_caller]
    pub(crate) fn assert_serves(&self) {
        let mut wire = self.connect(Over::Http);
        wire.send(ALIVE);
        let all = wire.read_to_end();
        assert!(
            all.starts_with("HTTP/1.1 200 OK\r\n") && all.ends_with("\r\n\r\nok"),
            "{all}"
        );
    }

    pub(crate) fn stop(mut self) {
        self.gate.take().unwrap().stop();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.stop();
        }
    }
}

/// A client's own side of a connection.
pub(crate) struct Half(TcpStream);

impl Half {
    /// Ends it: the gate reads the end, and can still write.
    pub(crate) fn end(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }
}

fn serve(tcp: TcpStream, whole: &Mutex<Vec<Vec<u8>>>) {
    let mut answers = tcp.try_clone().unwrap();
    let mut reader = BufReader::new(tcp);
    while let Some(request) = read_request(&mut reader) {
        let to_head = request.starts_with(b"HEAD ");
        whole.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer: &[u8] = if to_head { &OK[..OK.len() - 2] } else { OK };
        if answers.write_all(answer).is_err() {
            return;
        }
    }
}

pub(crate) const ALIVE: &str =
    "GET /mine/alive HTTP/1.1\r\nHost: obs.example.com\r\nConnection: close\r\n\r\n";
/// [`ALIVE`], as the store sees it.
pub(crate) const ALIVE_SEEN: &str = "GET /mine/alive HTTP/1.1\r\nhost: obs.example.com\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
