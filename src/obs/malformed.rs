//! What makes a request's operation, signature or encryption ambiguous, so that it is refused before a rule is asked.

use std::fmt;

/// Why a request cannot be classified. Each has an id, an OBS error code and a text for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// `Host` is missing, empty, repeated, or not a host (rulings, 7).
    Host,
}

impl Malformed {
    /// The id in log lines, metrics and the `x-obsgate-rule` header.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Host => "malformed.host",
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl std::error::Error for Malformed {}
