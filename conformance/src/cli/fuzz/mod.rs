//! `conformance fuzz`: lets random but sensible sequences happen to a server, and writes down as a scenario what breaks it.

mod told;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use conformance::clock::Clock;
use conformance::engine::Subject;
use conformance::fuzz::{Hunt, Plan, Problem, hunt};
use conformance::outcome::Verdict;
use conformance::report::ReportFile;
use relayspec::family::FAMILIES;
use relayspec::timing::Written;

use super::exit::{Exit, Failure};
use super::judge::{Shared, for_people, interruption, stage, until};
use super::options::ExecutionOptions;
use super::server::Served;
use super::setup::{SubjectSpec, RoleUnderTest};
use super::subjects::{self, Ready};
use told::{Told, as_json};

/// Let random but sensible sequences happen to a server, with the model of its family as the oracle
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    server: Served,

    /// The most steps of a sequence; each is something that happens, and takes a few steps of a scenario.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000), help_heading = "Fuzzing")]
    steps: u16,

    /// For how many seconds new sequences begin.
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Fuzzing")]
    seconds: u32,

    /// The seed of all choices: the same one draws the same sequences again. One is drawn and told where none is given.
    #[arg(long, value_name = "N", help_heading = "Fuzzing")]
    seed: Option<u64>,

    /// For how long a sequence that fails is made shorter.
    #[arg(long, value_name = "DURATION", default_value = "30s", help_heading = "Fuzzing")]
    shrink: Written,

    /// The folder in which scenarios are written, each in that of its family, as pairing/fuzz-1.yaml.
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Reports")]
    out: PathBuf,

    /// Write what came of it as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_json: Option<PathBuf>,

    #[command(flatten)]
    play: ExecutionOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let manifest = arguments.server.manifest()?;
    let mut seats = arguments.server.seats(&manifest)?;
    let (Some(seat), true) = (seats.pop(), seats.is_empty()) else {
        return Err(Failure::usage("one family at a time: name it with --family"));
    };
    if seat.family.model.is_none() {
        let modelled = FAMILIES.iter().filter(|family| family.model.is_some()).map(|family| family.name);
        let known: Vec<_> = modelled.collect();
        let problem = format!("the family {} has no model; there are models of {}", seat.family.name, known.join(", "));
        return Err(Failure::usage(problem));
    }
    declared(&seat)?;
    if arguments.out.exists() && !arguments.out.is_dir() {
        return Err(Failure::usage(format!("--out: {} is no folder", arguments.out.display())));
    }
    let report = arguments.report_json.as_deref().map(ReportFile::create).transpose();
    let report = report.map_err(|error| Failure::usage(format!("--report-json: {error}")))?;
    super::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::harness(format!("the runtime cannot be started: {error}")))?;
    let exit = runtime.block_on(fuzzing(arguments, &seat, report));
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// What a model needs to know of the server has to be declared.
fn declared(seat: &RoleUnderTest) -> Result<(), Failure> {
    let (Some(model), SubjectSpec::Server { params, .. }) = (seat.family.model, &seat.place) else { return Ok(()) };
    let known = params.bindings(&conformance::subject::Ports::default());
    match model.needs.iter().find(|name| !known.contains_key(**name)) {
        Some(name) => Err(Failure::usage(format!("the model of {} needs --param {name}=VALUE", seat.family.name))),
        None => Ok(()),
    }
}

async fn fuzzing(arguments: &Arguments, seat: &RoleUnderTest, report: Option<ReportFile>) -> Result<Exit, Failure> {
    let real = Clock::start();
    let interrupted = interruption();
    let seats = std::slice::from_ref(seat);
    let found = tokio::select! {
        found = subjects::find(seats, &arguments.play, &real) => found,
        () = until(interrupted.clone()) => Err("the run was interrupted before it began".to_owned().into()),
    };
    let (clock, ready) = match found {
        Ok(found) => found,
        Err(problem) => return Err(Failure { exit: Exit::Unreachable, problem: problem.to_string() }),
    };
    let Some(Ready { subject: Subject::Server { target, launcher }, started, info, .. }) = ready.into_iter().next()
    else {
        return Err(Failure::usage("only servers are fuzzed"));
    };
    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let place = info.url.as_deref().unwrap_or_default();
    anstream::println!("fuzzing the {} {} at {place} with the seed {seed}\n", info.family, info.role);
    let shared = Shared::default();
    let plan = Plan {
        family: seat.family,
        stage: Arc::new(stage(seat, &clock, &arguments.play, &shared)),
        target,
        launcher,
        seed,
        steps: usize::from(arguments.steps),
        seconds: Duration::from_secs(u64::from(arguments.seconds)),
        shrink: arguments.shrink.0,
        deadline: clock.real(arguments.play.scenario_deadline.0),
        folder: arguments.out.join(seat.family.name).display().to_string(),
        first: first_free(&arguments.out.join(seat.family.name)),
    };
    let mut came = Hunt::default();
    let ended = hunt(&plan, &mut came, interrupted.clone()).await;
    if let Some(started) = &started {
        started.stop().await;
    }
    let mut told = Told { report: for_people(true), secrets: seat.place.secrets() };
    let mut unwritten = told.finds(&came);
    told.summary(&came, *interrupted.borrow());
    if let Some(Err(error)) = report.map(|mut file| file.write(&format!("{:#}\n", as_json(seat, seed, &came)))) {
        unwritten.push(error.to_string());
    }
    let is_broken = came.finds.iter().any(|find| find.outcome.verdict == Verdict::Fail);
    match ended {
        Err(Problem::Harness(why)) => Err(Failure::harness(why)),
        _ if !unwritten.is_empty() => Err(Failure::harness(unwritten.join("; "))),
        Err(Problem::Gone(mut problem)) => {
            told.secrets.hide(&mut problem);
            let exit = if is_broken { Exit::DoesNotConform } else { Exit::Unreachable };
            Err(Failure { exit, problem })
        }
        Ok(()) if is_broken => Ok(Exit::DoesNotConform),
        Ok(()) => Ok(Exit::Conforms),
    }
}

/// The number of a scenario file behind all that are there.
fn first_free(folder: &Path) -> usize {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let number = |name: &str| name.strip_prefix("fuzz-")?.strip_suffix(".yaml")?.parse::<usize>().ok();
    names.filter_map(|name| number(&name.to_string_lossy())).max().map_or(1, |last| last + 1)
}
