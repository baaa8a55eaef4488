//! The settings as used: read from a file with every mistake found at once, or put together in code.

mod bucket;
mod duration;
mod error;
mod file;
mod identity;
mod kept;
mod limits;
mod lookup;
mod policy_file;
mod profile;
mod resolve;
mod section;
mod union;
mod upstream;

pub use error::{BucketFault, Doubt, Fault, Mistake, Mistakes, Place, RowsFault, Warning};
pub use identity::Identity;
pub use kept::{FormSettings, StateSettings};
pub use limits::{Limits, Timeouts};
pub use lookup::{Lookup, LookupSignature, SecretKey};
pub use profile::{Builtin, Profile, ProfileName, UnknownProfile};
pub use upstream::Upstream;

use crate::{
    obs::{bucket_pattern::BucketPattern, encryption::EncryptionSet, resource::Endpoints, scheme::Scheme},
    policy::{Policy, Settings},
};
use lookup::Environment;
use section::{Section, Source};
use std::{
    env,
    ffi::OsString,
    fs,
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

/// Everything the gate runs with.
#[derive(Debug)]
pub struct Config {
    policy: Arc<Policy>,
    profile_name: String,
    endpoints: Endpoints,
    listeners: Vec<Listener>,
    upstream: Upstream,
    state: StateSettings,
    buckets: Vec<(BucketPattern, EncryptionSet)>,
    lookup: Option<Lookup>,
    form: FormSettings,
    timeouts: Timeouts,
    limits: Limits,
    http2: bool,
    admin: Option<SocketAddr>,
    access_log: AccessLog,
    workers: NonZeroUsize,
    warnings: Vec<Warning>,
}

/// A socket the gate listens on.
#[derive(Debug)]
pub struct Listener {
    /// Its address; port 0 for one that the system picks.
    pub address: SocketAddr,
    /// What is spoken on it.
    pub transport: Transport,
}

/// What a listener speaks.
#[derive(Debug)]
pub enum Transport {
    /// HTTP in clear.
    Http,
    /// HTTP over TLS, as this server.
    Https(Identity),
}

/// How the access log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLog {
    /// One JSON object a line.
    #[default]
    Json,
    /// One readable line each.
    Text,
    /// Not at all.
    Off,
}

/// What a checked file turned out to be.
#[derive(Debug)]
pub enum Checked {
    /// A settings file.
    Settings(Box<Config>),
    /// A policy file.
    Policy(Profile),
}

/// Reads a file as what it is: a policy file has its rules at the top level, a settings file has none there.
///
/// # Errors
/// Every mistake in it.
pub fn check(path: &Path) -> Result<Checked, Mistakes> {
    let text = read_to_string(path)?;
    if policy_file::is_policy_file(&Source::new(path, &text).parse()) {
        Profile::read(&text, path, Settings::default()).map(Checked::Policy)
    } else {
        Config::read(&text, path, &variable).map(|config| Checked::Settings(Box::new(config)))
    }
}

impl Transport {
    /// The scheme of what arrives.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Http => Scheme::Http,
            Self::Https(_) => Scheme::Https,
        }
    }
}

impl Config {
    /// Reads a settings file. Names of files in it are relative to its own directory.
    ///
    /// # Errors
    /// Every mistake in it, and in the policy file it names.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        let text = read_to_string(path)?;
        Self::read(&text, path, &variable)
    }

    /// Reads settings from a text, as if it were `obsgate.toml` in the directory `base`.
    ///
    /// # Errors
    /// Every mistake in it, and in the policy file it names.
    pub fn from_str(text: &str, base: &Path) -> Result<Self, Mistakes> {
        Self::from_str_in(text, base, &variable)
    }

    /// The same with another environment than that of the process, for the variables that settings name.
    ///
    /// # Errors
    /// Every mistake in it, and in the policy file it names.
    pub fn from_str_in(
        text: &str,
        base: &Path,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Mistakes> {
        Self::read(text, &base.join("obsgate.toml"), environment)
    }

    /// Settings put together in code: no admin socket, a JSON access log, a worker for each core; what is learned is
    /// kept in memory, and no bucket declared or looked up.
    pub fn new(
        profile_name: impl Into<String>,
        policy: Arc<Policy>,
        endpoints: Endpoints,
        listeners: Vec<Listener>,
        upstream: Upstream,
    ) -> Self {
        Self {
            policy,
            profile_name: profile_name.into(),
            endpoints,
            listeners,
            upstream,
            state: StateSettings::default(),
            buckets: Vec::new(),
            lookup: None,
            form: FormSettings::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            http2: true,
            admin: None,
            access_log: AccessLog::default(),
            workers: cores(),
            warnings: Vec::new(),
        }
    }

    /// The same settings with an admin socket.
    #[must_use]
    pub fn with_admin(self, address: SocketAddr) -> Self {
        Self {
            admin: Some(address),
            ..self
        }
    }

    /// The same settings with another access log.
    #[must_use]
    pub fn with_access_log(self, access_log: AccessLog) -> Self {
        Self { access_log, ..self }
    }

    /// The same settings with so many workers.
    #[must_use]
    pub fn with_workers(self, workers: NonZeroUsize) -> Self {
        Self { workers, ..self }
    }

    /// The same settings with another memory of stored things.
    #[must_use]
    pub fn with_state(self, state: StateSettings) -> Self {
        Self { state, ..self }
    }

    /// The same settings with these bucket defaults declared. Where several fit one bucket, they are united.
    #[must_use]
    pub fn with_buckets(self, buckets: Vec<(BucketPattern, EncryptionSet)>) -> Self {
        Self { buckets, ..self }
    }

    /// The same settings with bucket defaults looked up.
    #[must_use]
    pub fn with_lookup(self, lookup: Lookup) -> Self {
        Self {
            lookup: Some(lookup),
            ..self
        }
    }

    /// The same settings with other bounds of forms.
    #[must_use]
    pub fn with_form(self, form: FormSettings) -> Self {
        Self { form, ..self }
    }

    /// The same settings with another patience for clients.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// The same settings with other bounds of what clients may take.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same settings with HTTP/2 on HTTPS listeners, or without.
    #[must_use]
    pub fn with_http2(self, http2: bool) -> Self {
        Self { http2, ..self }
    }

    /// The rules in force, with their mode and settings.
    pub const fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The name of the profile those rules are.
    pub fn profile_name(&self) -> &str {
        &self.profile_name
    }

    /// The hosts the gate answers for.
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The sockets to listen on; at least one when read from a file.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// The store behind the gate.
    pub const fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// What is remembered of stored things, and where.
    pub const fn state(&self) -> &StateSettings {
        &self.state
    }

    /// What is declared of buckets. From a file, several that fit one bucket say the same.
    pub fn buckets(&self) -> &[(BucketPattern, EncryptionSet)] {
        &self.buckets
    }

    /// How bucket defaults are looked up, if at all.
    pub const fn lookup(&self) -> Option<&Lookup> {
        self.lookup.as_ref()
    }

    /// How much of a form is read before its file.
    pub const fn form(&self) -> FormSettings {
        self.form
    }

    /// How long the gate waits for a client.
    pub const fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// How much the gate takes.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether HTTPS listeners offer HTTP/2.
    pub const fn http2(&self) -> bool {
        self.http2
    }

    /// Where `/healthz` and `/readyz` are served, if at all.
    pub const fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// How the access log is written.
    pub const fn access_log(&self) -> AccessLog {
        self.access_log
    }

    /// How many worker threads there are.
    pub const fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    /// What is allowed and probably not meant.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn read(text: &str, path: &Path, environment: Environment<'_>) -> Result<Self, Mistakes> {
        let source = Source::new(path, text);
        let root = source.parse();
        let file = file::File::read(Section::root(&source, &root));
        let base = path.parent().unwrap_or(Path::new(""));
        resolve::resolve(file, source, base, environment)
    }
}

/// Reads a file as text, or says why not at its first place.
fn read_to_string(path: &Path) -> Result<String, Mistakes> {
    fs::read_to_string(path).map_err(|error| {
        Mistakes::of(Mistake {
            place: Place {
                file: PathBuf::from(path),
                line: 1,
                column: 1,
            },
            fault: Fault::Unreadable(error),
        })
    })
}

/// A variable of the process.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
