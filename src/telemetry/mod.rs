//! What the gate says of itself: one access-log event a request, counters, and diagnostics. No secret reaches it.

mod access_log;
mod diagnostics;
mod line;
mod metrics;
mod record;

pub use access_log::{AccessLog, Format, Writer};
pub use diagnostics::{diagnostics, init};
pub use metrics::{Counters, render};
pub(crate) use record::Digits;
pub use record::{Outcome, Record, RequestId, Told};
