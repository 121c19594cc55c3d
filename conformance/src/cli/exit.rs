//! Exit statuses: a documented interface for scripts and CI.

use std::process::ExitCode;

use super::error::CommandError;

pub(super) use super::error::CommandError as Failure;
pub(super) use ExitStatus as Exit;

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

impl ExitStatus {
    /// The status of a command that fails: the only place that decides it.
    pub(super) fn of(error: &CommandError) -> Self {
        match error {
            CommandError::Usage(_)
            | CommandError::Address(_)
            | CommandError::Template(_)
            | CommandError::Param(_)
            | CommandError::Manifest(_)
            | CommandError::Baseline(_)
            | CommandError::Tls(_)
            | CommandError::Filter(_)
            | CommandError::ScenarioFile(_)
            | CommandError::OpenReport { .. }
            | CommandError::OpenTranscript { .. }
            | CommandError::Transcript { .. }
            | CommandError::Listen { .. } => Self::Usage,
            CommandError::Start(_) | CommandError::ServerGone(_) => Self::Unreachable,
            CommandError::ServerGoneAfterFind(_) => Self::DoesNotConform,
            CommandError::BuiltIn(_)
            | CommandError::Fuzz(_)
            | CommandError::SelfTest(_)
            | CommandError::Schema(_)
            | CommandError::Runtime(_)
            | CommandError::Executable(_)
            | CommandError::TokenFile(_)
            | CommandError::Print(_)
            | CommandError::WriteTranscript(_)
            | CommandError::WriteReports(_) => Self::Internal,
            CommandError::Reference { exit, .. } => *exit,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::{Path, PathBuf};

    use conformance::baseline::Baseline;
    use conformance::fuzz::FuzzError;
    use conformance::proxy::read_transcript;
    use conformance::report::ReportFile;
    use conformance::scenario::{Filter, load};
    use conformance::subject::{ClientTemplate, Manifest, Param};
    use conformance::transport::{Address, Trust, tls};

    use super::super::error::{StartFailure, UsageError};
    use super::*;

    #[test]
    fn each_error_has_its_status() {
        use CommandError as E;
        use ExitStatus::{DoesNotConform, Internal, Unreachable, Usage};
        let io = || io::Error::other("refused");
        let (path, file) = (|| PathBuf::from("no/such"), Path::new("no/such"));
        let report = || ReportFile::create(Path::new("no/such/report")).expect_err("no folder");
        let scenario = || load("a.yaml", "").expect_err("no scenario");
        let json = serde_json::from_str::<u8>("").expect_err("no JSON");
        let text = |text: &str| text.to_owned();
        for (error, status) in [
            (UsageError::NoServer.into(), Usage),
            ("nowhere".parse::<Address>().expect_err("no address").into(), Usage),
            (ClientTemplate::new("").expect_err("no command").into(), Usage),
            (Param::new("A", "").expect_err("no name").into(), Usage),
            (Manifest::load(file).expect_err("no manifest").into(), Usage),
            (Baseline::load(file).expect_err("no baseline").into(), Usage),
            (tls::configuration(&Trust::File(path())).expect_err("no certificate").into(), Usage),
            (Filter::read("PAIR-999").expect_err("no requirement").into(), Usage),
            (E::ScenarioFile(scenario()), Usage),
            (E::OpenReport { flag: "--report-json", source: report() }, Usage),
            (E::OpenTranscript { path: path(), source: io() }, Usage),
            (
                E::Transcript {
                    path: path(),
                    source: read_transcript(std::iter::empty(), |_, _| Ok(())).expect_err("empty"),
                },
                Usage,
            ),
            (E::Listen { address: text("127.0.0.1:1"), source: io() }, Usage),
            (E::Start(StartFailure::interrupted()), Unreachable),
            (E::ServerGone(text("gone")), Unreachable),
            (E::ServerGoneAfterFind(text("gone")), DoesNotConform),
            (E::BuiltIn(scenario()), Internal),
            (E::Fuzz(FuzzError::Internal(text("no such step"))), Internal),
            (E::SelfTest(Box::new(io())), Internal),
            (E::Schema(json), Internal),
            (E::Runtime(io()), Internal),
            (E::Executable(io()), Internal),
            (E::TokenFile(io()), Internal),
            (E::Print(io()), Internal),
            (E::WriteTranscript(io()), Internal),
            (E::WriteReports(vec![report()]), Internal),
            (E::usage("no --port"), Usage),
            (E::harness("no randomness"), Internal),
            (E::Reference { exit: Unreachable, problem: text("no port") }, Unreachable),
        ] {
            assert_eq!(ExitStatus::of(&error), status, "{error}");
        }
        assert_eq!([DoesNotConform as u8, Usage as u8, Unreachable as u8, Internal as u8], [1, 2, 3, 4]);
    }
}
