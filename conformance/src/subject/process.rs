//! A process group that the runner starts and ends.

use std::io;
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
use super::output::{CapturedOutput, LineSender};
use super::start_error::StartProblem;
use crate::clock::Clock;
use crate::engine::{Process, ProcessExit, SubjectError};

/// A child process, leader of a group of its own. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Option<Pid>,
    guard: Option<Arc<Guard>>,
    is_accelerated: bool,
    child: Mutex<Child>,
    pub(super) output: CapturedOutput,
    /// Commands of the driver protocol, if it speaks it.
    commands: Option<mpsc::UnboundedSender<String>>,
}

/// How to start a process.
#[derive(Default)]
pub(super) struct SpawnOptions<'a> {
    /// The program and its arguments.
    pub(super) words: &'a [String],
    /// The folder to run it in, if not the current one.
    pub(super) folder: Option<&'a Path>,
    /// Ends it if this process is killed.
    pub(super) guard: Option<Arc<Guard>>,
    /// Environment variables in addition to those of this process.
    pub(super) environment: &'a [(&'a str, String)],
    /// Accelerates its time.
    pub(super) accelerator: Option<&'a Accelerator>,
    /// Receives its standard output line by line, stamped by the clock; its standard input is then open as well.
    pub(super) lines: Option<(Clock, LineSender)>,
}

impl ProcessGroup {
    /// Starts a process.
    pub(super) fn start(options: SpawnOptions<'_>) -> Result<Self, StartProblem> {
        let SpawnOptions { words, folder, guard, environment, accelerator, lines } = options;
        let (program, arguments) = words.split_first().ok_or(StartProblem::EmptyCommand)?;
        let mut command = Command::new(program);
        // A relative path to the program is resolved there, as in a shell after `cd`.
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let acceleration = accelerator.map(Accelerator::environment).unwrap_or_default();
        let mut child = command
            .args(arguments)
            .envs(acceleration)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(if lines.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| StartProblem::Spawn(program.clone(), folder.map(Path::to_owned), error))?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let (Some(guard), Some(leader)) = (&guard, leader) {
            guard.watch(leader);
        }
        let output = CapturedOutput::default();
        let mut commands = None;
        match lines {
            Some((clock, lines)) => {
                output.collect_lines(child.stdout.take(), clock, lines);
                commands = child.stdin.take().map(write_lines);
            }
            None => output.collect(child.stdout.take()),
        }
        output.collect(child.stderr.take());
        Ok(Self { leader, guard, is_accelerated: accelerator.is_some(), child: Mutex::new(child), output, commands })
    }

    /// Writes a line to its standard input; false if that is closed.
    pub(super) fn send_command(&self, line: String) -> bool {
        self.commands.as_ref().is_some_and(|commands| commands.send(line).is_ok())
    }

    /// Why its time is not accelerated; `None` if it is, or if unknown.
    pub(super) fn in_real_time(&self) -> Option<String> {
        let pids = tree(self.leader?.as_raw_nonzero().get(), 0);
        let names = untouched(&pids)?;
        (!names.is_empty()).then(|| {
            format!(
                "libfaketime has no effect on `{}`: a statically linked program loads no library",
                names.join("`, `")
            )
        })
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let leader = self.leader.ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(kill_process_group(leader, signal)?)
    }

    /// Ends the group by SIGTERM, then by SIGKILL if its leader does not end in time.
    pub(super) async fn stop(&self, clock: &Clock, patience: Duration) {
        let deadline = clock.now() + clock.real(patience);
        if self.status().is_none() && self.signal(Signal::TERM).is_ok() {
            while self.status().is_none() && clock.now() < deadline {
                clock.nap(Duration::from_millis(5)).await;
            }
        }
        let _ = self.signal(Signal::KILL);
    }

    /// Ends the group by SIGKILL, and waits for its leader to end.
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
        // The group may outlive its leader. If it has ended, the signal fails, which is fine.
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
    fn terminate(&self) -> Result<(), SubjectError> {
        self.signal(Signal::TERM).map_err(SubjectError::Signal)
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

    fn ended(&self) -> Option<ProcessExit> {
        self.status().map(|status| ProcessExit { code: status.code(), description: status.to_string() })
    }
}

/// Writes lines to a stream as they arrive, until the stream breaks or all senders are dropped.
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

/// How deep a process tree is followed.
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

/// The sum of a figure over a process and its descendants (Linux: `/proc`).
fn sum(pid: i32, figure: &dyn Fn(i32) -> Option<u64>) -> Option<u64> {
    let own = figure(pid)?;
    let descendants = tree(pid, 0).into_iter().skip(1);
    Some(own + descendants.filter_map(figure).sum::<u64>())
}

fn resident_pages(pid: i32) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// How long the threads of a process were ready but did not run, in ns.
fn run_delay(pid: i32) -> Option<u64> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let delay = |thread: std::fs::DirEntry| {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    Some(threads.filter_map(|thread| delay(thread.ok()?)).sum())
}
