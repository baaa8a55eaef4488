//! A watch over all that this process logs, at every level: it knows every secret that went over a wire of the tests,
//! and a test asks it whether one of them was printed.

use obsgate::telemetry::diagnostics;
use std::{
    collections::BTreeSet,
    io,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    thread,
};
use tracing_subscriber::{EnvFilter, util::SubscriberInitExt};

static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static LOGGED: Mutex<String> = Mutex::new(String::new());

/// Where diagnostics go.
struct Ear;

/// Begins to listen. Every gate under test is started after it.
pub(crate) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        diagnostics(EnvFilter::new("trace"), || Ear, false)
            .try_init()
            .unwrap();
    });
}

/// Remembers the secrets in what goes over a wire: a request, an answer, or a piece of one that begins with a line.
pub(crate) fn note(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes.get(..MOST).unwrap_or(bytes));
    let mut found = BTreeSet::new();
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(':') {
            note_field(&mut found, name, value.trim());
        }
        // In a target, wherever that is: also where the line is malformed.
        for pair in line.split(['?', '&', ';', ' ']) {
            if let Some((name, value)) = pair.split_once('=') {
                note_field(&mut found, name, value);
            }
        }
    }
    for part in text.split("; name=\"").skip(1) {
        if let Some((name, rest)) = part.split_once('"')
            && let Some((_, value)) = rest.split_once("\r\n\r\n")
        {
            note_field(&mut found, name, value.split("\r\n").next().unwrap_or_default());
        }
    }
    lock(&SECRETS).append(&mut found);
}

/// A secret that is in a text, if one is.
pub(crate) fn find(text: &str) -> Option<String> {
    lock(&SECRETS)
        .iter()
        .find(|secret| text.contains(*secret))
        .cloned()
}

/// Everything that was logged so far, by all tests of this process.
pub(crate) fn logged() -> String {
    lock(&LOGGED).clone()
}

/// Fails the test if one of its secrets, or of these, was logged or is in `text`.
#[track_caller]
pub(crate) fn assert_kept(text: &str, secrets: &[&str]) {
    if thread::panicking() {
        return;
    }
    for text in [text, &logged()] {
        let known = secrets.iter().find(|secret| text.contains(**secret));
        let leaked = known.map(|secret| (*secret).to_owned()).or_else(|| find(text));
        assert!(leaked.is_none(), "{leaked:?} was logged: {text}");
    }
}

fn note_field(found: &mut BTreeSet<String>, name: &str, value: &str) {
    let folded = name.to_ascii_lowercase().replace('_', "-").replace("%2d", "-");
    let folded = folded.trim();
    if folded == "authorization" {
        // `AWS key:signature`, or `…, Signature=signature`, which is found as a parameter.
        found.extend(
            value
                .rsplit(':')
                .next()
                .filter(|_| value.contains(':'))
                .and_then(telling),
        );
    } else if NAMES.contains(&folded)
        || (folded.starts_with("x-") && TAILS.iter().any(|tail| folded.ends_with(tail)))
    {
        found.extend(telling(value));
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        found.extend(telling(&decoded));
    }
}

/// Short values stand in other words too.
fn telling(value: &str) -> Option<String> {
    (value.len() >= LEAST).then(|| value.to_owned())
}

impl io::Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&LOGGED).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const NAMES: [&str; 4] = ["signature", "policy", "token", "x-auth-token"];
const TAILS: [&str; 7] = [
    "-customer-key",
    "-customer-key-md5",
    "-security-token",
    "-auth-token",
    "-storage-token",
    "-signature",
    "-credential",
];
const LEAST: usize = 12;
/// How much of one piece is looked at.
const MOST: usize = 64 * 1024;
