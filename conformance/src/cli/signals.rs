//! How the system tells a subcommand that serves others to stop.

use std::future::pending;

use tokio::signal::unix::{SignalKind, signal};

/// Is done on SIGTERM and SIGINT.
pub(super) async fn told_to_stop() {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else { return pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
