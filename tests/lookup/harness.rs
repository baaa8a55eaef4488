//! A gate that looks buckets up, a store that counts what it is asked, and clients.

use crate::support::{ScriptedOrigin, Wire, watch};
use obsgate::{
    config::{Config, Listener, Lookup, Profile, SecretKey, Transport, Upstream},
    obs::resource::{CustomDomains, Endpoints},
    policy::Settings,
    proxy::Gate,
};
use std::{
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

pub(crate) const HOST: &str = "obs.localhost";
pub(crate) const ACCESS_KEY: &str = "demo-key";
pub(crate) const SECRET_KEY: &str = "demo-secret";

pub(crate) fn terms() -> Lookup {
    let mut terms = Lookup::new(ACCESS_KEY, SecretKey::new(SECRET_KEY.to_owned()));
    // Long enough for a machine that does other things: nothing waits that long where all is well.
    terms.timeout = Duration::from_secs(10);
    terms
}

/// A gate in front of a store, with what it wrote.
pub(crate) struct Bench {
    gate: Option<Gate>,
    address: SocketAddr,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bench {
    pub(crate) fn new(store: SocketAddr, terms: Lookup) -> Self {
        Self::with(store, terms, Settings::default(), |config| config)
    }

    pub(crate) fn with(
        store: SocketAddr,
        terms: Lookup,
        settings: Settings,
        more: impl FnOnce(Config) -> Config,
    ) -> Self {
        let profile = Profile::load(&"strict".parse().unwrap(), settings).unwrap();
        let endpoints = Endpoints {
            domains: vec![HOST.to_owned()],
            custom_domains: CustomDomains::default(),
        };
        let listener = Listener {
            address: "127.0.0.1:0".parse().unwrap(),
            transport: Transport::Http,
        };
        let upstream = Upstream::danger_plaintext("127.0.0.1", store.port());
        let config = Config::new(
            "strict",
            profile.policy.into(),
            endpoints,
            vec![listener],
            upstream,
        )
        .with_workers(NonZeroUsize::MIN)
        .with_lookup(terms);
        let log = Log::default();
        watch::begin();
        let gate = Gate::start(&more(config), Box::new(log.clone())).unwrap();
        Self {
            address: gate.addresses()[0],
            gate: Some(gate),
            log,
        }
    }

    /// Sends bytes; what comes back can be read from it.
    pub(crate) fn send(&self, request: &str) -> Wire {
        let mut client = Wire::connect(self.address);
        client.send(request);
        client
    }

    /// Uploads two bytes that name no encryption, and reads the answer.
    pub(crate) fn put(&self, target: &str) -> String {
        self.send(&put(target)).read_to_end()
    }

    /// The access log, once the gate has stopped. Nothing in it, nor in what was logged, is a secret.
    pub(crate) fn log(mut self) -> String {
        self.stop()
    }

    fn stop(&mut self) -> String {
        if let Some(gate) = self.gate.take() {
            gate.stop();
        }
        let text = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        watch::assert_kept(&text, &[SECRET_KEY]);
        text
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn put(target: &str) -> String {
    request("PUT", target, HOST, "", "hi")
}

pub(crate) fn request(method: &str, target: &str, host: &str, head: &str, body: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{head}\r\n{body}",
        body.len()
    )
}

/// A store that answers `?encryption` as it is told to, and takes everything else.
pub(crate) struct Store {
    origin: ScriptedOrigin,
    lookups: Arc<AtomicUsize>,
    others: Arc<AtomicUsize>,
}

impl Store {
    /// `answer` gets each look-up's number, from 0, and its head, and says what to send; nothing to close at once.
    pub(crate) fn new(answer: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Self {
        let (lookups, others) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let origin = ScriptedOrigin::start({
            let (lookups, others) = (Arc::clone(&lookups), Arc::clone(&others));
            move |_, mut wire| {
                let head = wire.read_head();
                if head.starts_with("GET ") && head.contains("?encryption ") {
                    let number = lookups.fetch_add(1, Ordering::SeqCst);
                    // The gate may have lost its patience by now.
                    let _ = wire.try_send(answer(number, &head));
                } else {
                    wire.read_exactly(length(&head));
                    others.fetch_add(1, Ordering::SeqCst);
                    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                }
                wire.close();
            }
        });
        Self {
            origin,
            lookups,
            others,
        }
    }

    pub(crate) fn always(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::new(move |_, _| answer.clone())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.origin.address()
    }

    pub(crate) fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    /// How many other requests reached it.
    pub(crate) fn others(&self) -> usize {
        self.others.load(Ordering::SeqCst)
    }
}

fn length(head: &str) -> usize {
    let lower = head.to_ascii_lowercase();
    let rest = lower
        .split_once("content-length: ")
        .map_or("0\r\n", |(_, rest)| rest);
    rest.split_once("\r\n").unwrap().0.parse().unwrap()
}

/// Waits for what is bound to come.
pub(crate) fn until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn configured(method: &str) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>{method}</SSEAlgorithm>\
         </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
    )
}

pub(crate) fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>m</Message></Error>")
}

pub(crate) fn none() -> String {
    answer("404 Not Found", &error("NoSuchEncryptionConfiguration"))
}

pub(crate) fn is_allowed(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}

/// The rule that a refusal names.
pub(crate) fn rule(answer: &str) -> &str {
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let (_, rest) = answer.split_once("x-obsgate-rule: ").unwrap();
    rest.split_once("\r\n").unwrap().0
}
