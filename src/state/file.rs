//! The file that entries survive in: a redb database of fingerprints, without a name of any bucket or key in it.
//!
//! A damaged file is renamed, never deleted, and a new one begun. redb may panic over some damage; that counts as
//! damage. Every entry carries a check of its own: an altered one is never believed.

use super::{
    Evidence, Moment,
    fingerprint::{Fingerprint, Secret},
    journal::{Change, NotDurable},
    shard::Record,
};
use crate::obs::encryption::EncryptionSet;
use redb::{Database, ReadableDatabase, ReadableTable, StorageError, TableDefinition};
use std::{
    fmt, fs, io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

/// A damaged file, and where it went. Uploads begun before are unknown now; this deserves a loud word in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The name the damaged file has now.
    pub kept_as: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Why the gate cannot start on a file.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it open.
    InUse(PathBuf),
    /// The system refuses to create, read, rename or write it.
    Io(PathBuf, io::Error),
}

/// An open file. [`None`] after a failure, until it can be opened again.
pub(super) struct File {
    path: PathBuf,
    secret: Secret,
    database: Option<Database>,
}

/// What opening gives.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) secret: Secret,
    /// Those alive, the nearest to expiry first.
    pub(super) records: Vec<Record>,
    pub(super) set_aside: Option<SetAside>,
}

enum Failure {
    Damaged(String),
    InUse,
    Io(io::Error),
}

impl File {
    /// Opens the file or creates it, and purges what has expired.
    pub(super) fn open(path: &Path, now: Moment) -> Result<Opened, OpenError> {
        let opened = |(database, secret, records), set_aside| Opened {
            file: Self {
                path: path.to_owned(),
                secret,
                database: Some(database),
            },
            secret,
            records,
            set_aside,
        };
        let refused = |error| OpenError::Io(path.to_owned(), error);
        let reason = match load(path, now) {
            Ok(loaded) => return Ok(opened(loaded, None)),
            Err(Failure::Damaged(reason)) => reason,
            Err(Failure::InUse) => return Err(OpenError::InUse(path.to_owned())),
            Err(Failure::Io(error)) => return Err(refused(error)),
        };
        let kept_as = spare_name(path);
        fs::rename(path, &kept_as).map_err(refused)?;
        match load(path, now) {
            Ok(loaded) => Ok(opened(loaded, Some(SetAside { kept_as, reason }))),
            Err(Failure::Damaged(reason)) => Err(refused(io::Error::other(reason))),
            Err(Failure::InUse) => Err(OpenError::InUse(path.to_owned())),
            Err(Failure::Io(error)) => Err(refused(error)),
        }
    }

    /// Commits a group: durable when this returns. After a failure the next group opens the file anew.
    pub(super) fn commit(&mut self, changes: &[Change]) -> Result<(), NotDurable> {
        let failed = |failure| match failure {
            Failure::Damaged(reason) => NotDurable::new(reason),
            Failure::InUse => NotDurable::new("the file is in use by another process"),
            Failure::Io(error) => NotDurable::new(error.to_string()),
        };
        let database = match self.database.take() {
            Some(database) => database,
            None => reopen(&self.path, self.secret).map_err(failed)?,
        };
        let secret = self.secret;
        let database = guarded(move || {
            write(&database, secret, changes)?;
            Ok(database)
        });
        self.database = Some(database.map_err(failed)?);
        Ok(())
    }

    /// A file that cannot be written.
    #[cfg(test)]
    pub(super) fn unwritable(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            secret: Secret::random(),
            database: None,
        }
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the state file is damaged ({}): it is kept as `{}`, and uploads begun before now are unknown",
            self.reason,
            self.kept_as.display()
        )
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => write!(
                f,
                "state file `{}` is in use by another process: each gate needs a file of its own",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "state file `{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::InUse(_) => None,
            Self::Io(_, error) => Some(error),
        }
    }
}

impl From<redb::Error> for Failure {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Io(error)
                if !matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Io(error)
            }
            error => Self::Damaged(error.to_string()),
        }
    }
}

fn load(path: &Path, now: Moment) -> Result<(Database, Secret, Vec<Record>), Failure> {
    let file = open_private(path).map_err(Failure::Io)?;
    guarded(move || {
        let mut database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_file(file)?;
        database.check_integrity()?;
        let secret = begin(&database)?;
        let (mut alive, expired) = read(&database, secret, now)?;
        if !expired.is_empty() {
            write(&database, secret, &expired)?;
        }
        alive.sort_unstable_by_key(|record| record.expires);
        Ok((database, secret, alive))
    })
}

fn reopen(path: &Path, secret: Secret) -> Result<Database, Failure> {
    let file = open_private(path).map_err(Failure::Io)?;
    guarded(move || {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create_file(file)?;
        if begin(&database)?.to_u128() != secret.to_u128() {
            return Err(damaged("another file has taken its place"));
        }
        Ok(database)
    })
}

/// Opens or creates a file for its owner alone, and sees to it that its name survives as well.
fn open_private(path: &Path) -> io::Result<fs::File> {
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.permissions().mode() & 0o777 != OWNER_ONLY {
        file.set_permissions(fs::Permissions::from_mode(OWNER_ONLY))?;
    }
    if metadata.len() == 0 {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(file)
}

/// Reads the file's secret, or makes one if the file is new.
fn begin(database: &Database) -> Result<Secret, redb::Error> {
    let transaction = database.begin_write()?;
    let (secret, new) = {
        let mut header = transaction.open_table(HEADER)?;
        transaction.open_table(ENTRIES)?;
        let version = header.get(VERSION)?.map(|found| found.value());
        let secret = header.get(SECRET)?.map(|found| found.value());
        match (version, secret) {
            (Some(THIS_VERSION), Some(secret)) => (Secret::from_u128(secret), false),
            (None, None) => {
                let secret = Secret::random();
                header.insert(VERSION, THIS_VERSION)?;
                header.insert(SECRET, secret.to_u128())?;
                (secret, true)
            }
            (version, _) => {
                return Err(damaged(&format!(
                    "version {version:?} is not {THIS_VERSION}, or its header is incomplete"
                )));
            }
        }
    };
    if new {
        transaction.commit()?;
    } else {
        transaction.abort()?;
    }
    Ok(secret)
}

fn read(database: &Database, secret: Secret, now: Moment) -> Result<(Vec<Record>, Vec<Change>), redb::Error> {
    let (mut alive, mut expired) = (Vec::new(), Vec::new());
    for entry in database.begin_read()?.open_table(ENTRIES)?.iter()? {
        let (fingerprint, value) = entry?;
        let fingerprint = Fingerprint::from_u128(fingerprint.value());
        let record = decode(secret, fingerprint, value.value()).ok_or_else(|| damaged("an altered entry"))?;
        if record.expires > now {
            alive.push(record);
        } else {
            expired.push(Change::Drop(fingerprint));
        }
    }
    Ok((alive, expired))
}

fn write(database: &Database, secret: Secret, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut entries = transaction.open_table(ENTRIES)?;
        for change in changes {
            match change {
                Change::Keep(record) => {
                    entries.insert(record.fingerprint.to_u128(), encode(secret, record))?;
                }
                Change::Drop(fingerprint) => {
                    entries.remove(fingerprint.to_u128())?;
                }
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Eight bytes of expiry, two of lane, one each of encryption and evidence, four of check.
fn encode(secret: Secret, record: &Record) -> u128 {
    let value = u128::from(record.expires.as_millis())
        | u128::from(record.lane) << 64
        | u128::from(record.encryption.bits()) << 80
        | u128::from(record.evidence.code()) << 88;
    let check = secret.check(record.fingerprint, &value.to_le_bytes());
    value | u128::from(check) << CHECK_SHIFT
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the fields are cut out of the value"
)]
fn decode(secret: Secret, fingerprint: Fingerprint, bits: u128) -> Option<Record> {
    let value = bits & ((1 << CHECK_SHIFT) - 1);
    if secret.check(fingerprint, &value.to_le_bytes()) != (bits >> CHECK_SHIFT) as u32 {
        return None;
    }
    let encryption = (value >> 80) as u8;
    Some(Record {
        fingerprint,
        lane: (value >> 64) as u16,
        encryption: EncryptionSet::every().find(|set| set.bits() == encryption)?,
        evidence: Evidence::from_code((value >> 88) as u8)?,
        expires: Moment::from_millis(value as u64),
    })
}

/// Runs what talks to redb: a panic in there is damage found, and the database is dropped with it.
fn guarded<T>(talk: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(talk)) {
        Ok(result) => result.map_err(Failure::from),
        Err(panic) => Err(Failure::Damaged(
            panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("inconsistent")
                .to_owned(),
        )),
    }
}

fn damaged(reason: &str) -> redb::Error {
    StorageError::Corrupted(reason.to_owned()).into()
}

/// A name beside `path` that nothing has yet.
fn spare_name(path: &Path) -> PathBuf {
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let name = PathBuf::from(name);
        if fs::symlink_metadata(&name).is_err() {
            return name;
        }
        number += 1;
    }
}

const HEADER: TableDefinition<'_, &str, u128> = TableDefinition::new("header");
const ENTRIES: TableDefinition<'_, u128, u128> = TableDefinition::new("entries");
const VERSION: &str = "version";
const SECRET: &str = "secret";
const THIS_VERSION: u128 = 1;
const CHECK_SHIFT: u32 = 96;
const OWNER_ONLY: u32 = 0o600;

/// Everything is in memory anyway; redb's own default is 1 GiB.
const CACHE_BYTES: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_with_a_bit_or_two_changed_not_at_all() {
        let secret = Secret::from_u128(0x0123_4567_89ab_cdef);
        let evidences = (0..=u8::MAX).filter_map(Evidence::from_code);
        for (encryption, evidence) in
            EncryptionSet::every().flat_map(|set| evidences.clone().map(move |one| (set, one)))
        {
            for (lane, millis) in [(0, 0), (u16::MAX, u64::MAX), (7, 1_700_000_000_000)] {
                let record = Record {
                    fingerprint: Fingerprint::from_u128(u128::from(millis) << 3),
                    lane,
                    encryption,
                    evidence,
                    expires: Moment::from_millis(millis),
                };
                let bits = encode(secret, &record);
                let read = |bits| decode(secret, record.fingerprint, bits);
                assert_eq!(read(bits), Some(record));
                for first in 0..u128::BITS {
                    let changed = bits ^ 1 << first;
                    assert_eq!(read(changed), None);
                    assert_eq!(read(changed ^ 1 << ((first + 1) % u128::BITS)), None);
                }
                assert_eq!(
                    decode(secret, Fingerprint::from_u128(1), bits),
                    None,
                    "another name's"
                );
            }
        }
    }
}
