//! Processes: the reference servers, and whether a process still runs.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::run::RunningBinary;

/// A reference server process. Dropping it kills it.
pub(crate) struct ReferenceProcess {
    running: RunningBinary,
    /// Its address, such as `127.0.0.1:1234`.
    pub(crate) address: String,
}

impl ReferenceProcess {
    /// Starts the pairing relay on a free port, with these arguments.
    pub(crate) async fn start(more: &[&str]) -> Self {
        Self::start_the("pairing-relay", more).await
    }

    /// Starts the sync server, with the PIN 000042.
    pub(crate) async fn sync(more: &[&str]) -> Self {
        Self::start_the("sync-server", &[&["--pin", "000042"], more].concat()).await
    }

    /// The output of a sync server that does not start.
    pub(crate) async fn sync_refused(more: &[&str]) -> String {
        let arguments = ["reference", "sync-server", "--port", "0", "--pin", "000042"];
        super::conformance(arguments.iter().chain(more)).await.shown()
    }

    async fn start_the(which: &str, more: &[&str]) -> Self {
        let arguments = ["reference", which, "--port", "0", "--log", "off"];
        let mut running = RunningBinary::start(arguments.iter().chain(more));
        let line = running.line_with("listening on ws://").await;
        let address = line.trim().rsplit('/').next().expect("an address").to_owned();
        Self { running, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Kills it and waits for its end.
    pub(crate) async fn kill(self) {
        self.running.killed().await;
    }
}

/// Whether a process with this id runs. A zombie does not.
pub(crate) fn is_alive(id: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    Pid::from_raw(id).is_some_and(|id| test_kill_process(id).is_ok()) && !matches!(state, Some('Z' | 'X'))
}

/// Whether a process has ended, or ends shortly, since signals take a moment. One that does not is killed.
pub(crate) fn is_gone(id: i32) -> bool {
    let deadline = Instant::now() + Duration::from_secs(2);
    while is_alive(id) {
        if Instant::now() > deadline {
            let _ = Pid::from_raw(id).map(|id| kill_process(id, Signal::KILL));
            return false;
        }
        std::thread::yield_now();
    }
    true
}
