//! `Upstream` on the wire: what a client sends, what the origin sees, what comes back.

#[cfg(test)]
mod expect;
#[cfg(test)]
mod front;
#[cfg(test)]
mod held;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod reuse;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod timeouts;
#[cfg(test)]
mod tls;

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
