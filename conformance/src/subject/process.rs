//! A process group that the runner has started, and ends.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use super::accelerate::{Accelerator, forget, untouched};
use super::guard::Guard;
use super::output::{LineSender, CapturedOutput};
use crate::clock::Clock;
use crate::engine::{Ending, Process};

/// A child process, leader of a group of its own. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Option<Pid>,
    guard: Option<Arc<Guard>>,
    is_accelerated: bool,
    child: Mutex<Child>,
    pub(super) output: CapturedOutput,
    /// Commands of the driver protocol, where it has one.
    told: Option<mpsc::UnboundedSender<String>>,
}

/// How a process is to be started.
#[derive(Default)]
pub(super) struct SpawnOptions<'a> {
    /// The program and its arguments.
    pub(super) words: &'a [String],
    /// The folder to run it in; the current one where none is named.
    pub(super) folder: Option<&'a Path>,
    /// Ends it where this process is killed.
    pub(super) guard: Option<Arc<Guard>>,
    /// Variables of its environment, beside those of this process.
    pub(super) environment: &'a [(&'a str, String)],
    /// Makes time pass faster for it.
    pub(super) accelerator: Option<&'a Accelerator>,
    /// Who reads its standard output line by line, and the clock that stamps them; it then has a standard input too.
    pub(super) lines: Option<(Clock, LineSender)>,
}

impl ProcessGroup {
    /// Starts a process.
    pub(super) fn start(spawn: SpawnOptions<'_>) -> Result<Self, String> {
        let SpawnOptions { words, folder, guard, environment, accelerator, lines } = spawn;
        let Some((program, arguments)) = words.split_first() else {
            return Err("the command is empty".to_owned());
        };
        let mut command = Command::new(program);
        // A relative path to the program is looked for in there, as a shell would after `cd`.
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let faster = accelerator.map(Accelerator::environment).unwrap_or_default();
        let mut child = command
            .args(arguments)
            .envs(faster)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(if lines.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let within = folder.map(|folder| format!(" in the folder {}", folder.display())).unwrap_or_default();
                format!("`{program}` cannot be started{within}: {error}")
            })?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let (Some(guard), Some(leader)) = (&guard, leader) {
            guard.watch(leader);
        }
        let output = CapturedOutput::default();
        let mut told = None;
        match lines {
            Some((clock, lines)) => {
                output.collect_lines(child.stdout.take(), clock, lines);
                told = child.stdin.take().map(write_lines);
            }
            None => output.collect(child.stdout.take()),
        }
        output.collect(child.stderr.take());
        Ok(Self { leader, guard, is_accelerated: accelerator.is_some(), child: Mutex::new(child), output, told })
    }

    /// Writes a line to its standard input; false where nobody reads it any more.
    pub(super) fn send_command(&self, line: String) -> bool {
        self.told.as_ref().is_some_and(|told| told.send(line).is_ok())
    }

    /// Why time does not pass faster for it, though it should; nothing where it does, or where the system does not tell.
    pub(super) fn in_real_time(&self) -> Option<String> {
        let pids = tree(self.leader?.as_raw_nonzero().get(), 0);
        let names = untouched(&pids)?;
        (!names.is_empty()).then(|| {
            format!(
                "libfaketime cannot reach `{}`: a program that is linked statically loads no library",
                names.join("`, `")
            )
        })
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }

    fn signal(&self, signal: Signal) -> Result<(), String> {
        let leader = self.leader.ok_or("the process has no id")?;
        kill_process_group(leader, signal).map_err(|error| error.to_string())
    }

    /// Ends the group by SIGTERM, and by SIGKILL where that does not help in time.
    pub(super) async fn stop(&self, clock: &Clock, patience: Duration) {
        let deadline = clock.now() + clock.real(patience);
        if self.status().is_none() && self.signal(Signal::TERM).is_ok() {
            while self.status().is_none() && clock.now() < deadline {
                clock.nap(Duration::from_millis(5)).await;
            }
        }
        let _ = self.signal(Signal::KILL);
    }
}

impl ProcessGroup {
    /// Ends the group by SIGKILL, and waits for its leader to be gone.
    pub(super) async fn kill(&self, clock: &Clock, patience: Duration) {
        let deadline = clock.now() + clock.real(patience);
        let _ = self.signal(Signal::KILL);
        while self.status().is_none() && clock.now() < deadline {
            clock.nap(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // The group may outlive its leader; one that is gone already refuses the signal, which is what is wanted.
        let _ = self.signal(Signal::KILL);
        let Some(leader) = self.leader else { return };
        if let Some(guard) = &self.guard {
            guard.release(leader);
        }
        if self.is_accelerated {
            forget(leader.as_raw_nonzero().get());
        }
    }
}

impl Process for ProcessGroup {
    fn terminate(&self) -> Result<(), String> {
        self.signal(Signal::TERM)
    }

    fn memory(&self) -> Option<u64> {
        if self.status().is_some() {
            return None;
        }
        let pages = sum(self.leader?.as_raw_nonzero().get(), &resident_pages)?;
        Some(pages * rustix::param::page_size() as u64)
    }

    fn starved(&self) -> Option<Duration> {
        sum(self.leader?.as_raw_nonzero().get(), &run_delay).map(Duration::from_nanos)
    }

    fn ended(&self) -> Option<Ending> {
        self.status().map(|status| Ending { code: status.code(), description: status.to_string() })
    }
}

/// Writes lines to a stream, each as it comes, until the stream breaks or nobody has any more.
fn write_lines(mut stream: ChildStdin) -> mpsc::UnboundedSender<String> {
    let (sender, mut lines) = mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        while let Some(mut line) = lines.recv().await {
            line.push('\n');
            if stream.write_all(line.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    });
    sender
}

/// How deep a tree of processes is followed.
const DEEPEST: usize = 8;

/// A process and all its descendants (Linux: `/proc`).
fn tree(pid: i32, depth: usize) -> Vec<i32> {
    let mut all = vec![pid];
    if depth < DEEPEST {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        all.extend(children.flat_map(|child| tree(child, depth + 1)));
    }
    all
}

/// A figure of a process and all its descendants (Linux: `/proc`).
fn sum(pid: i32, figure: &dyn Fn(i32) -> Option<u64>) -> Option<u64> {
    let own = figure(pid)?;
    let descendants = tree(pid, 0).into_iter().skip(1);
    Some(own + descendants.filter_map(figure).sum::<u64>())
}

fn resident_pages(pid: i32) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// How long the threads of a process were ready to run and did not, in ns.
fn run_delay(pid: i32) -> Option<u64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let delay = |thread: std::fs::DirEntry| {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    Some(threads.filter_map(|thread| delay(thread.ok()?)).sum())
}
