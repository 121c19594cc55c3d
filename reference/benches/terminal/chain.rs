//! What connects a shell to its viewer: nothing, or three processes.

use std::fs;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::process::{FLAG, SHELL};
use crate::screen::{self, Pace};

/// Ticks per second of the processor times in `/proc`.
const TICKS: f64 = 100.0;
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChainKind {
    /// Host, relay and viewer of the reference.
    Relay,
    /// Three processes that forward over TCP.
    Plain,
    /// The pseudo terminal itself.
    Direct,
}

impl ChainKind {
    pub(crate) const ALL: [Self; 3] = [Self::Relay, Self::Plain, Self::Direct];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "host, relay and viewer",
            Self::Plain => "the same processes with plain TCP and no protocol",
            Self::Direct => "directly from the pseudo terminal",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct ProcessUsage {
    pub(crate) name: &'static str,
    pub(crate) processor_seconds: f64,
    /// In bytes.
    pub(crate) resident_before: f64,
    /// In bytes.
    pub(crate) resident_peak: f64,
}

impl ProcessUsage {
    pub(crate) fn since(&self, before: &Self) -> Self {
        let processor_seconds = self.processor_seconds - before.processor_seconds;
        Self { processor_seconds, resident_before: before.resident_before, ..self.clone() }
    }

    fn of(name: &'static str, process: &Child) -> Self {
        let id = process.id().expect("a process that runs");
        let statistics = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // The name in parentheses may contain spaces.
        let numbers = statistics.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: f64 = numbers.map(|ticks| ticks.parse::<f64>().unwrap_or(f64::NAN)).sum();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let kib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN)
        };
        Self {
            name,
            processor_seconds: ticks / TICKS,
            resident_before: kib("VmRSS:") * 1024.0,
            resident_peak: kib("VmHWM:") * 1024.0,
        }
    }
}

pub(crate) struct Chain {
    parts: Vec<(&'static str, Child)>,
    screen: Pin<Box<dyn AsyncRead>>,
    keys: Pin<Box<dyn AsyncWrite>>,
}

impl Chain {
    pub(crate) async fn start(kind: ChainKind) -> Self {
        let [relay, host, viewer] = match kind {
            ChainKind::Relay => ["relay", "host", "viewer"],
            ChainKind::Plain => ["plain-relay", "plain-host", "plain-viewer"],
            ChainKind::Direct => {
                let (pty, pts) = pty_process::open().expect("a pseudo terminal");
                let child = pty_process::Command::new(SHELL).kill_on_drop(true).spawn(pts).expect("a shell");
                let (screen, keys) = pty.into_split();
                return Self { parts: vec![("shell", child)], screen: Box::pin(screen), keys: Box::pin(keys) };
            }
        };
        let (relay, mut output) = start(&[relay]);
        let address = line(&mut output).await;
        let (host, mut output) = start(&[host, &address]);
        let code = line(&mut output).await;
        let (mut viewer, screen) = start(&[viewer, &address, code.trim_start_matches("code ")]);
        let keys = viewer.stdin.take().expect("piped");
        let parts = vec![("relay", relay), ("host", host), ("viewer", viewer)];
        Self { parts, screen: Box::pin(screen), keys: Box::pin(keys) }
    }

    pub(crate) async fn settle(&mut self) {
        screen::settle(&mut self.screen, &mut self.keys).await;
    }

    /// The time that so many bytes take.
    pub(crate) async fn pour(&mut self, bytes: usize, pace: Pace) -> Duration {
        screen::pour(&mut self.screen, &mut self.keys, bytes, pace).await
    }

    pub(crate) fn used(&self) -> Vec<ProcessUsage> {
        let processes = self.parts.iter().filter(|(name, _)| *name != "shell");
        processes.map(|(name, process)| ProcessUsage::of(name, process)).collect()
    }

    pub(crate) async fn stop(self) {
        drop((self.screen, self.keys));
        for (_, mut process) in self.parts.into_iter().rev() {
            process.kill().await.expect("a process that ends");
        }
    }
}

fn start(arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
    command.arg(FLAG).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command.stderr(Stdio::null());
    let mut process = command.spawn().expect("a process");
    let stdout = process.stdout.take().expect("piped");
    (process, BufReader::with_capacity(64 << 10, stdout))
}

async fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).await.expect("a line");
    line.trim().to_owned()
}
