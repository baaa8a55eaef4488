//! A gate on ports of its own, in this process, and what it wrote.

use crate::{
    message::{Answer, SECRETS},
    support::{ScriptedOrigin, Wire},
};
use obsgate::{
    config::{
        AccessLog, Builtin, Config, Identity, Limits, Listener, Profile, Timeouts, Transport, Upstream,
    },
    obs::resource::{CustomDomains, Endpoints},
    policy::{Mode, Settings},
    proxy::Gate,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use serde_json::Value;
use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

pub(crate) const DOMAIN: &str = "obs.example.com";

/// Which of the gate's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Http,
    Https,
}

/// How a gate under test is set up.
pub(crate) struct Setup {
    pub(crate) upstream: Upstream,
    pub(crate) profile: Builtin,
    pub(crate) settings: Settings,
    pub(crate) access_log: AccessLog,
    pub(crate) workers: usize,
    pub(crate) http2: bool,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
}

/// A running gate. Dropping it stops it, and fails the test if a secret of its traffic is in what it wrote.
pub(crate) struct Running {
    pub(crate) addresses: Vec<SocketAddr>,
    operator: SocketAddr,
    gate: Option<Gate>,
    trust: Arc<ClientConfig>,
    output: Output,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

/// A self-signed certificate for the endpoint, and a client that trusts nothing else.
pub(crate) struct Certified {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) pem: String,
    pub(crate) key_pem: String,
}

impl Setup {
    /// The `strict` profile, one worker, a JSON access log.
    pub(crate) fn before(origin: &ScriptedOrigin) -> Self {
        Self::to(origin.address())
    }

    pub(crate) fn to(origin: SocketAddr) -> Self {
        Self::over(Upstream::danger_plaintext(origin.ip().to_string(), origin.port()))
    }

    pub(crate) fn over(upstream: Upstream) -> Self {
        Self {
            upstream,
            profile: Builtin::Strict,
            settings: Settings::default(),
            access_log: AccessLog::Json,
            workers: 1,
            http2: true,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }

    pub(crate) fn profile(self, profile: Builtin) -> Self {
        Self { profile, ..self }
    }

    pub(crate) fn shadow(self) -> Self {
        let settings = Settings {
            mode: Mode::Shadow,
            ..self.settings
        };
        Self { settings, ..self }
    }

    #[allow(dead_code, clippy::allow_attributes, reason = "for tests of HTTP/2")]
    pub(crate) fn without_http2(self) -> Self {
        Self { http2: false, ..self }
    }

    pub(crate) fn start(self) -> Running {
        let certified = Certified::make();
        let trust = certified.client();
        let profile = Profile::builtin(self.profile, self.settings).unwrap();
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let listeners = [
            Transport::Http,
            Transport::Https(Identity {
                certificate_chain: certified.chain,
                private_key: certified.key,
            }),
        ]
        .map(|transport| Listener {
            address: any,
            transport,
        });
        let endpoints = Endpoints {
            domains: vec![DOMAIN.into()],
            custom_domains: CustomDomains::default(),
        };
        let config = Config::new(
            profile.name,
            Arc::new(profile.policy),
            endpoints,
            listeners.into(),
            self.upstream,
        )
        .with_access_log(self.access_log)
        .with_http2(self.http2)
        .with_limits(self.limits)
        .with_timeouts(self.timeouts)
        .with_admin(any)
        .with_workers(NonZeroUsize::new(self.workers).unwrap());
        let output = Output::default();
        let gate = Gate::start(&config, Box::new(output.clone())).unwrap();
        Running {
            addresses: gate.addresses().to_vec(),
            operator: gate.admin().unwrap(),
            gate: Some(gate),
            trust,
            output,
        }
    }
}

impl Running {
    /// The gate with its defaults.
    pub(crate) fn before(origin: &ScriptedOrigin) -> Self {
        Setup::before(origin).start()
    }

    pub(crate) fn connect(&self, over: Over) -> Wire {
        match over {
            Over::Http => Wire::connect(self.addresses[0]),
            Over::Https => self.connect_over_tls(self.addresses[1]),
        }
    }

    /// A connection over TLS to the gate, by way of another address.
    pub(crate) fn connect_over_tls(&self, address: SocketAddr) -> Wire {
        connect_tls(address, &self.trust)
    }

    /// What a client trusts.
    #[allow(
        dead_code,
        clippy::allow_attributes,
        reason = "for tests that shake hands themselves"
    )]
    pub(crate) fn trust(&self) -> &Arc<ClientConfig> {
        &self.trust
    }

    /// Sends one request on a connection of its own and reads its answer.
    pub(crate) fn ask(&self, over: Over, request: impl AsRef<[u8]>) -> Answer {
        let mut wire = self.connect(over);
        wire.send(&request);
        Answer::read(&mut wire, request.as_ref().starts_with(b"HEAD "))
    }

    /// A number that the gate shows its operator; 0 while it is not shown.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut wire = Wire::connect(self.operator);
        wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let all = wire.read_to_end();
        let line = all
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until a number that the gate shows its operator is as it should be.
    pub(crate) fn wait_for_metric(&self, name: &str, is: impl Fn(u64) -> bool) {
        let until = Instant::now() + LIMIT;
        while !is(self.metric(name)) {
            assert!(Instant::now() < until, "`{name}` stays at {}", self.metric(name));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a rule was hit so many times: an answer is counted when it has ended, which its reader may see first.
    pub(crate) fn wait_for_hits(&self, rule: &str, times: u64) {
        let name = format!("obsgate_rule_hits_total{{rule=\"{rule}\"}}");
        self.wait_for_metric(&name, |hits| hits == times);
    }

    /// Stops the gate, and gives the lines it wrote.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.stop();
        self.output.text().lines().map(str::to_owned).collect()
    }

    /// Stops the gate, and gives the events it logged.
    pub(crate) fn events(self) -> Vec<Value> {
        let lines = self.finish();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn stop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.stop();
        }
        let text = self.output.text();
        for secret in SECRETS {
            assert!(
                thread::panicking() || !text.contains(secret),
                "`{secret}` was logged: {text}"
            );
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Certified {
    pub(crate) fn make() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([DOMAIN.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        Self {
            chain: vec![cert.der().clone()],
            pem: cert.pem(),
            key_pem: signing_key.serialize_pem(),
            key: signing_key.into(),
        }
    }

    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.chain[0].clone()).unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}

pub(crate) fn connect_tls(address: SocketAddr, trust: &Arc<ClientConfig>) -> Wire {
    let mut tcp = TcpStream::connect(address).unwrap();
    let name = ServerName::try_from(DOMAIN).unwrap();
    let mut session = ClientConnection::new(Arc::clone(trust), name).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut tcp).unwrap();
    }
    Wire::over(tcp.try_clone().unwrap(), Box::new(StreamOwned::new(session, tcp)))
}

impl Output {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);
