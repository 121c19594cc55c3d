//! The signals that end a command early.

use std::future::pending;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Completes on SIGTERM and SIGINT.
pub(super) async fn stop_requested() {
    stop_signals().await;
}

/// Handles the signals from this call on; has to be called within a runtime.
fn stop_signals() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// A flag that becomes true on SIGTERM and SIGINT.
pub(super) fn interruption() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    let stop = stop_signals();
    tokio::spawn(async move {
        tokio::select! {
            () = stop => drop(sender.send(true)),
            () = sender.closed() => {}
        }
        sender.closed().await;
    });
    receiver
}

/// Completes when the flag becomes true.
pub(super) async fn interrupted(mut interruption: watch::Receiver<bool>) {
    if interruption.wait_for(|interrupted| *interrupted).await.is_err() {
        pending::<()>().await;
    }
}
