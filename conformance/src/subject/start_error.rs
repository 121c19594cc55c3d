//! Why a subject could not be started.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use relayspec::timing::Written;

use super::url::PreflightError;
use crate::engine::SubjectError;
use crate::transport::{Address, AddressError};

/// A subject that could not be started, with the end of what it printed.
#[derive(Debug, thiserror::Error)]
#[error("{problem}{}", printed(.output))]
pub struct StartError {
    /// What went wrong.
    #[source]
    pub problem: StartProblem,
    /// The end of what it printed.
    pub output: String,
}

fn printed(output: &str) -> String {
    match output.trim() {
        "" => String::new(),
        output => format!("; it printed:\n{output}"),
    }
}

/// What went wrong while a subject was started.
#[derive(Debug, thiserror::Error)]
pub enum StartProblem {
    /// No port of the loopback interface is free.
    #[error("no free port: {0}")]
    Port(#[source] io::Error),
    /// A socket needs a folder.
    #[error("cannot create a folder for the socket: {0}")]
    Folder(#[source] io::Error),
    /// The runner cannot listen for the client.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The URL is invalid once its placeholders are filled in.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The command has no words.
    #[error("the command is empty")]
    EmptyCommand,
    /// The system cannot run the command.
    #[error("cannot start `{program}`{}: {source}", .folder.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default())]
    Spawn {
        /// The program.
        program: String,
        /// The folder to run it in, if not the current one.
        folder: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
    /// Its process ended too early.
    #[error("`{command}` ended before it {} ({ending})", .awaited.past())]
    Ended {
        /// The command.
        command: String,
        /// What it should have done.
        awaited: Readiness,
        /// How it ended.
        ending: String,
    },
    /// It was not ready in time.
    #[error("`{command}` did not {} within {}", .awaited.infinitive(), Written(*.within))]
    Timeout {
        /// The command.
        command: String,
        /// What it should have done.
        awaited: Readiness,
        /// The time that it had.
        within: Duration,
    },
    /// No server answers at its URL.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
}

/// What makes a subject ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// A server listens.
    Listening(Address),
    /// A client connects.
    Connecting,
}

impl Readiness {
    fn past(&self) -> String {
        match self {
            Self::Listening(address) => format!("listened on {address}"),
            Self::Connecting => "connected".to_owned(),
        }
    }

    fn infinitive(&self) -> String {
        match self {
            Self::Listening(address) => format!("listen on {address}"),
            Self::Connecting => "connect".to_owned(),
        }
    }
}

impl From<StartProblem> for StartError {
    fn from(problem: StartProblem) -> Self {
        Self { problem, output: String::new() }
    }
}

impl From<StartError> for SubjectError {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}

impl From<StartProblem> for SubjectError {
    fn from(problem: StartProblem) -> Self {
        StartError::from(problem).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_follows_the_problem() {
        let shown = |output: &str| StartError { output: output.to_owned(), ..StartProblem::EmptyCommand.into() };
        assert_eq!(shown("\n").to_string(), "the command is empty");
        assert_eq!(shown("no such port\n").to_string(), "the command is empty; it printed:\nno such port");
    }
}
