//! `obsgate demo`: the gate before an OBS in memory, on this machine alone, with everything needed to try it.

use super::{Failure, args::DemoArgs, run::wait_for_signal};
use crate::{
    config::{AccessLog, Builtin, Config, Identity, Listener, Profile, Transport, Upstream},
    demo::{
        Access, Credentials, Origin,
        certificate::{AuthorityFile, Certificate},
        guide::{BUCKET, DOMAINS, Guide, PUBLIC_BUCKET},
    },
    obs::resource::{CustomDomains, Endpoints},
    policy::Settings,
    proxy::Gate,
    telemetry,
};
use std::{
    convert::Infallible,
    fmt,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

/// Why the demo cannot start, the gate's own reasons aside.
#[derive(Debug)]
pub enum DemoError {
    /// The system has no randomness to give.
    Randomness,
    /// No certificate can be made.
    Certificate(rcgen::Error),
    /// The authority's certificate cannot be written.
    Authority(io::Error),
    /// The store behind the gate cannot start.
    Origin(io::Error),
}

/// Runs the demo until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start, as on a port that is in use.
pub fn demo(args: &DemoArgs, output: &mut impl Write) -> Result<(), Failure> {
    telemetry::init();
    let credentials = Credentials::random().map_err(|_| DemoError::Randomness)?;
    let store = start_origin(&credentials).map_err(DemoError::Origin)?;
    let certificate = Certificate::make(&NAMES).map_err(DemoError::Certificate)?;
    let authority = AuthorityFile::write(&certificate.authority).map_err(DemoError::Authority)?;
    let profile = Profile::builtin(Builtin::Strict, Settings::default()).map_err(Failure::Settings)?;
    let config = Config::new(
        profile.name.clone(),
        Arc::new(profile.policy),
        Endpoints {
            domains: DOMAINS.map(str::to_owned).to_vec(),
            custom_domains: CustomDomains::default(),
        },
        listeners(args, certificate),
        Upstream::danger_plaintext(store.ip().to_string(), store.port()),
    )
    .with_access_log(AccessLog::Text);
    let gate = Gate::start(&config, Box::new(io::stdout())).map_err(Failure::Start)?;
    if let [http, https] = *gate.addresses() {
        let guide = Guide {
            http,
            https,
            credentials: &credentials,
            authority: authority.path(),
            profile: &profile.name,
        };
        write!(output, "{guide}")?;
        output.flush()?;
    }
    wait_for_signal().map_err(Failure::Signal)?;
    gate.stop();
    Ok(())
}

/// Starts the store on a thread of its own, which ends with the program.
fn start_origin(credentials: &Credentials) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let origin = Origin::new(credentials.clone(), DOMAINS)
        .with_bucket(BUCKET, Access::Private)
        .with_bucket(PUBLIC_BUCKET, Access::PublicReadWrite);
    let serve = async move { origin.serve(tokio::net::TcpListener::from_std(listener)?).await };
    thread::Builder::new().name("origin".into()).spawn(move || {
        let Err::<Infallible, io::Error>(error) = runtime.block_on(serve);
        tracing::error!(%error, "the demo's store stopped");
    })?;
    Ok(address)
}

fn listeners(args: &DemoArgs, certificate: Certificate) -> Vec<Listener> {
    let identity = Identity {
        certificate_chain: certificate.chain,
        private_key: certificate.key,
    };
    let listener = |port, transport| Listener {
        address: (Ipv4Addr::LOCALHOST, port).into(),
        transport,
    };
    vec![
        listener(args.http, Transport::Http),
        listener(args.https, Transport::Https(identity)),
    ]
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Randomness => f.write_str("the system has no randomness to give"),
            Self::Certificate(error) => write!(f, "cannot make a certificate: {error}"),
            Self::Authority(error) => write!(f, "cannot write the authority's certificate: {error}"),
            Self::Origin(error) => write!(f, "cannot start the store: {error}"),
        }
    }
}

impl std::error::Error for DemoError {}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self::Demo(error)
    }
}

/// What the certificate is good for.
const NAMES: [&str; 5] = [
    "obs.localhost",
    "*.obs.localhost",
    "localhost",
    "*.localhost",
    "127.0.0.1",
];
