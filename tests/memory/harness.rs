//! A gate on ports of its own, in this process, and what it logged.

use crate::{
    message::{Answer, SECRETS},
    watch,
    wire::Wire,
};
use obsgate::{
    config::{Builtin, Config, Identity, Listener, Profile, Transport, Upstream},
    obs::resource::{CustomDomains, Endpoints},
    policy::{Mode, Settings, UnknownBucketDefault, UnknownUpload},
    proxy::{Gate, StartError},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use serde_json::Value;
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(crate) const DOMAIN: &str = "obs.example.com";

/// Which of the gate's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Http,
    Https,
}

impl Over {
    pub(crate) const ALL: [Self; 2] = [Self::Http, Self::Https];
}

/// How a gate is set up.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    profile: Builtin,
    settings: Settings,
    workers: usize,
}

/// A running gate. Dropping it stops it, and fails the test if it logged a secret.
pub(crate) struct Running {
    addresses: Vec<SocketAddr>,
    admin: SocketAddr,
    gate: Option<Gate>,
    trust: Arc<ClientConfig>,
    output: Output,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Setup {
    /// As it comes.
    pub(crate) fn strict() -> Self {
        Self::of(Builtin::Strict)
    }

    pub(crate) fn of(profile: Builtin) -> Self {
        Self {
            profile,
            settings: Settings::default(),
            workers: 1,
        }
    }

    pub(crate) fn unknown_upload(mut self, setting: UnknownUpload) -> Self {
        self.settings.unknown_upload = setting;
        self
    }

    pub(crate) fn unknown_bucket_default(mut self, setting: UnknownBucketDefault) -> Self {
        self.settings.unknown_bucket_default = setting;
        self
    }

    /// With more workers than one, events come in no order.
    pub(crate) fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    pub(crate) fn shadow(mut self) -> Self {
        self.settings.mode = Mode::Shadow;
        self
    }

    pub(crate) fn before(self, store: SocketAddr) -> Running {
        self.start(store, |config| config).unwrap()
    }

    /// The same, with more settings.
    pub(crate) fn start(
        self,
        store: SocketAddr,
        more: impl FnOnce(Config) -> Config,
    ) -> Result<Running, StartError> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([DOMAIN.to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let trust = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let identity = Identity {
            certificate_chain: vec![cert.der().clone()],
            private_key: signing_key.into(),
        };
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let listeners = [Transport::Http, Transport::Https(identity)].map(|transport| Listener {
            address: any,
            transport,
        });
        let endpoints = Endpoints {
            domains: vec![DOMAIN.into()],
            custom_domains: CustomDomains::default(),
        };
        let profile = Profile::builtin(self.profile, self.settings).unwrap();
        let config = Config::new(
            profile.name,
            Arc::new(profile.policy),
            endpoints,
            listeners.into(),
            Upstream::danger_plaintext(store.ip().to_string(), store.port()),
        )
        .with_admin(any)
        .with_workers(NonZeroUsize::new(self.workers).unwrap());
        let output = Output::default();
        watch::begin();
        let gate = Gate::start(&more(config), Box::new(output.clone()))?;
        Ok(Running {
            addresses: gate.addresses().to_vec(),
            admin: gate.admin().unwrap(),
            gate: Some(gate),
            trust: Arc::new(trust),
            output,
        })
    }
}

impl Running {
    pub(crate) fn connect(&self, over: Over) -> Wire {
        match over {
            Over::Http => Wire::connect(self.addresses[0]),
            Over::Https => {
                let mut tcp = TcpStream::connect(self.addresses[1]).unwrap();
                let name = ServerName::try_from(DOMAIN).unwrap();
                let mut session = ClientConnection::new(Arc::clone(&self.trust), name).unwrap();
                while session.is_handshaking() {
                    session.complete_io(&mut tcp).unwrap();
                }
                Wire::over(tcp.try_clone().unwrap(), Box::new(StreamOwned::new(session, tcp)))
            }
        }
    }

    /// Sends one request on a connection of its own and reads its answer.
    pub(crate) fn ask(&self, over: Over, request: impl AsRef<[u8]>) -> Answer {
        let mut wire = self.connect(over);
        wire.send(request);
        Answer::read(&mut wire)
    }

    /// Sends some bytes over HTTP and nothing more, and reads all that comes.
    pub(crate) fn ask_and_end(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut tcp = TcpStream::connect(self.addresses[0]).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp.write_all(bytes.as_ref()).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let mut read = Vec::new();
        // Whether it ends with a close or a reset.
        let _ = tcp.read_to_end(&mut read);
        String::from_utf8_lossy(&read).into_owned()
    }

    /// A counter of the gate's.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let mut wire = Wire::connect(self.admin);
        wire.send("GET /metrics HTTP/1.1\r\nHost: admin\r\n\r\n");
        let text = Answer::read(&mut wire).text();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }

    /// Stops the gate, and gives the events it logged.
    pub(crate) fn events(mut self) -> Vec<Value> {
        self.stop();
        let bytes = self.output.0.lock().unwrap();
        String::from_utf8_lossy(&bytes)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn stop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.stop();
        }
        let bytes = self.output.0.lock().unwrap_or_else(PoisonError::into_inner);
        watch::assert_kept(&String::from_utf8_lossy(&bytes), &SECRETS);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
