//! A small process that ends what the runner has started if the runner is killed and cannot do so itself.
//!
//! It reads from the runner over a pipe. However the runner ends, the system then closes the pipe.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// The runner's handle of the guard. Dropping it ends the guard.
#[derive(Debug)]
pub struct Guard {
    process: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Guard {
    /// Starts the guard: a program that calls [`keep`] if it is given these arguments.
    ///
    /// # Errors
    /// If the process cannot be started.
    pub fn start(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(program);
        // In its own group, Ctrl-C does not reach it. It holds none of the runner's streams, whose readers would wait for it.
        command.args(arguments).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        let pipe = Mutex::new(process.stdin.take());
        Ok(Self { process, pipe })
    }

    /// Ends the process group of this leader with the runner.
    pub(super) fn watch(&self, leader: Pid) {
        self.send("watch", leader);
    }

    /// The process group has ended.
    pub(super) fn release(&self, leader: Pid) {
        self.send("release", leader);
    }

    fn send(&self, word: &str, leader: Pid) {
        if let Some(pipe) = &mut *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) {
            // A line this short is written whole or not at all (POSIX: `PIPE_BUF`). Without a guard the runner still ends its
            // processes, unless it is killed.
            let _ = pipe.write_all(format!("{word} {}\n", leader.as_raw_nonzero()).as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        let _ = self.process.wait();
    }
}

/// The guard's work: reads until the runner is gone, then ends the process groups that it has left.
pub fn keep(input: impl BufRead) {
    for leader in left(input).into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// The leaders that are watched when the input ends.
fn left(input: impl BufRead) -> BTreeSet<i32> {
    let mut watched = BTreeSet::new();
    for line in input.lines().map_while(Result::ok) {
        match line.split_once(' ').map(|(word, id)| (word, id.parse::<i32>())) {
            Some(("watch", Ok(id))) if id > 1 => drop(watched.insert(id)),
            Some(("release", Ok(id))) => drop(watched.remove(&id)),
            _ => {}
        }
    }
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_released_groups_are_spared() {
        for (input, expected) in [
            ("", &[][..]),
            ("watch 12\nwatch 13\n", &[12, 13]),
            ("watch 12\nwatch 13\nrelease 12\n", &[13]),
            ("release 12\nwatch 12\n", &[12]),
            ("watch 0\nwatch 1\nwatch -5\nwatch x\nlook 12\n\n", &[]),
        ] {
            assert_eq!(left(input.as_bytes()).into_iter().collect::<Vec<_>>(), expected, "{input:?}");
        }
    }
}
