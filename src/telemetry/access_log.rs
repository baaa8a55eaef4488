//! The access log: one line a request, gathered in a worker's buffer and written in batches off the hot path.

use super::record::Record;
use crate::obs::{
    auth::{Auth, Carrier},
    operation::Operation,
};
use http::Version;
use serde::Serialize;
use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    io::Write,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
    time::Duration,
};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// How a line is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// One readable line.
    Text,
    /// No lines.
    Off,
}

/// One worker's end of the log.
#[derive(Debug)]
pub struct AccessLog {
    format: Format,
    buffer: RefCell<Vec<u8>>,
    lost: Cell<u64>,
    queue: SyncSender<Vec<u8>>,
}

/// The thread that writes batches out. Ends when every [`AccessLog`] is gone and all is written.
#[derive(Debug)]
pub struct Writer {
    queue: SyncSender<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(output: Box<dyn Write + Send>) -> std::io::Result<Self> {
        let (queue, batches) = sync_channel(BATCHES);
        let thread = std::thread::Builder::new()
            .name("access-log".into())
            .spawn(move || write_out(output, &batches))?;
        Ok(Self { queue, thread })
    }

    /// An end for one worker.
    pub fn log(&self, format: Format) -> AccessLog {
        AccessLog {
            format,
            buffer: RefCell::default(),
            lost: Cell::new(0),
            queue: self.queue.clone(),
        }
    }

    /// Waits until all that was handed over is written. Every worker's end must be gone by then.
    pub fn finish(self) {
        drop(self.queue);
        if self.thread.join().is_err() {
            tracing::error!("the access log's thread panicked");
        }
    }
}

impl AccessLog {
    /// Writes one request's line into the buffer.
    pub fn write(&self, record: &Record) {
        let mut buffer = self.buffer.borrow_mut();
        match self.format {
            Format::Off => return,
            Format::Json => json(&mut buffer, record),
            Format::Text => text(&mut buffer, record),
        }
        if buffer.len() >= BATCH_BYTES {
            self.hand_over(std::mem::take(&mut *buffer));
        }
    }

    /// Hands the buffer over to be written. Called a few times a second.
    pub fn flush(&self) {
        let batch = std::mem::take(&mut *self.buffer.borrow_mut());
        if !batch.is_empty() {
            self.hand_over(batch);
        }
    }

    /// Never waits: a log that nobody reads must not stop requests. What is lost is counted and said.
    fn hand_over(&self, batch: Vec<u8>) {
        match self.queue.try_send(batch) {
            Ok(()) => {
                let lost = self.lost.take();
                if lost > 0 {
                    tracing::error!(lines = lost, "access log lines were lost: its output is too slow");
                }
            }
            Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => {
                let lines = memchr::memchr_iter(b'\n', &batch).count() as u64;
                self.lost.set(self.lost.get().saturating_add(lines));
            }
        }
    }
}

impl Drop for AccessLog {
    /// The last lines are waited for.
    fn drop(&mut self) {
        let batch = std::mem::take(&mut *self.buffer.borrow_mut());
        if !batch.is_empty() && self.queue.send(batch).is_err() {
            tracing::error!("the access log's last lines were lost");
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    request_id: String,
    peer: String,
    scheme: &'static str,
    http: &'static str,
    method: &'a str,
    operation: Option<&'static str>,
    bucket: Option<&'a str>,
    auth: Option<&'static str>,
    signed_in: Option<&'static str>,
    encryption_seen: Option<String>,
    encryption_decided: Option<String>,
    told_by: &'static str,
    outcome: &'static str,
    rule: Option<&'a str>,
    status: u16,
    bytes_in: u64,
    bytes_out: u64,
    upstream_ms: Option<f64>,
    total_ms: f64,
}

impl<'a> Line<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            time: OffsetDateTime::now_utc().format(&TIME).unwrap_or_default(),
            request_id: record.id.to_string(),
            peer: record.peer.to_string(),
            scheme: record.scheme.name(),
            http: digits(record.version),
            method: record.method.as_str(),
            operation: record.operation.map(Operation::name),
            bucket: record.bucket.as_deref(),
            auth: record.auth.map(Auth::name),
            signed_in: record.signed_in.map(Carrier::name),
            encryption_seen: record.seen.map(|set| set.to_string()),
            encryption_decided: record.decided.map(|set| set.to_string()),
            told_by: record.told.name(),
            outcome: record.outcome.name(),
            rule: record.rule.as_deref(),
            status: record.status,
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            upstream_ms: record.answered_after.map(millis),
            total_ms: millis(record.started.elapsed()),
        }
    }
}

const fn digits(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

fn json(buffer: &mut Vec<u8>, record: &Record) {
    // Neither a `Vec` nor these types can fail.
    if serde_json::to_writer(&mut *buffer, &Line::of(record)).is_ok() {
        buffer.push(b'\n');
    }
}

fn text(buffer: &mut Vec<u8>, record: &Record) {
    let line = Line::of(record);
    let mut out = String::with_capacity(256);
    // Writing to a `String` cannot fail.
    let _ = write!(
        out,
        "{} {:9} {} {} {} bucket={} auth={} encryption={} status={} in={} out={} {:.1}ms",
        line.time,
        line.outcome,
        line.scheme,
        line.method,
        line.operation.unwrap_or("-"),
        line.bucket.unwrap_or("-").escape_default(),
        line.auth.unwrap_or("-"),
        line.encryption_decided.as_deref().unwrap_or("-"),
        line.status,
        line.bytes_in,
        line.bytes_out,
        line.total_ms,
    );
    if let Some(rule) = line.rule {
        let _ = write!(out, " rule={rule}");
    }
    let _ = writeln!(out, " peer={} id={}", line.peer, line.request_id);
    buffer.extend_from_slice(out.as_bytes());
}

fn write_out(mut output: Box<dyn Write + Send>, batches: &Receiver<Vec<u8>>) {
    for batch in batches {
        if let Err(error) = output.write_all(&batch).and_then(|()| output.flush()) {
            tracing::error!(%error, "the access log cannot be written");
        }
    }
}

/// RFC 3339, in UTC, to the millisecond.
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
/// A batch is handed over when it has this many bytes, or at the next flush.
const BATCH_BYTES: usize = 16 * 1024;
/// Batches that may wait to be written: 4 MiB in all.
const BATCHES: usize = 256;
