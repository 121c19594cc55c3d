//! Exit statuses: a documented interface for scripts and CI.

use std::process::ExitCode;

/// The statuses, as `--help` explains them.
pub(super) const HELP: &str = "Exit status: 0 conforms; 1 a check failed or could not be judged, or an entry of the baseline no longer holds; \
2 wrong usage, or nothing was selected; 3 the subject could not be reached or started; 4 a fault of this program.";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// The subject conforms, or the command did what it was asked.
    Conforms,
    /// An unexpected failure, something that could not be judged, or a baseline that no longer holds.
    DoesNotConform,
    /// Wrong usage, unreadable input, or nothing selected.
    Usage,
    /// The subject could not be reached or started.
    Unreachable,
    /// A fault of the harness.
    Harness,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Conforms => 0,
            Exit::DoesNotConform => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Harness => 4,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(super) struct Failure {
    /// How the program ends.
    pub(super) exit: Exit,
    /// One clear message: what is wrong, where, and what helps.
    pub(super) problem: String,
}

impl Failure {
    /// Wrong usage or unreadable input.
    pub(super) fn usage(problem: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, problem: problem.into() }
    }

    /// A fault of this program.
    pub(super) fn harness(problem: impl Into<String>) -> Self {
        Self { exit: Exit::Harness, problem: problem.into() }
    }
}
