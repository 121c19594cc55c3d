//! Why a subject could not be started.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use relayspec::timing::HumanDuration;

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
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The URL is invalid once its placeholders are filled in.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The command has no words.
    #[error("the command is empty")]
    EmptyCommand,
    /// The system cannot run the command.
    #[error("cannot start `{_0}`{}: {_2}", .1.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default())]
    Spawn(String, Option<PathBuf>, #[source] io::Error),
    /// The process of this command ended before it was ready; how it ended.
    #[error("`{_0}` ended before it {} ({_2})", .1.past())]
    Ended(String, Readiness, String),
    /// This command was not ready in time.
    #[error("`{_0}` did not {} within {}", .1.infinitive(), HumanDuration(*.2))]
    Timeout(String, Readiness, Duration),
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
