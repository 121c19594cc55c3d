//! Exit statuses: a documented interface for scripts and CI.

use std::process::ExitCode;

/// The statuses, for `--help`.
pub(super) const HELP: &str = "Exit status: 0 conforms; 1 a check failed or is inconclusive, or a baseline entry no longer applies; \
2 wrong usage, or nothing was selected; 3 the subject could not be reached or started; 4 internal error, or output that could not be written.";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// The subject conforms, or the command did its work.
    Conforms = 0,
    /// An unexpected failure, an inconclusive check, or a baseline entry that no longer applies.
    DoesNotConform = 1,
    /// Wrong usage, unreadable input, or nothing selected.
    Usage = 2,
    /// The subject could not be reached or started.
    Unreachable = 3,
    /// An internal error, or output that could not be written.
    Internal = 4,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}
