//! How the gate asks the store what a bucket encrypts with by default: as whom, how often and how patiently.

use super::{
    duration::read_duration,
    error::Fault,
    section::{Section, Source},
};
use std::{ffi::OsString, fmt, mem, num::NonZeroUsize, time::Duration};
use toml::Spanned;
use zeroize::Zeroizing;

/// The gate's own key pair, and what it is used for: `GET ?encryption` of a bucket that is not known.
#[derive(Clone)]
#[non_exhaustive]
pub struct Lookup {
    /// Whose key it is.
    pub access_key: String,
    /// The key that signs. Never printed.
    pub secret_key: SecretKey,
    /// How look-ups are signed.
    pub signature: LookupSignature,
    /// The region that signatures of V4 name.
    pub region: String,
    /// How long an answer counts. That there is no default counts 60 s at most (rulings, 21).
    pub time_to_live: Duration,
    /// How long a look-up may take in all. One that fails is never an allowance (rulings, 22).
    pub timeout: Duration,
    /// How many may be under way at once.
    pub at_once: NonZeroUsize,
}

/// A key that signs: zeroised when it is dropped, and without a way to print it.
#[expect(missing_debug_implementations, reason = "a secret is never printed")]
#[derive(Clone)]
pub struct SecretKey(Zeroizing<String>);

/// The versions of a look-up's signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookupSignature {
    /// Signature V2.
    V2,
    /// Signature V4.
    #[default]
    V4,
}

/// What an environment variable is, by its name.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// `[lookup]`, as written.
pub(super) struct LookupTable {
    access_key_env: Option<Spanned<String>>,
    secret_key_env: Option<Spanned<String>>,
    signature: LookupSignature,
    region: Option<String>,
    time_to_live: Option<Duration>,
    timeout: Option<Duration>,
    at_once: Option<u32>,
}

impl Lookup {
    /// Look-ups as this user, with the default patience.
    pub fn new(access_key: impl Into<String>, secret_key: SecretKey) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key,
            signature: LookupSignature::default(),
            region: "region".to_owned(),
            time_to_live: Duration::from_mins(1),
            timeout: Duration::from_secs(2),
            at_once: AT_ONCE,
        }
    }
}

impl SecretKey {
    /// Takes a key over.
    pub fn new(key: String) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The key, to sign with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("access_key", &self.access_key)
            .field("signature", &self.signature)
            .field("region", &self.region)
            .field("time_to_live", &self.time_to_live)
            .field("timeout", &self.timeout)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

impl LookupTable {
    /// Nothing where there is no such table.
    pub(super) fn read(table: Section<'_>) -> Option<Self> {
        if !table.is_there() {
            return None;
        }
        table.require(ACCESS_KEY, "the environment variable that holds the access key");
        table.require(SECRET_KEY, "the environment variable that holds the secret key");
        let versions = [("v4", LookupSignature::V4), ("v2", LookupSignature::V2)];
        let read = Self {
            access_key_env: table.string(ACCESS_KEY),
            secret_key_env: table.string(SECRET_KEY),
            signature: table.choice("signature", &versions).unwrap_or_default(),
            region: table
                .parsed("region", REGION, parse_region)
                .map(Spanned::into_inner),
            time_to_live: read_duration(&table, "time_to_live"),
            timeout: read_duration(&table, "timeout"),
            at_once: table.count_within("at_once", 1..=1_000),
        };
        if read.signature == LookupSignature::V2 {
            table.no_effect("region", "beside `signature = \"v2\"`");
        }
        table.finish();
        Some(read)
    }

    /// Fetches the key pair from the environment.
    pub(super) fn resolve(self, source: &Source<'_>, environment: Environment<'_>) -> Option<Lookup> {
        let fetch = |setting, written: Option<Spanned<String>>, fits: fn(u8) -> bool, misfit| {
            let written = written?;
            value(environment, written.get_ref(), fits, misfit)
                .map_err(|problem| {
                    source.report(written.span().start, Fault::Environment { setting, problem });
                })
                .ok()
        };
        let access_key = fetch(ACCESS_KEY, self.access_key_env, fits_access_key, NO_ACCESS_KEY);
        let secret_key = fetch(SECRET_KEY, self.secret_key_env, fits_secret_key, NO_SECRET_KEY);
        let default = Lookup::new(access_key?.as_str(), SecretKey(secret_key?));
        Some(Lookup {
            signature: self.signature,
            region: self.region.unwrap_or(default.region),
            time_to_live: self.time_to_live.unwrap_or(default.time_to_live),
            timeout: self.timeout.unwrap_or(default.timeout),
            at_once: self
                .at_once
                .and_then(|count| usize::try_from(count).ok())
                .and_then(NonZeroUsize::new)
                .unwrap_or(default.at_once),
            access_key: default.access_key,
            secret_key: default.secret_key,
        })
    }
}

/// The value of an environment variable, or what is wrong with it in words that quote nothing.
fn value(
    environment: Environment<'_>,
    name: &str,
    fits: fn(u8) -> bool,
    misfit: &'static str,
) -> Result<Zeroizing<String>, &'static str> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(named) {
        return Err("is no name of an environment variable; allowed: letters, digits and `_`");
    }
    let found = environment(name).ok_or("names an environment variable that is not set")?;
    let mut bytes = Zeroizing::new(found.into_encoded_bytes());
    if bytes.is_empty() {
        return Err("names an environment variable that is empty");
    }
    if !bytes.iter().copied().all(fits) {
        return Err(misfit);
    }
    String::from_utf8(mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|_| misfit)
}

/// What a signature can name: the characters that separate its parts are no part of a key.
const fn fits_access_key(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b':' | b',' | b'/')
}

/// A line's end is what most often comes along by mistake.
const fn fits_secret_key(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

fn parse_region(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!text.is_empty() && text.bytes().all(fits)).then(|| text.to_owned())
}

const ACCESS_KEY: &str = "access_key_env";
const SECRET_KEY: &str = "secret_key_env";
const REGION: &str = "lower-case letters, digits and `-`";
const NO_ACCESS_KEY: &str =
    "names an environment variable that holds no access key; allowed: visible ASCII but `:`, `,` and `/`";
const NO_SECRET_KEY: &str = "names an environment variable that holds no secret key; allowed: visible ASCII, without blanks and line ends";
const AT_ONCE: NonZeroUsize = match NonZeroUsize::new(16) {
    Some(count) => count,
    None => NonZeroUsize::MIN,
};
