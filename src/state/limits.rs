//! How much is remembered.

use std::time::Duration;

/// How much is remembered, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many things at most.
    pub entries: usize,
    /// How long an upload or an appended object is remembered since its last use.
    pub upload_lifetime: Duration,
    /// How long a learned bucket default is remembered.
    pub default_lifetime: Duration,
    /// How long one that was looked up is. One that says `none` is for as long, but 60 s at most (rulings, 21).
    pub looked_up_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            upload_lifetime: Duration::from_hours(7 * 24),
            default_lifetime: Duration::from_hours(24),
            looked_up_lifetime: Duration::from_mins(1),
        }
    }
}
