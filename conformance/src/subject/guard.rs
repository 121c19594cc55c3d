//! A small process beside the runner that ends what the runner has started, where the runner is killed and cannot do so itself.
//!
//! It listens to the runner over a pipe. The system closes the pipe when the runner is gone, in whatever way.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// The guard, as the runner sees it. It ends when this is dropped.
#[derive(Debug)]
pub struct Guard {
    process: Child,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Guard {
    /// Starts the guard: a program that with these arguments comes to [`keep`].
    ///
    /// # Errors
    /// Where the process cannot be started.
    pub fn start(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(program);
        // In a group of its own, Ctrl-C passes it by. Nobody who reads the runner's output shall have to wait for it.
        command.args(arguments).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        let pipe = Mutex::new(process.stdin.take());
        Ok(Self { process, pipe })
    }

    /// From now on the process group of this leader is ended with the runner.
    pub(super) fn watch(&self, leader: Pid) {
        self.tell("watch", leader);
    }

    /// The process group is over.
    pub(super) fn release(&self, leader: Pid) {
        self.tell("release", leader);
    }

    fn tell(&self, word: &str, leader: Pid) {
        if let Some(pipe) = &mut *self.pipe.lock().unwrap_or_else(PoisonError::into_inner) {
            // A line this short is written whole or not at all (POSIX: `PIPE_BUF`). A guard that is gone guards nothing, but the
            // runner ends its processes all the same as long as it lives.
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

/// What the guard does: listens until the runner is gone, and ends the process groups that it has left.
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
    fn what_is_watched_and_not_released_is_left() {
        for (told, expected) in [
            ("", &[][..]),
            ("watch 12\nwatch 13\n", &[12, 13]),
            ("watch 12\nwatch 13\nrelease 12\n", &[13]),
            ("release 12\nwatch 12\n", &[12]),
            ("watch 0\nwatch 1\nwatch -5\nwatch x\nlook 12\n\n", &[]),
        ] {
            assert_eq!(left(told.as_bytes()).into_iter().collect::<Vec<_>>(), expected, "{told:?}");
        }
    }
}
