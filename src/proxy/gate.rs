//! The gate as a whole: sockets bound, workers started, and all of them stopped again.

use super::{
    admin,
    admission::{Door, Peers, Room},
    answer::Journal,
    guard,
    knowledge::{Clock, Knowledge},
    listener,
    lookup::Terms,
    tls,
    upstream::{Origin, Timeouts},
    worker::{Seed, Socket},
};
use crate::{
    config::{AccessLog, Config, Transport},
    obs::{form, scheme::Scheme},
    state::{Limits, OpenError, State},
    telemetry::{Counters, Format, Writer},
};
use rustls::ServerConfig;
use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::{
    runtime::Runtime,
    sync::{oneshot, watch},
};

/// A running gate. [`Gate::stop`] ends it in order; dropping it lets the workers finish on their own.
#[derive(Debug)]
pub struct Gate {
    addresses: Vec<SocketAddr>,
    admin: Option<Admin>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<io::Result<()>>>,
    writer: Writer,
}

/// The operator's listener: outlives the workers, so that it can say that they are finishing.
#[derive(Debug)]
struct Admin {
    address: SocketAddr,
    /// Ends it when dropped.
    end: oneshot::Sender<Infallible>,
    thread: JoinHandle<io::Result<()>>,
}

/// Why the gate cannot start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Certificates or keys do not make a TLS configuration.
    Tls(rustls::Error),
    /// The upstream's host is no name a certificate could have.
    UpstreamName(String),
    /// The state's file cannot be used.
    State(OpenError),
    /// No thread can be had.
    Thread(io::Error),
}

impl Gate {
    /// Binds every socket and starts every worker. When this returns, connections are accepted.
    ///
    /// # Errors
    /// When an address is in use, a certificate does not fit, or no thread can be had.
    pub fn start(config: &Config, output: Box<dyn io::Write + Send>) -> Result<Self, StartError> {
        let format = match config.access_log() {
            AccessLog::Json => Format::Json,
            AccessLog::Text => Format::Text,
            AccessLog::Off => Format::Off,
        };
        let origin = origin(config)?;
        let workers = config.workers().get();
        let (addresses, sockets) = bind(config)?;
        let writer = Writer::start(output).map_err(StartError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let counters: Vec<Arc<Counters>> = (0..workers).map(|_| Arc::default()).collect();
        let endpoints = Arc::new(config.endpoints().clone());
        let knowledge = knowledge(config)?;
        let lookups = config.lookup().map(Terms::new);
        let mut gate = Self {
            addresses,
            admin: None,
            stop,
            threads: Vec::new(),
            writer,
        };
        if let Some(address) = config.admin() {
            gate.admin = Admin::start(address, &counters, &stopped)?;
        }
        for ((number, sockets), counters) in (0..).zip(sockets).zip(counters) {
            let seed = Seed {
                number,
                policy: config.policy().clone(),
                endpoints: endpoints.clone(),
                origin: origin.clone(),
                knowledge: knowledge.clone(),
                lookups: lookups.clone(),
                form_limits: form_limits(config),
                timeouts: *config.timeouts(),
                limits: *config.limits(),
                sizes: sizes(config),
                room: Room::of(config.limits(), workers),
                sockets,
                stop: stopped.clone(),
            };
            let log = gate.writer.log(format);
            let thread = spawn(format!("worker-{number}"), move |runtime| {
                seed.run(runtime, move || Journal {
                    log: Rc::new(log),
                    counters,
                })
            })?;
            gate.threads.push(thread);
        }
        Ok(gate)
    }

    /// Whether a gate could be made of these settings: the part of starting that touches nothing.
    ///
    /// # Errors
    /// When a key does not fit its certificate, or the upstream's name can have none.
    pub fn verify(config: &Config) -> Result<(), StartError> {
        for listener in config.listeners() {
            identity(&listener.transport, config.http2())?;
        }
        origin(config).map(drop)
    }

    /// The addresses listened on, in the order of the settings.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address that `/healthz`, `/readyz` and `/metrics` answer on.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// Stops accepting, lets what is in flight finish, and returns when all is done and logged.
    pub fn stop(self) {
        self.stop.send_replace(true);
        self.threads.into_iter().for_each(join);
        self.writer.finish();
        if let Some(admin) = self.admin {
            drop(admin.end);
            join(admin.thread);
        }
    }
}

impl Admin {
    fn start(
        address: SocketAddr,
        counters: &[Arc<Counters>],
        stopped: &watch::Receiver<bool>,
    ) -> Result<Option<Self>, StartError> {
        let bound = listener::bind(address, 1).map_err(|source| StartError::Listen { address, source })?;
        let Some(socket) = bound.into_iter().next() else {
            return Ok(None);
        };
        let address = socket.local_addr().unwrap_or(address);
        let (counters, stopped) = (counters.to_vec(), stopped.clone());
        let (end, ended) = oneshot::channel();
        let thread = spawn("admin".into(), move |runtime| {
            admin::run(runtime, socket, counters, stopped, ended)
        })?;
        Ok(Some(Self { address, end, thread }))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "`{address}` is already in use: stop what listens there, or choose another port"
                )
            }
            Self::Listen { address, source } => write!(f, "cannot listen on `{address}`: {source}"),
            Self::Tls(error) => write!(f, "certificate and key do not make a TLS configuration: {error}"),
            Self::UpstreamName(host) => write!(f, "`{host}` is not a name that a certificate can have"),
            Self::State(error) => error.fmt(f),
            Self::Thread(error) => write!(f, "no thread can be started: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Starts a thread with a runtime, which is made first: what it takes of the system is there, or the gate does not start.
fn spawn(
    name: String,
    run: impl FnOnce(&Runtime) -> io::Result<()> + Send + 'static,
) -> Result<JoinHandle<io::Result<()>>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    thread::Builder::new()
        .name(name)
        .spawn(move || run(&runtime))
        .map_err(StartError::Thread)
}

fn join(thread: JoinHandle<io::Result<()>>) {
    let name = thread.thread().name().unwrap_or_default().to_owned();
    match thread.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "`{name}` ended early"),
        Err(_) => tracing::error!("`{name}` panicked"),
    }
}

/// The addresses listened on, in the order of the settings, and the sockets of each worker.
fn bind(config: &Config) -> Result<(Vec<SocketAddr>, Vec<Vec<Socket>>), StartError> {
    let workers = config.workers().get();
    let peers = Peers::new(config.limits().connections_per_peer);
    let mut addresses = Vec::new();
    let mut sockets: Vec<Vec<Socket>> = (0..workers).map(|_| Vec::new()).collect();
    for wanted in config.listeners() {
        let tls = identity(&wanted.transport, config.http2())?;
        let listen = |source| StartError::Listen {
            address: wanted.address,
            source,
        };
        let door = Door::new(config.limits(), peers.clone());
        let bound = listener::bind(wanted.address, workers).map_err(listen)?;
        addresses.extend(bound.first().and_then(|one| one.local_addr().ok()));
        for (worker, listener) in sockets.iter_mut().zip(bound) {
            worker.push(Socket {
                listener,
                tls: tls.clone(),
                door: door.clone(),
            });
        }
    }
    Ok((addresses, sockets))
}

/// What is known at the start: what is declared, and what a file remembers.
fn knowledge(config: &Config) -> Result<Knowledge, StartError> {
    let settings = config.state();
    let default = Limits::default();
    let limits = Limits {
        entries: settings.capacity,
        looked_up_lifetime: config
            .lookup()
            .map_or(default.looked_up_lifetime, |lookup| lookup.time_to_live),
        ..default
    };
    let Some(file) = &settings.file else {
        return Ok(Knowledge::new(
            State::new(&limits, config.buckets()),
            Clock::start(),
        ));
    };
    let clock = Clock::start();
    let (state, set_aside) =
        State::open(&limits, config.buckets(), file, clock.now()).map_err(StartError::State)?;
    if let Some(set_aside) = set_aside {
        tracing::error!("{set_aside}");
    }
    Ok(Knowledge::new(state, clock))
}

fn form_limits(config: &Config) -> form::Limits {
    form::Limits {
        bytes: config.form().max_bytes,
        fields: config.form().max_fields,
    }
}

/// How large a request's head may be; of what is in a body, the guard knows best itself.
fn sizes(config: &Config) -> guard::Limits {
    let limits = config.limits();
    guard::Limits {
        head: limits.head_bytes,
        fields: limits.headers,
        target: limits.target_bytes,
        ..guard::Limits::default()
    }
}

fn identity(transport: &Transport, http2: bool) -> Result<Option<Arc<ServerConfig>>, StartError> {
    match transport {
        Transport::Http => Ok(None),
        Transport::Https(identity) => tls::server(identity, http2).map(Some).map_err(StartError::Tls),
    }
}

fn origin(config: &Config) -> Result<Origin, StartError> {
    let settings = config.upstream();
    let tls = match settings.scheme {
        Scheme::Http => None,
        Scheme::Https => {
            let name = rustls::pki_types::ServerName::try_from(settings.host.clone())
                .map_err(|_| StartError::UpstreamName(settings.host.clone()))?;
            Some((
                tls::client(settings.ca.as_deref()).map_err(StartError::Tls)?,
                name,
            ))
        }
    };
    Ok(Origin {
        host: settings.host.clone(),
        port: settings.port,
        tls,
        timeouts: Timeouts {
            connect: settings.connect_timeout,
            response_head: settings.response_head_timeout,
            slow_response_head: settings.slow_response_head_timeout,
            body_idle: config.timeouts().body_idle,
        },
    })
}
