//! How a line of the access log is spelled. It is written once a request, so it is written in place: no text is built
//! on the way, and what seldom changes is kept.

use super::record::Record;
use crate::obs::{
    auth::{Auth, Carrier},
    bytes::ByteSet,
    encryption::EncryptionSet,
    operation::Operation,
};
use http::Version;
use std::{
    io::Write as _,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// One request's event as a JSON object.
pub(super) fn json(out: &mut Vec<u8>, record: &Record, at: &Stamp, took: Duration) {
    out.extend_from_slice(b"{\"time\":\"");
    at.write(out);
    out.extend_from_slice(b"\",\"request_id\":\"");
    record.id.write(out);
    out.extend_from_slice(b"\",\"peer\":\"");
    peer(out, record.peer);
    out.extend_from_slice(b"\",\"scheme\":");
    word(out, record.scheme.name());
    out.extend_from_slice(b",\"http\":");
    word(out, digits(record.version));
    out.extend_from_slice(b",\"method\":");
    text_or_null(out, Some(record.method.as_str()));
    out.extend_from_slice(b",\"operation\":");
    word_or_null(out, record.operation.map(Operation::name));
    out.extend_from_slice(b",\"bucket\":");
    text_or_null(out, record.bucket.as_deref());
    out.extend_from_slice(b",\"auth\":");
    word_or_null(out, record.auth.map(Auth::name));
    out.extend_from_slice(b",\"signed_in\":");
    word_or_null(out, record.signed_in.map(Carrier::name));
    out.extend_from_slice(b",\"encryption_seen\":");
    set_or_null(out, record.seen);
    out.extend_from_slice(b",\"encryption_decided\":");
    set_or_null(out, record.decided);
    out.extend_from_slice(b",\"told_by\":");
    word(out, record.told.name());
    out.extend_from_slice(b",\"outcome\":");
    word(out, record.outcome.name());
    out.extend_from_slice(b",\"rule\":");
    text_or_null(out, record.rule.as_deref());
    if !record.exposed.is_empty() {
        out.extend_from_slice(b",\"customer_key_exposed\":");
        for (n, one) in record.exposed.iter().enumerate() {
            out.push(if n == 0 { b'[' } else { b',' });
            // Writing to a `Vec` cannot fail.
            let _ = write!(out, "\"{one}\"");
        }
        out.push(b']');
    }
    out.extend_from_slice(b",\"status\":");
    number(out, record.status.into());
    out.extend_from_slice(b",\"bytes_in\":");
    number(out, record.bytes_in);
    out.extend_from_slice(b",\"bytes_out\":");
    number(out, record.bytes_out);
    out.extend_from_slice(b",\"upstream_ms\":");
    match record.answered_after {
        Some(duration) => millis(out, duration),
        None => out.extend_from_slice(NULL),
    }
    out.extend_from_slice(b",\"total_ms\":");
    millis(out, took);
    out.extend_from_slice(b"}\n");
}

/// One request's event for a reader.
pub(super) fn text(out: &mut Vec<u8>, record: &Record, at: &Stamp, took: Duration) {
    at.write(out);
    let set = record.decided.map(|set| set.to_string());
    // Writing to a `Vec` cannot fail.
    let _ = write!(
        out,
        " {:9} {} {} {} bucket={} auth={} encryption={} status={} in={} out={} {:.1}ms",
        record.outcome.name(),
        record.scheme,
        record.method,
        record.operation.map_or("-", Operation::name),
        record.bucket.as_deref().unwrap_or("-").escape_default(),
        record.auth.map_or("-", Auth::name),
        set.as_deref().unwrap_or("-"),
        record.status,
        record.bytes_in,
        record.bytes_out,
        took.as_secs_f64() * 1000.0,
    );
    if let Some(rule) = &record.rule {
        let _ = write!(out, " rule={rule}");
    }
    for (n, one) in record.exposed.iter().enumerate() {
        let before = if n == 0 { " customer_key_exposed=" } else { "," };
        let _ = write!(out, "{before}{one}");
    }
    let _ = writeln!(out, " peer={} id={}", record.peer, record.id);
}

/// The time of a line: its second is spelled once for all lines of that second.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: u64,
    millis: u64,
    spelled: String,
}

impl Stamp {
    /// Moves on to the time that it is.
    pub(super) fn tick(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.millis = since.subsec_millis().into();
        if self.second != since.as_secs() || self.spelled.is_empty() {
            self.second = since.as_secs();
            let second = i64::try_from(self.second).ok();
            let second = second.and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
            self.spelled = second
                .and_then(|second| second.format(&SECOND).ok())
                .unwrap_or_default();
        }
    }

    /// RFC 3339, in UTC, to the millisecond.
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.spelled.as_bytes());
        out.push(b'.');
        fraction(out, self.millis);
        out.push(b'Z');
    }
}

const fn digits(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// What needs no escape.
fn word(out: &mut Vec<u8>, word: &'static str) {
    out.push(b'"');
    out.extend_from_slice(word.as_bytes());
    out.push(b'"');
}

fn word_or_null(out: &mut Vec<u8>, said: Option<&'static str>) {
    match said {
        Some(said) => word(out, said),
        None => out.extend_from_slice(NULL),
    }
}

fn text_or_null(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) if PLAIN.has_all(text.as_bytes()) => {
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
        // Neither a `Vec` nor a string can fail.
        Some(text) => drop(serde_json::to_writer(out, text)),
        None => out.extend_from_slice(NULL),
    }
}

fn set_or_null(out: &mut Vec<u8>, set: Option<EncryptionSet>) {
    let Some(set) = set else {
        return out.extend_from_slice(NULL);
    };
    for (n, one) in set.iter().enumerate() {
        out.push(if n == 0 { b'"' } else { b'|' });
        out.extend_from_slice(one.name().as_bytes());
    }
    out.push(b'"');
}

fn peer(out: &mut Vec<u8>, peer: SocketAddr) {
    match peer {
        SocketAddr::V4(peer) => {
            for (octet, after) in peer.ip().octets().into_iter().zip(*b"...:") {
                number(out, octet.into());
                out.push(after);
            }
            number(out, peer.port().into());
        }
        // Writing to a `Vec` cannot fail.
        SocketAddr::V6(peer) => drop(write!(out, "{peer}")),
    }
}

/// Milliseconds, to the microsecond.
fn millis(out: &mut Vec<u8>, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    number(out, micros / 1000);
    out.push(b'.');
    fraction(out, micros % 1000);
}

/// Thousandths, as three digits.
fn fraction(out: &mut Vec<u8>, thousandths: u64) {
    out.extend([100, 10, 1].map(|place| digit(thousandths / place)));
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    let (mut digits, mut first) = ([0; 20], 20);
    for place in digits.iter_mut().rev() {
        *place = digit(number);
        number /= 10;
        first -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// The last digit of a number.
fn digit(number: u64) -> u8 {
    b"0123456789".get((number % 10) as usize).copied().unwrap_or(b'0')
}

const NULL: &[u8] = b"null";
/// What stands for itself in a JSON string.
static PLAIN: ByteSet = ByteSet::over(b' ', b'\xff').without(b"\"\\");
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        obs::scheme::Scheme,
        telemetry::{RequestId, Told},
    };
    use http::Method;

    fn record() -> Record {
        let id = RequestId {
            worker: 0x0123_4567_89ab_cdef,
            number: 0xff,
        };
        Record::begin(id, ([10, 200, 3, 255], 80).into(), Scheme::Http, Method::GET)
    }

    fn written(record: &Record, took: Duration) -> (String, serde_json::Value) {
        let (mut out, mut at) = (Vec::new(), Stamp::default());
        at.tick();
        json(&mut out, record, &at, took);
        let line = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&line).unwrap();
        (line, value)
    }

    #[test]
    fn what_is_not_known_is_null() {
        let (line, value) = written(&record(), Duration::from_micros(1_002_034));
        assert_eq!(
            line.split_once("\"request_id\"").unwrap().1,
            ":\"0123456789ABCDEF00000000000000FF\",\"peer\":\"10.200.3.255:80\",\"scheme\":\"http\",\"http\":\"1.1\",\"method\":\"GET\",\
             \"operation\":null,\"bucket\":null,\"auth\":null,\"signed_in\":null,\"encryption_seen\":null,\
             \"encryption_decided\":null,\"told_by\":\"nobody\",\"outcome\":\"allowed\",\"rule\":null,\"status\":0,\
             \"bytes_in\":0,\"bytes_out\":0,\"upstream_ms\":null,\"total_ms\":1002.034}\n"
        );
        assert_eq!(value.as_object().unwrap().len(), 20);
    }

    #[test]
    fn whatever_a_request_holds_is_read_back_as_it_was() {
        for text in ["", "plain", "a\"b", "a\\b", "a\nb\u{0}", "\u{7f}é\u{2028}"] {
            let record = Record {
                bucket: Some(text.to_owned()),
                rule: Some(text.to_owned()),
                ..record()
            };
            let (line, value) = written(&record, Duration::ZERO);
            assert_eq!((&value["bucket"], &value["rule"]), (&text.into(), &text.into()));
            assert_eq!(line.lines().count(), 1);
        }
        for set in EncryptionSet::every() {
            let record = Record {
                seen: Some(set),
                told: Told::Response,
                ..record()
            };
            assert_eq!(
                written(&record, Duration::ZERO).1["encryption_seen"],
                set.to_string()
            );
        }
        for peer in [
            "0.0.0.0:0",
            "255.10.9.100:65535",
            "[2001:db8::1]:443",
            "[::ffff:1.2.3.4]:9",
        ] {
            let record = Record {
                peer: peer.parse().unwrap(),
                ..record()
            };
            assert_eq!(written(&record, Duration::ZERO).1["peer"], peer);
        }
    }

    #[test]
    fn numbers_are_spelled_in_full() {
        for n in [0, 1, 9, 10, 99, 100, 1_000_000, u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, n);
            assert_eq!(String::from_utf8(out).unwrap(), n.to_string());
        }
    }

    #[test]
    fn the_time_is_that_of_the_clock() {
        let mut at = Stamp::default();
        at.tick();
        let mut out = Vec::new();
        at.write(&mut out);
        let written = String::from_utf8(out).unwrap();
        let full = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let time = UNIX_EPOCH + Duration::from_secs(at.second) + Duration::from_millis(at.millis);
        assert_eq!(written, OffsetDateTime::from(time).format(&full).unwrap());
    }
}
