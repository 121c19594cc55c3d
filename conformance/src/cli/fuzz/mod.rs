//! `conformance fuzz`: runs random valid operation sequences against a server, and writes each violation as a scenario.

mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use conformance::clock::Clock;
use conformance::engine::Subject;
use conformance::fuzz::{FuzzError, FuzzPlan, FuzzReport};
use conformance::outcome::Verdict;
use conformance::report::ReportFile;
use conformance::subject::Ports;
use relayspec::family::FAMILIES;
use relayspec::timing::HumanDuration;

use super::error::{CommandError, StartFailure, UsageError};
use super::options::ExecutionOptions;
use super::run::{SharedResources, context, terminal_report};
use super::server::ServerUnderTest;
use super::setup::{RoleUnderTest, SubjectSpec};
use super::signals::{interrupted, interruption};
use super::status::ExitStatus;
use super::subjects::{self, Ready};
use super::system::{raise_file_limit, runtime};
use report::{FuzzPrinter, as_json};

/// Run random valid operation sequences against a server, with the model of its family as the oracle
#[derive(Debug, Args)]
pub(super) struct FuzzArguments {
    #[command(flatten)]
    server: ServerUnderTest,

    /// The maximum length of a sequence, in operations; each becomes a few steps of a scenario.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000), help_heading = "Fuzzing")]
    steps: u16,

    /// For how many seconds to start new sequences.
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Fuzzing")]
    seconds: u32,

    /// The seed of all choices: the same seed generates the same sequences. Random by default, and printed.
    #[arg(long, value_name = "N", help_heading = "Fuzzing")]
    seed: Option<u64>,

    /// For how long to shrink a sequence that fails.
    #[arg(long, value_name = "DURATION", default_value = "30s", help_heading = "Fuzzing")]
    shrink: HumanDuration,

    /// The folder to write scenarios to, in a subfolder of their family, such as pairing/fuzz-1.yaml.
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Reports")]
    out: PathBuf,

    /// Write a JSON report.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_json: Option<PathBuf>,

    #[command(flatten)]
    execution: ExecutionOptions,
}

pub(super) fn run(arguments: &FuzzArguments) -> Result<ExitStatus, CommandError> {
    let manifest = arguments.server.manifest()?;
    let mut roles = arguments.server.roles(&manifest)?;
    let (Some(tested), true) = (roles.pop(), roles.is_empty()) else {
        return Err(UsageError::OneFamily.into());
    };
    check_model(&tested)?;
    if arguments.out.exists() && !arguments.out.is_dir() {
        return Err(UsageError::OutFolder(arguments.out.clone()).into());
    }
    let report = arguments.report_json.as_deref().map(ReportFile::create).transpose();
    let report = report.map_err(|source| CommandError::OpenReport { flag: "--report-json", source })?;
    raise_file_limit();
    let runtime = runtime(2)?;
    let exit = runtime.block_on(execute(arguments, &tested, report));
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// Checks that the family has a model, and that the params which it needs are declared.
fn check_model(tested: &RoleUnderTest) -> Result<(), UsageError> {
    let family = tested.family.name;
    let (Some(model), SubjectSpec::Server { params, .. }) = (tested.family.model, &tested.spec) else {
        let known = FAMILIES.iter().filter(|family| family.model.is_some()).map(|family| family.name).collect();
        return Err(UsageError::NoModel { family, known });
    };
    let declared = params.bindings(&Ports::default());
    match model.needs.iter().find(|name| !declared.contains_key(**name)) {
        Some(param) => Err(UsageError::ModelParam { family, param }),
        None => Ok(()),
    }
}

async fn execute(
    arguments: &FuzzArguments,
    tested: &RoleUnderTest,
    file: Option<ReportFile>,
) -> Result<ExitStatus, CommandError> {
    let real = Clock::start();
    let interruption = interruption();
    let roles = std::slice::from_ref(tested);
    let found = tokio::select! {
        found = subjects::find(roles, &arguments.execution, &real) => found,
        () = interrupted(interruption.clone()) => Err(StartFailure::interrupted()),
    };
    let (clock, ready) = found.map_err(CommandError::Start)?;
    let Some(Ready { subject: Subject::Server { target, launcher }, started, info, .. }) = ready.into_iter().next()
    else {
        return Err(UsageError::NoServer.into());
    };
    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let url = info.url.as_deref().unwrap_or_default();
    anstream::println!("fuzzing the {} {} at {url} with seed {seed}\n", info.family, info.role);
    let shared = SharedResources::default();
    let plan = FuzzPlan {
        family: tested.family,
        context: Arc::new(context(tested, &clock, &arguments.execution, &shared)),
        target,
        launcher,
        seed,
        steps: usize::from(arguments.steps),
        seconds: Duration::from_secs(u64::from(arguments.seconds)),
        shrink: arguments.shrink.0,
        deadline: clock.real(arguments.execution.scenario_deadline.0),
        folder: arguments.out.join(tested.family.name).display().to_string(),
        first: first_free(&arguments.out.join(tested.family.name)),
    };
    let mut report = FuzzReport::default();
    let ended = conformance::fuzz::fuzz(&plan, &mut report, interruption.clone()).await;
    if let Some(started) = &started {
        started.stop().await;
    }
    let mut printed = FuzzPrinter { terminal: terminal_report(true), secrets: tested.spec.secrets() };
    let mut errors = printed.findings(&report);
    printed.summary(&report, *interruption.borrow());
    let written = file.map(|mut file| file.write(&format!("{:#}\n", as_json(tested, seed, &report))));
    errors.extend(written.and_then(Result::err));
    let has_failed = report.findings.iter().any(|finding| finding.outcome.verdict == Verdict::Fail);
    match ended {
        Err(error @ FuzzError::Internal(_)) => Err(CommandError::Fuzz(error)),
        _ if !errors.is_empty() => Err(CommandError::WriteReports(errors)),
        Err(FuzzError::ServerGone(mut problem)) => {
            printed.secrets.hide(&mut problem);
            Err(if has_failed { CommandError::ServerGoneAfterFind(problem) } else { CommandError::ServerGone(problem) })
        }
        Ok(()) if has_failed => Ok(ExitStatus::DoesNotConform),
        Ok(()) => Ok(ExitStatus::Conforms),
    }
}

/// The first number after those of all existing scenario files.
fn first_free(folder: &Path) -> usize {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let number = |name: &str| name.strip_prefix("fuzz-")?.strip_suffix(".yaml")?.parse::<usize>().ok();
    names.filter_map(|name| number(&name.to_string_lossy())).max().map_or(1, |last| last + 1)
}
