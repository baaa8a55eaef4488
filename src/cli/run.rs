//! `obsgate run`: the gate, until it is told to stop.

use super::{Failure, RunArgs, descriptors};
use crate::{config::Config, proxy::Gate, telemetry};
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the gate with the settings of a file until SIGTERM or SIGINT, then finishes what is in flight.
///
/// # Errors
/// When the settings are mistaken or the gate cannot start.
pub fn run(args: &RunArgs) -> Result<(), Failure> {
    telemetry::init();
    let config = Config::load(&args.config).map_err(Failure::Settings)?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    descriptors::raise(&config);
    let gate = Gate::start(&config, Box::new(io::stdout())).map_err(Failure::Start)?;
    for (listener, address) in config.listeners().iter().zip(gate.addresses()) {
        tracing::info!(%address, scheme = listener.transport.scheme().name(), "listening");
    }
    if let Some(address) = gate.admin() {
        tracing::info!(%address, "listening for the operator");
    }
    tracing::info!(
        profile = config.profile_name(),
        workers = config.workers(),
        "the gate is up"
    );
    wait_for_signal().map_err(Failure::Signal)?;
    tracing::info!("stopping: finishing what is in flight");
    gate.stop();
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// When the signals cannot be listened for.
pub(super) fn wait_for_signal() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}
