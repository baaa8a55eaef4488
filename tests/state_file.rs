//! What the state file keeps over restarts, `kill -9` and damage.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use obsgate::{
    obs::encryption::{Encryption, EncryptionSet},
    state::{Evidence, Limits, Moment, NotDurable, OpenError, Origin, SetAside, State, Stored, Ticket},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    pin::pin,
    process::{Command, Stdio},
    sync::Arc,
    task::{Context, Poll, Wake},
    time::Duration,
};

const KMS: EncryptionSet = EncryptionSet::only(Encryption::SseKms);
const PLAIN: EncryptionSet = EncryptionSet::only(Encryption::Plain);
const START: Moment = Moment::from_millis(1_750_000_000_000);
const BUCKET: Stored<'_> = Stored::BucketDefault { bucket: b"photos" };

/// A directory of the test's own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("obsgate-state-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("state")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open_at(path: &Path, now: Moment) -> (State, Option<SetAside>) {
    State::open(&Limits::default(), &[], path, now).unwrap()
}

fn open(path: &Path) -> State {
    let (state, set_aside) = open_at(path, START);
    assert_eq!(set_aside, None);
    state
}

fn upload(upload_id: &[u8]) -> Stored<'_> {
    Stored::Upload {
        bucket: b"photos",
        key: b"a key",
        upload_id,
    }
}

fn learn(state: &State, stored: &Stored<'_>, encryption: EncryptionSet) -> Ticket {
    state.learn(stored, encryption, Evidence::Response, START)
}

fn encryption(state: &State, stored: &Stored<'_>, now: Moment) -> Option<EncryptionSet> {
    state.ask(stored, now).map(|told| told.encryption)
}

/// What upload number `n` is encrypted with: all sets occur.
fn nth_set(n: usize) -> EncryptionSet {
    EncryptionSet::every().nth(n % 15).unwrap()
}

#[test]
fn everything_but_short_lived_defaults_survives_a_restart() {
    let directory = Directory::new("restart");
    let object = Stored::Object {
        bucket: b"photos",
        key: b"log",
    };
    let looked_up = Stored::BucketDefault { bucket: b"looked-up" };
    let state = open(&directory.file());
    for n in 0..100 {
        drop(learn(&state, &upload(&n.to_string().into_bytes()), nth_set(n)));
    }
    drop(learn(&state, &object, KMS));
    drop(learn(&state, &BUCKET, KMS));
    drop(state.learn(&looked_up, KMS, Evidence::LookedUp, START));
    state.forget(&upload(b"7"));
    drop(state);

    let state = open(&directory.file());
    for n in 0..100 {
        let told = state.ask(&upload(&n.to_string().into_bytes()), START);
        assert_eq!(told.map(|told| told.encryption), (n != 7).then(|| nth_set(n)));
        assert!(told.is_none_or(|told| told.origin == Origin::Learned(Evidence::Response)));
    }
    assert_eq!(encryption(&state, &object, START), Some(KMS));
    assert_eq!(encryption(&state, &BUCKET, START), Some(KMS));
    assert_eq!(encryption(&state, &looked_up, START), None);
    assert_eq!(state.entries(), 101);
}

#[test]
fn what_the_file_kept_is_older_than_any_answer_after_the_restart() {
    let directory = Directory::new("older");
    let state = open(&directory.file());
    learn(&state, &BUCKET, KMS).wait().unwrap();
    drop(learn(&state, &BUCKET, KMS));
    drop(state);
    for late in EncryptionSet::every().filter(|late| *late != PLAIN) {
        let state = open(&directory.file());
        let sent = state.mark();
        let ticket = state.learn_since(sent, &BUCKET, late, Evidence::Response, START);
        ticket.wait().unwrap();
        assert_eq!(encryption(&state, &BUCKET, START), Some(late));
    }
    let state = open(&directory.file());
    state.forget_since(state.mark(), &BUCKET);
    drop(state);
    assert_eq!(encryption(&open(&directory.file()), &BUCKET, START), None);
}

#[test]
fn a_learned_none_takes_the_older_default_out_of_the_file() {
    let directory = Directory::new("none");
    let state = open(&directory.file());
    learn(&state, &BUCKET, KMS).wait().unwrap();
    drop(learn(&state, &BUCKET, PLAIN));
    drop(state);
    assert_eq!(encryption(&open(&directory.file()), &BUCKET, START), None);
}

#[test]
fn what_expired_is_not_read_and_leaves_the_file() {
    let directory = Directory::new("expired");
    let week = Limits::default().upload_lifetime;
    let state = open(&directory.file());
    learn(&state, &upload(b"1"), KMS).wait().unwrap();
    drop(state);
    let (state, _) = open_at(&directory.file(), START.after(week));
    assert_eq!(state.entries(), 0);
    drop(state);
    // Were it still in the file, it would be alive at this time.
    assert_eq!(encryption(&open(&directory.file()), &upload(b"1"), START), None);
}

#[test]
fn what_was_purged_or_evicted_leaves_the_file() {
    let directory = Directory::new("purged");
    let limits = Limits {
        entries: 10,
        ..Limits::default()
    };
    let state = State::open(&limits, &[], &directory.file(), START).unwrap().0;
    for n in 0..100_u32 {
        learn(&state, &upload(&n.to_le_bytes()), KMS).wait().unwrap();
    }
    let kept = state.entries();
    drop(state);
    let state = open(&directory.file());
    assert_eq!(state.entries(), kept);
    state.purge(START.after(limits.upload_lifetime));
    drop(state);
    assert_eq!(open(&directory.file()).entries(), 0);
}

#[test]
fn a_file_with_more_entries_than_there_is_room_for_keeps_the_last_used() {
    let directory = Directory::new("smaller");
    let state = open(&directory.file());
    for n in 0..100_u64 {
        let id = n.to_le_bytes();
        let now = START.after(Duration::from_mins(n));
        drop(state.learn(&upload(&id), KMS, Evidence::Response, now));
    }
    drop(state);
    let limits = Limits {
        entries: 10,
        ..Limits::default()
    };
    let state = State::open(&limits, &[], &directory.file(), START).unwrap().0;
    let alive: Vec<_> = (0..100_u64)
        .filter(|n| encryption(&state, &upload(&n.to_le_bytes()), START).is_some())
        .collect();
    assert_eq!(alive, (90..100).collect::<Vec<_>>());
}

#[test]
fn use_is_remembered_over_a_restart() {
    let directory = Directory::new("used");
    let week = Limits::default().upload_lifetime;
    let state = open(&directory.file());
    learn(&state, &upload(b"1"), KMS).wait().unwrap();
    let later = START.after(week / 2);
    assert_eq!(encryption(&state, &upload(b"1"), later), Some(KMS));
    drop(state);
    let after_a_week = START.after(week);
    let (state, _) = open_at(&directory.file(), after_a_week);
    assert_eq!(encryption(&state, &upload(b"1"), after_a_week), Some(KMS));
}

#[test]
fn a_clock_set_back_over_a_restart_lengthens_no_life() {
    let directory = Directory::new("clock");
    let week = Limits::default().upload_lifetime;
    let state = open(&directory.file());
    let ahead = START.after(week * 100);
    drop(state.learn(&upload(b"1"), KMS, Evidence::Response, ahead));
    drop(state);
    let state = open(&directory.file());
    assert_eq!(
        encryption(&state, &upload(b"1"), START.after(Duration::from_secs(1))),
        Some(KMS)
    );
    drop(state);
    let state = open(&directory.file());
    assert_eq!(encryption(&state, &upload(b"1"), START.after(week * 2)), None);
}

#[test]
fn the_file_is_the_owners_alone_and_names_nothing() {
    let directory = Directory::new("private");
    let file = directory.file();
    fs::write(&file, b"").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    for path in [file, directory.0.join("new")] {
        let state = open(&path);
        learn(&state, &upload(b"an-upload-id"), KMS).wait().unwrap();
        drop(state);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let bytes = fs::read(&path).unwrap();
        for name in [&b"photos"[..], b"a key", b"an-upload-id"] {
            assert!(!bytes.windows(name.len()).any(|window| window == name));
        }
    }
}

#[test]
fn a_file_in_use_is_an_error_that_says_so_and_harms_nobody() {
    let directory = Directory::new("in-use");
    let state = open(&directory.file());
    let refused = State::open(&Limits::default(), &[], &directory.file(), START).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)));
    assert!(
        refused.to_string().contains("in use by another process"),
        "{refused}"
    );
    learn(&state, &upload(b"1"), KMS).wait().unwrap();
    drop(state);
    assert_eq!(
        encryption(&open(&directory.file()), &upload(b"1"), START),
        Some(KMS)
    );
}

#[test]
fn what_is_not_a_file_that_can_be_written_is_an_error() {
    let directory = Directory::new("not-a-file");
    let missing = directory.0.join("missing").join("state");
    for path in [&directory.0, &missing, Path::new("/dev/null")] {
        let refused = State::open(&Limits::default(), &[], path, START).unwrap_err();
        assert!(matches!(refused, OpenError::Io(..)));
        assert!(
            refused.to_string().contains(&path.display().to_string()),
            "{refused}"
        );
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}

/// Opens damaged bytes. The state must start, know nothing wrong, learn durably, and keep the damaged file if it
/// sets it aside. Says whether it did.
fn survives(directory: &Directory, bytes: &[u8], entries: usize) -> bool {
    let path = directory.file();
    fs::write(&path, bytes).unwrap();
    let (state, set_aside) = open_at(&path, START);
    for n in 0..entries {
        let told = encryption(&state, &upload(&n.to_string().into_bytes()), START);
        assert!(told.is_none_or(|told| told == nth_set(n)), "{n} became {told:?}");
        assert!(set_aside.is_none() || told.is_none());
    }
    let learned = learn(&state, &upload(b"new"), KMS).wait();
    if let Some(set_aside) = &set_aside {
        assert_eq!(learned, Ok(()));
        assert!(fs::metadata(&set_aside.kept_as).is_ok());
        assert!(set_aside.to_string().contains("damaged"));
        fs::remove_file(&set_aside.kept_as).unwrap();
    }
    drop(state);
    fs::remove_file(&path).unwrap();
    set_aside.is_some()
}

#[test]
fn a_damaged_file_is_set_aside_and_never_believed() {
    const ENTRIES: usize = 300;
    let directory = Directory::new("damaged");
    let state = open(&directory.file());
    for n in 0..ENTRIES {
        drop(learn(&state, &upload(&n.to_string().into_bytes()), nth_set(n)));
    }
    drop(state);
    let sound = fs::read(directory.file()).unwrap();

    assert!(!survives(&directory, &sound, ENTRIES), "sound");
    assert!(!survives(&directory, b"", ENTRIES), "empty");
    for size in [1, 100, 4096, 1 << 20] {
        assert!(survives(&directory, &vec![0xA5; size], ENTRIES), "garbage {size}");
    }
    for part in 1..20 {
        let cut = sound.len() * part / 20;
        assert!(survives(&directory, &sound[..cut], ENTRIES), "cut at {cut}");
    }
    // Every kind of place: headers, tables, trees, leaves.
    let used = sound.iter().enumerate().filter(|(_, byte)| **byte != 0);
    let places: Vec<_> = used.map(|(at, _)| at).collect();
    let mut found = 0;
    for at in places.iter().step_by(places.len() / 150 + 1) {
        let mut flipped = sound.clone();
        flipped[*at] ^= 0x10;
        found += usize::from(survives(&directory, &flipped, ENTRIES));
    }
    assert!(found > 0);
}

#[test]
fn the_damaged_file_is_kept_as_it_was() {
    let directory = Directory::new("kept");
    let garbage = b"this is not a state file".repeat(1000);
    for round in 0..2 {
        fs::write(directory.file(), &garbage).unwrap();
        let (_, set_aside) = open_at(&directory.file(), START);
        let kept_as = set_aside.unwrap().kept_as;
        assert_eq!(fs::read(&kept_as).unwrap(), garbage, "round {round}");
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 3);
}

#[test]
fn a_ticket_is_a_future_for_any_executor() {
    struct Send(std::sync::mpsc::Sender<()>);
    impl Wake for Send {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
        }
    }
    let directory = Directory::new("future");
    let state = open(&directory.file());
    let (woken, wait) = std::sync::mpsc::channel();
    let waker = Arc::new(Send(woken)).into();
    let mut ticket = pin!(learn(&state, &upload(b"1"), KMS));
    let mut poll = || ticket.as_mut().poll(&mut Context::from_waker(&waker));
    let outcome: Result<(), NotDurable> = loop {
        match poll() {
            Poll::Ready(outcome) => break outcome,
            Poll::Pending => wait.recv_timeout(Duration::from_secs(30)).unwrap(),
        }
    };
    assert_eq!(outcome, Ok(()));
    let again = learn(&state, &upload(b"1"), KMS);
    assert_eq!(again.wait(), Ok(()));
}

const CHILD: &str = "OBSGATE_TEST_STATE_FILE";

/// Not a test: what the next one runs in a process of its own and kills. Four threads learn and say what is durable.
#[test]
fn child_that_learns_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let state = open(Path::new(&path));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let state = &state;
            scope.spawn(move || {
                for n in (thread..).step_by(4) {
                    let ticket = learn(state, &upload(&n.to_string().into_bytes()), nth_set(n));
                    ticket.wait().unwrap();
                    println!("durable {n}");
                }
            });
        }
    });
}

#[test]
fn whatever_was_durable_survives_kill_9() {
    let directory = Directory::new("kill");
    let mut expected = Vec::new();
    for round in 1..=5_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_learns_until_it_is_killed", "--nocapture"])
            .env(CHILD, directory.file())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let durable = |line: &str| {
            let (_, number) = line.split_once("durable ")?;
            number.parse::<usize>().ok()
        };
        // The parent stops reading at an arbitrary place; the child is in the middle of a commit, most likely.
        let before_the_kill = lines.by_ref().map_while(Result::ok);
        expected.extend(before_the_kill.filter_map(|line| durable(&line)).take(round * 37));
        child.kill().unwrap();
        child.wait().unwrap();
        let rest = lines.map_while(Result::ok);
        expected.extend(rest.filter_map(|line| durable(&line)));

        let state = open(&directory.file());
        for n in &expected {
            let told = encryption(&state, &upload(&n.to_string().into_bytes()), START);
            assert_eq!(told, Some(nth_set(*n)), "{n} in round {round}");
        }
    }
    assert!(expected.len() >= 37 * 15, "{}", expected.len());
}
