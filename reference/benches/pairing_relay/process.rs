//! The servers as processes of their own, and their resource usage.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;

use relayspec::timing::{Parameter, Timing};
use relayspec_reference::{Options, PairingRelay};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{files, forwarder};

/// Marks a part of the bench; followed by its kind.
pub(crate) const FLAG: &str = "--part";
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    Relay,
    Forwarder,
}

impl ServerKind {
    pub(crate) fn named(name: &str) -> Self {
        if name == "Relay" { Self::Relay } else { Self::Forwarder }
    }
}

pub(crate) async fn serve(kind: ServerKind) {
    files::raise_file_limit();
    let stop = async { _ = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await };
    match kind {
        ServerKind::Relay => {
            let mut timing = Timing::default();
            // No Pings among the counted bytes.
            timing.declare(Parameter::HeartbeatInterval, std::time::Duration::from_secs(3600));
            let relay = PairingRelay::bind(Options { timing, ..Options::default() }).await.expect("a free port");
            println!("{}", relay.local_addr());
            relay.serve(stop).await;
        }
        ServerKind::Forwarder => {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            println!("{}", listener.local_addr().expect("an address"));
            tokio::select! {
                () = forwarder::serve(listener) => {}
                () = stop => {}
            }
        }
    }
}

pub(crate) struct ServerProcess {
    pub(crate) kind: ServerKind,
    pub(crate) address: SocketAddr,
    process: Child,
}

impl ServerProcess {
    pub(crate) async fn start(kind: ServerKind) -> Self {
        let own = std::env::current_exe().expect("the path of this binary");
        let mut command = if pinning() { Command::new("taskset") } else { Command::new(&own) };
        if pinning() {
            command.args(["-c", SERVER_CORE]).arg(&own);
        }
        command.args([FLAG, &format!("{kind:?}")]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("a process");
        let mut address = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut address).await.expect("an address");
        Self { kind, address: address.trim().parse().expect("an address"), process }
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.expect("a process that ends");
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> f64 {
        // `status` may lag by some pages.
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.id())).unwrap_or_default();
        let line = rollup.lines().find(|line| line.starts_with("Rss:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
    }

    /// Processor time so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let statistics = fs::read_to_string(format!("/proc/{}/schedstat", self.id())).unwrap_or_default();
        statistics.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
    }

    fn id(&self) -> u32 {
        self.process.id().expect("a process that runs")
    }
}

pub(crate) fn pin_load() -> bool {
    let own = std::process::id().to_string();
    let pinned = std::process::Command::new("taskset").args(["-cp", LOAD_CORE, &own]).stdout(Stdio::null()).status();
    pinned.is_ok_and(|status| status.success()) && pinning()
}

fn pinning() -> bool {
    let probe = std::process::Command::new("taskset").args(["-c", SERVER_CORE, "true"]).status();
    probe.is_ok_and(|status| status.success())
}
