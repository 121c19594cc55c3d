//! The exit status of each error.

use super::error::CommandError;
use super::status::ExitStatus;

/// The status of a command that fails: the only place that decides it.
pub(super) fn status_of(error: &CommandError) -> ExitStatus {
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
        | CommandError::Listen { .. }
        | CommandError::ReferenceUsage(_) => ExitStatus::Usage,
        CommandError::Start(_) | CommandError::ServerGone(_) | CommandError::ReferenceUnreachable(_) => {
            ExitStatus::Unreachable
        }
        CommandError::ServerGoneAfterFind(_) => ExitStatus::DoesNotConform,
        CommandError::BuiltIn(_)
        | CommandError::Fuzz(_)
        | CommandError::SelfTest(_)
        | CommandError::Schema(_)
        | CommandError::Runtime(_)
        | CommandError::Executable(_)
        | CommandError::TokenFile(_)
        | CommandError::Print(_)
        | CommandError::WriteTranscript(_)
        | CommandError::WriteReports(_)
        | CommandError::ReferenceInternal(_) => ExitStatus::Internal,
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
            (E::reference_usage("no --port"), Usage),
            (E::reference_internal("no randomness"), Internal),
            (E::ReferenceUnreachable(text("no port")), Unreachable),
        ] {
            assert_eq!(status_of(&error), status, "{error}");
        }
        assert_eq!([DoesNotConform as u8, Usage as u8, Unreachable as u8, Internal as u8], [1, 2, 3, 4]);
    }
}
