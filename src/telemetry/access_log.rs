//! The access log: one line a request, gathered in a worker's buffer and written in batches off the hot path.

use super::{
    line::{self, Stamp},
    record::Record,
};
use std::{
    cell::{Cell, RefCell},
    io::Write,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::JoinHandle,
};

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
    clock: RefCell<Stamp>,
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
            clock: RefCell::default(),
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
        if self.format == Format::Off {
            return;
        }
        let (mut buffer, mut at) = (self.buffer.borrow_mut(), self.clock.borrow_mut());
        at.tick();
        let took = record.started.elapsed();
        match self.format {
            Format::Text => line::text(&mut buffer, record, &at, took),
            Format::Json | Format::Off => line::json(&mut buffer, record, &at, took),
        }
        if buffer.len() >= BATCH_BYTES {
            let next = Vec::with_capacity(buffer.capacity());
            self.hand_over(std::mem::replace(&mut *buffer, next));
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

fn write_out(mut output: Box<dyn Write + Send>, batches: &Receiver<Vec<u8>>) {
    for batch in batches {
        if let Err(error) = output.write_all(&batch).and_then(|()| output.flush()) {
            tracing::error!(%error, "the access log cannot be written");
        }
    }
}

/// A batch is handed over when it has this many bytes, or at the next flush.
const BATCH_BYTES: usize = 16 * 1024;
/// Batches that may wait to be written: 4 MiB in all.
const BATCHES: usize = 256;
