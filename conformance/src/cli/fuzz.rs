//! `conformance fuzz`: lets random but sensible sequences happen to a server, and writes down as a scenario what breaks it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use conformance::clock::Clock;
use conformance::engine::{Secrets, Subject};
use conformance::event::Event;
use conformance::fuzz::{Find, Hunt, Plan, Problem, hunt};
use conformance::outcome::Verdict;
use conformance::report::{Report as _, Terminal, safe};
use relayspec::family::FAMILIES;
use relayspec::timing::Written;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::judge::{Shared, for_people, interruption, stage, until};
use super::options::PlayOptions;
use super::server::Served;
use super::setup::{Place, Seat};
use super::subjects::{self, Ready};

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
    play: PlayOptions,
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
    super::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::harness(format!("the runtime cannot be started: {error}")))?;
    let exit = runtime.block_on(fuzzing(arguments, &seat));
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// What a model needs to know of the server has to be declared.
fn declared(seat: &Seat) -> Result<(), Failure> {
    let (Some(model), Place::Server { params, .. }) = (seat.family.model, &seat.place) else { return Ok(()) };
    let known = params.bindings(&conformance::subject::Ports::default());
    match model.needs.iter().find(|name| !known.contains_key(**name)) {
        Some(name) => Err(Failure::usage(format!("the model of {} needs --param {name}=VALUE", seat.family.name))),
        None => Ok(()),
    }
}

async fn fuzzing(arguments: &Arguments, seat: &Seat) -> Result<Exit, Failure> {
    let real = Clock::start();
    let interrupted = interruption();
    let seats = std::slice::from_ref(seat);
    let found = tokio::select! {
        found = subjects::find(seats, &arguments.play, &real) => found,
        () = until(interrupted.clone()) => Err("the run was interrupted before it began".to_owned().into()),
    };
    let (clock, ready) = match found {
        Ok(found) => found,
        Err(problem) => return Err(Failure { exit: Exit::Unreachable, problem: problem.problem }),
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
    let mut told = Told { report: for_people(true), secrets: Secrets::of(plan.target.params()) };
    for what in &came.unsteady {
        anstream::println!("failed once and then no more: {}\n", safe(what, usize::MAX));
    }
    for find in &mut came.finds {
        told.find(find)?;
    }
    told.summary(&came, *interrupted.borrow());
    if let Some(path) = &arguments.report_json {
        let text = format!("{:#}\n", as_json(seat, seed, &came));
        fs::write(path, text).map_err(|error| Failure::usage(format!("--report-json: {}: {error}", path.display())))?;
    }
    match ended {
        Err(Problem::Harness(why)) => Err(Failure::harness(why)),
        Err(Problem::Gone(why)) if came.finds.is_empty() => Err(Failure { exit: Exit::Unreachable, problem: why }),
        _ if came.finds.iter().any(|find| find.outcome.verdict == Verdict::Fail) => Ok(Exit::DoesNotConform),
        _ => Ok(Exit::Conforms),
    }
}

/// The number of a scenario file behind all that are there.
fn first_free(folder: &Path) -> usize {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let number = |name: &str| name.strip_prefix("fuzz-")?.strip_suffix(".yaml")?.parse::<usize>().ok();
    names.filter_map(|name| number(&name.to_string_lossy())).max().map_or(1, |last| last + 1)
}

/// What people are told.
struct Told {
    report: Terminal<std::io::Stdout>,
    secrets: Secrets,
}

impl Told {
    /// Writes the scenario, and tells of it as of any that was played.
    fn find(&mut self, find: &mut Find) -> Result<(), Failure> {
        let path = PathBuf::from(&find.outcome.file);
        write_new(&path, &find.text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let _ = self.report.event(&Event::ScenarioFinished(Box::new(find.outcome.clone())));
        let mut again = replay(&path);
        self.secrets.hide(&mut again);
        let (before, after) = find.ops;
        anstream::println!(
            "found after {:.1} s, in sequence {}; {before} ops were made {after} in {:.1} s and {} replays: {} steps\n\
             written to {}; to replay it:\n  {again}\n",
            find.found_after.as_secs_f64(),
            find.sequence,
            find.shrunk.0.as_secs_f64(),
            find.shrunk.1,
            find.steps,
            path.display(),
        );
        Ok(())
    }

    fn summary(&mut self, hunt: &Hunt, interrupted: bool) {
        let ops: Vec<_> = hunt.ops.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        anstream::println!("what happened: {}", ops.join(", "));
        let requirements: Vec<_> = hunt.requirements.iter().map(String::as_str).collect();
        anstream::println!("judged: {}\n", requirements.join(", "));
        let beside =
            [(hunt.inconclusive, "could not be judged"), (hunt.unsteady.len(), "failed once and then no more")];
        let beside: String = beside
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", of which {count} {what}"))
            .collect();
        let found = match hunt.finds.len() {
            0 => "nothing found".to_owned(),
            count => format!("{count} found"),
        };
        anstream::println!(
            "{} sequences{beside}, {} steps in {:.1} s{}: {found}",
            hunt.sequences,
            hunt.steps,
            hunt.took.as_secs_f64(),
            if interrupted { ", interrupted" } else { "" },
        );
    }
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => std::io::Error::other("somebody has written it meanwhile; it is left as it is"),
        _ => error,
    })?;
    file.write_all(text.as_bytes())
}

/// The flags that are of no use to a replay, each with a value.
const FUZZING: [&str; 6] = ["--steps", "--seconds", "--seed", "--shrink", "--out", "--report-json"];

/// The command that plays a scenario against the same server.
fn replay(path: &Path) -> String {
    let mut words = vec!["conformance".to_owned(), "server".to_owned()];
    let mut given = std::env::args().skip(2);
    while let Some(word) = given.next() {
        if FUZZING.contains(&word.as_str()) {
            given.next();
        } else if !FUZZING.iter().any(|flag| word.starts_with(&format!("{flag}="))) {
            words.push(word);
        }
    }
    words.extend(["--scenario".to_owned(), path.display().to_string()]);
    shell_words::join(words)
}

fn as_json(seat: &Seat, seed: u64, hunt: &Hunt) -> Value {
    let find = |find: &Find| {
        let check = find.check();
        let finding = check.and_then(|check| check.findings.first());
        let named = check.and_then(|check| check.requirement.as_ref());
        json!({
            "check": check.map(|check| &check.id),
            "requirement": named.or(finding.and_then(|finding| finding.requirement.as_ref())),
            "verdict": find.outcome.verdict,
            "what": finding.map(|finding| &finding.what),
            "file": find.outcome.file,
            "sequence": find.sequence,
            "ops_before": find.ops.0,
            "ops": find.ops.1,
            "steps": find.steps,
            "found_after_ms": find.found_after.as_millis() as u64,
            "shrunk_in_ms": find.shrunk.0.as_millis() as u64,
            "replays": find.shrunk.1,
        })
    };
    json!({
        "family": seat.family.name,
        "seed": seed,
        "sequences": hunt.sequences,
        "inconclusive": hunt.inconclusive,
        "unsteady": hunt.unsteady.len(),
        "steps": hunt.steps,
        "ops": hunt.ops,
        "requirements": hunt.requirements,
        "took_ms": hunt.took.as_millis() as u64,
        "finds": hunt.finds.iter().map(find).collect::<Vec<_>>(),
    })
}
