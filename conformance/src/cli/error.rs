//! Why a command fails. `exit` maps each variant to an exit status.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use conformance::baseline::BaselineError;
use conformance::fuzz::FuzzError;
use conformance::proxy::TranscriptError;
use conformance::report::ReportError;
use conformance::scenario::{FilterError, LoadError};
use conformance::subject::{ManifestError, ParamError, StartError, TemplateError};
use conformance::transport::{AddressError, TlsError};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Param(#[from] ParamError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A scenario file that the user gave.
    #[error(transparent)]
    ScenarioFile(LoadError),
    /// A report that cannot be opened before the run.
    #[error("{flag}: {source}")]
    OpenReport { flag: &'static str, source: ReportError },
    #[error("{}: {source}", .path.display())]
    OpenTranscript { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    Transcript { path: PathBuf, source: TranscriptError },
    #[error("--listen {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("{}", .0.text())]
    Start(StartFailure),
    /// The server ended while it was fuzzed, before anything was found.
    #[error("{0}")]
    ServerGone(String),
    /// The server ended while it was fuzzed, after a violation was found.
    #[error("{0}")]
    ServerGoneAfterFind(String),
    #[error("internal error of the runner: {0}")]
    BuiltIn(#[source] LoadError),
    #[error("internal error of the runner: {0}")]
    Fuzz(#[source] FuzzError),
    /// A reference implementation is not declared properly.
    #[error("internal error of the runner: {0}")]
    SelfTest(#[source] Box<dyn Error>),
    #[error("internal error of the runner: {0}")]
    Schema(#[source] serde_json::Error),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
    #[error("cannot find the program's own executable: {0}")]
    Executable(#[source] io::Error),
    #[error("cannot create a file for tokens: {0}")]
    TokenFile(#[source] io::Error),
    #[error("cannot write the output: {0}")]
    Print(#[source] io::Error),
    #[error("cannot write the transcript: {0}")]
    WriteTranscript(#[source] io::Error),
    #[error("{}", joined(.0))]
    WriteReports(Vec<ReportError>),
    /// Wrong usage of a reference implementation.
    #[error("{0}")]
    ReferenceUsage(String),
    /// A reference implementation cannot listen, or reach its peer.
    #[error("{0}")]
    ReferenceUnreachable(String),
    #[error("{0}")]
    ReferenceInternal(String),
}

fn joined(errors: &[ReportError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl CommandError {
    pub(super) fn reference_usage(problem: impl Into<String>) -> Self {
        Self::ReferenceUsage(problem.into())
    }

    pub(super) fn reference_internal(problem: impl Into<String>) -> Self {
        Self::ReferenceInternal(problem.into())
    }
}

/// Wrong usage: arguments or a manifest that make no sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum UsageError {
    #[error("no server given: give its URL, such as ws://127.0.0.1:8080, or --command 'my-relay --port {{port}}'")]
    NoServer,
    #[error("no role given: name the client's role, such as --role pairing.host")]
    NoRole,
    #[error("--attach starts no client: omit the command")]
    CommandWithAttach,
    #[error("unknown family `{name}`; expected one of: {}", .known.join(", "))]
    Family { name: String, known: Vec<&'static str> },
    #[error("unknown client role `{role}`; expected one of: {}", .known.join(", "))]
    ClientRole { role: String, known: Vec<String> },
    #[error("the manifest's params: {0}")]
    ManifestParams(#[source] ParamError),
    #[error("--reconnect: {0}")]
    Reconnect(#[source] Box<dyn Error>),
    #[error("the declared policy violates {requirement}: {why}")]
    Policy { requirement: String, why: String },
    #[error("{flag} {text} matches no scenario; `conformance list` shows all")]
    MatchesNone { flag: &'static str, text: String },
    #[error("no scenario is selected; `conformance list` shows all")]
    NothingSelected,
    #[error("nothing matches; `conformance list` without arguments shows all")]
    NothingListed,
    #[error("{}: tests the {tested}, but the subject is a {subject}", .file.display())]
    OtherRole { file: PathBuf, tested: String, subject: String },
    #[error(
        "{}{key} requires a wss:// address, but {url} does not use TLS: write wss://, or omit {key}",
        .manifest.as_ref().map(|file| format!("manifest {}: ", file.display())).unwrap_or_default()
    )]
    TrustWithoutTls { manifest: Option<PathBuf>, key: &'static str, url: String },
    #[error("{url} is a Unix socket, but the family {family} needs ws:// or wss://")]
    NeedsWebSocket { url: String, family: &'static str },
    #[error(
        "{url} is not a Unix socket, which the family {family} needs: write unix:/run/daemon.sock, or `{{socket}}` in the command"
    )]
    NeedsSocket { url: String, family: &'static str },
    #[error("{url} ends in `{path}`, the path of an endpoint: give the base URL, {base}; scenarios add the path")]
    EndpointUrl { url: String, path: &'static str, base: String },
    #[error("fuzzing tests one family at a time: name it with --family")]
    OneFamily,
    #[error("the family {family} has no model; the families with one are {}", .known.join(", "))]
    NoModel { family: &'static str, known: Vec<&'static str> },
    #[error("the model of {family} needs --param {param}=VALUE")]
    ModelParam { family: &'static str, param: &'static str },
    #[error("--out: {} is not a folder", .0.display())]
    OutFolder(PathBuf),
    #[error("--mutant requires exactly one --role")]
    MutantRole,
    #[error("no reference implements `{role}`; expected one of: {}", .known.join(", "))]
    ReferenceRole { role: String, known: Vec<String> },
    #[error("unknown format `{name}`; expected one of: {}", .known.join(", "))]
    Format { name: String, known: Vec<&'static str> },
    #[error("`{id}` is neither a requirement nor a scenario; {}`conformance list` shows all", .nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`? ")).unwrap_or_default())]
    UnknownId { id: String, nearest: Option<String> },
    #[error("the family {0} does not use WebSocket, which is all that the proxy forwards")]
    NotForwarded(&'static str),
}

/// A subject that could not be started: problem and output as text, without secrets.
#[derive(Debug, Default)]
pub(super) struct StartFailure {
    pub(super) problem: String,
    pub(super) output: String,
}

impl StartFailure {
    /// The run was interrupted before its subject was ready.
    pub(super) fn interrupted() -> Self {
        Self { problem: "the run was interrupted before it began".to_owned(), output: String::new() }
    }

    fn text(&self) -> String {
        match self.output.trim() {
            "" => self.problem.clone(),
            output => format!("{}; it printed:\n{output}", self.problem),
        }
    }
}

impl From<StartError> for StartFailure {
    fn from(error: StartError) -> Self {
        Self { problem: error.problem.to_string(), output: error.output }
    }
}
