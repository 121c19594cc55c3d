//! Bad input and bad luck, given to the real binary: each has its exit status, one clear message, and leaves nothing running.

mod baselines;
mod clients;
mod commands;
mod endings;
mod printing;
mod questions;
mod unreachable;
mod usage;

use std::path::Path;

use crate::support::is_gone;

/// Asserts that the processes in a file were started, and have ended.
fn assert_gone(pids: &Path) {
    let ids = std::fs::read_to_string(pids).expect("pids");
    assert!(!ids.trim().is_empty(), "nothing was started");
    for id in ids.split_whitespace() {
        assert!(is_gone(id.parse().expect("a pid")), "{id} is left running");
    }
}

/// A shell script that ignores SIGTERM, as do its children unless they handle it, and goes on after this command. Its pids are in a file.
fn ignoring_sigterm(command: &str, pids: &Path) -> String {
    format!("trap \"\" TERM; echo $$ >> {0}; {command}; sleep 300 & echo $! >> {0}; wait", pids.display())
}
