//! obsgate: a gate in front of an OBS endpoint that enforces the published rules for server-side encryption.
//!
//! Imports point down only: [`proxy`] and [`telemetry`] (L3) stand on [`classify`], [`config`] and [`state`] (L2),
//! these on [`policy`] (L1), and that on [`obs`] (L0). `tests/layering.rs` keeps it so; `docs/architecture.md`
//! says why.

pub mod classify;
pub mod cli;
pub mod config;
pub mod demo;
pub mod obs;
pub mod policy;
pub mod proxy;
pub mod state;
pub mod telemetry;
