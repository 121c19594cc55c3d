//! The way of a run: start or find the subject, play the scenarios, feed the reports, and come to an exit status.

use std::io::{IsTerminal, Stdout};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::{Baseline, check_ids};
use conformance::clock::{Clock, millis};
use conformance::engine::{self, Ended, Part, Plan, Secrets, Stage, Target};
use conformance::event::{Event, RunEnd};
use conformance::lint::Schemas;
use conformance::outcome::Summary;
use conformance::report::{Conclusion, Json, Junit, Reports, Style, Terminal};
use conformance::scenario::built_in;
use conformance::subject::NotStarted;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, watch};

use super::exit::{Exit, Failure};
use super::options::ExecutionOptions;
use super::setup::{RoleUnderTest, Setup};
use super::subjects::{self, Ready};

/// How many handshakes of a run are under way at once.
const HANDSHAKES: usize = 64;
/// More than cores: a thread that looks at a large message keeps no other from being answered. Whoever lets many judges run at once says less in
/// `TOKIO_WORKER_THREADS`.
const WORKERS: usize = 4;
/// What the machine may add to a client's delays, beyond all tolerance.
const SLACK: Duration = Duration::from_millis(5);
/// Columns of a report that does not go to a terminal.
const PLAIN_WIDTH: usize = 160;

/// Judges a subject.
pub(super) fn judge(setup: &Setup) -> Result<Exit, Failure> {
    super::raise_file_limit();
    let said = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|said| said.parse::<NonZeroUsize>().ok());
    let workers = said.map_or(WORKERS, NonZeroUsize::get);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::harness(format!("the runtime cannot be started: {error}")))?;
    let reports = reports(setup)?;
    let exit = runtime.block_on(judging(setup, reports));
    // What connections still have to say is of no interest any more.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

fn reports(setup: &Setup) -> Result<Reports, Failure> {
    let mut reports = Reports::default();
    if let Some(path) = &setup.options.report_json {
        reports.add(Json::create(path).map_err(|error| Failure::usage(format!("--report-json: {error}")))?);
    }
    if let Some(path) = &setup.options.report_junit {
        reports.add(Junit::create(path).map_err(|error| Failure::usage(format!("--report-junit: {error}")))?);
    }
    reports.add(for_people(setup.options.verbose));
    Ok(reports)
}

/// The report on standard output.
pub(super) fn for_people(verbose: bool) -> Terminal<Stdout> {
    let out = std::io::stdout();
    let live = out.is_terminal();
    let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
    let width = if live { terminal_width() } else { PLAIN_WIDTH };
    Terminal::new(out, Style { color, live, verbose, width })
}

/// What the scenarios of a seat share.
pub(super) fn stage(seat: &RoleUnderTest, clock: &Clock, options: &ExecutionOptions, shared: &Shared) -> Stage {
    Stage {
        clock: clock.clone(),
        timing: seat.timing.clone(),
        max_message: seat.max_message,
        schemas: Arc::clone(&shared.schemas),
        policy: seat.policy,
        first_attempt: clock.real(seat.first_attempt),
        slack: clock.real(SLACK),
        handshakes: Arc::clone(&shared.handshakes),
        handshake_deadline: clock.real(options.handshake_deadline.0),
        step_deadline: clock.real(options.step_deadline.0),
    }
}

/// What all seats of a run share.
pub(super) struct Shared {
    schemas: Arc<Schemas>,
    handshakes: Arc<Semaphore>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { schemas: Arc::default(), handshakes: Arc::new(Semaphore::new(HANDSHAKES)) }
    }
}

fn terminal_width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
    columns.ok().filter(|columns| *columns >= 40).unwrap_or(PLAIN_WIDTH)
}

async fn judging(setup: &Setup, mut reports: Reports) -> Result<Exit, Failure> {
    let real = Clock::start();
    let interrupted = interruption();
    let mut told = Told { reports: &mut reports, problems: Vec::new() };
    let ready = tokio::select! {
        ready = subjects::find(&setup.seats, &setup.options.play, &real) => ready,
        () = until(interrupted.clone()) => Err("the run was interrupted before it began".to_owned().into()),
    };
    let (clock, ready) = match ready {
        Ok(ready) => ready,
        Err(NotStarted { problem, output }) => {
            let duration_ms = millis(real.now() - real.zero());
            let end = RunEnd { problem: Some(problem), output, duration_ms, ..RunEnd::default() };
            told.event(Event::RunFinished(Box::new(end)));
            return told.exit(Exit::Unreachable);
        }
    };
    let subjects = ready.iter().map(|ready| ready.info.clone()).collect();
    let scenarios = setup.seats.iter().map(|seat| seat.scenarios.len()).sum();
    told.event(Event::RunStarted { subjects, scenarios });
    let (ended, summary, baseline) = play(setup, &clock, &ready, interrupted, &mut told).await;
    let gone = ready.iter().find_map(Ready::gone);
    let end = end(&ended, summary, &baseline, gone, &ready, millis(real.now() - real.zero()));
    for started in ready.iter().filter_map(|ready| ready.started.as_ref()) {
        started.stop().await;
    }
    let exit = exit(&end, &ended);
    told.event(Event::RunFinished(Box::new(end)));
    told.exit(exit)
}

async fn play(
    setup: &Setup,
    clock: &Clock,
    ready: &[Ready],
    interrupted: watch::Receiver<bool>,
    told: &mut Told<'_>,
) -> (Ended, Summary, Baseline) {
    let options = &setup.options;
    let shared = Shared::default();
    let parts = setup.seats.iter().zip(ready).map(|(seat, ready)| {
        let stage = stage(seat, clock, &options.play, &shared);
        Part { stage: Arc::new(stage), subject: ready.subject.clone(), scenarios: seat.scenarios.clone() }
    });
    let plan = Plan {
        parts: parts.collect(),
        clock: clock.clone(),
        max_wait: options.max_wait.map(|written| written.0),
        jobs: usize::from(options.jobs),
        scenario_deadline: clock.real(options.play.scenario_deadline.0),
        run_deadline: clock.real(options.run_deadline.0),
    };
    let (sender, mut events) = mpsc::unbounded_channel();
    let running = tokio::spawn(async move { engine::run(&plan, &sender, interrupted).await });
    let mut baseline = setup.baseline.clone();
    let mut summary = Summary::default();
    while let Some(mut event) = events.recv().await {
        if let Event::ScenarioFinished(outcome) = &mut event {
            baseline.apply(outcome);
            summary.add(outcome);
        }
        told.event(event);
    }
    let ended = running.await.unwrap_or_else(|error| Ended { harness: vec![error.to_string()], ..Ended::default() });
    (ended, summary, baseline)
}

fn end(
    ended: &Ended,
    summary: Summary,
    baseline: &Baseline,
    gone: Option<String>,
    ready: &[Ready],
    duration_ms: f64,
) -> RunEnd {
    let known = || built_in().unwrap_or_default().iter().flat_map(check_ids);
    let well = ended == &Ended::default() && gone.is_none() && summary.failed + summary.inconclusive == 0;
    let died = gone.map(|how| format!("the subject's process ended during the run ({how})"));
    let harness = (!ended.harness.is_empty()).then(|| format!("fault of the harness: {}", ended.harness.join("; ")));
    RunEnd {
        summary,
        duration_ms,
        problem: harness.or(died).or(ended.cut_short.clone()),
        stale_baseline: if ended.cut_short.is_some() || baseline.is_empty() {
            Vec::new()
        } else {
            baseline.stale(known())
        },
        output: if well {
            String::new()
        } else {
            let output = |target: &Arc<dyn Target>| {
                let mut output = target.output();
                Secrets::of(target.params()).hide(&mut output);
                output
            };
            let mut outputs: Vec<_> = ready.iter().filter_map(Ready::target).map(output).collect();
            outputs.dedup();
            outputs.concat()
        },
    }
}

fn exit(end: &RunEnd, ended: &Ended) -> Exit {
    if !ended.harness.is_empty() {
        return Exit::Harness;
    }
    match Conclusion::of(end) {
        Conclusion::Conforms if end.stale_baseline.is_empty() => Exit::Conforms,
        // Nothing was judged at all: the subject has gone away.
        _ if end.summary.passed + end.summary.failed + end.summary.warned + end.summary.expected == 0
            && end.summary.inconclusive > 0 =>
        {
            Exit::Unreachable
        }
        _ => Exit::DoesNotConform,
    }
}

/// The reports, and what went wrong with them.
struct Told<'a> {
    reports: &'a mut Reports,
    problems: Vec<String>,
}

impl Told<'_> {
    fn event(&mut self, event: Event) {
        self.problems.extend(self.reports.event(&event).into_iter().map(|error| error.to_string()));
    }

    /// A report that could not be written is a fault that no verdict may hide.
    fn exit(self, exit: Exit) -> Result<Exit, Failure> {
        if self.problems.is_empty() { Ok(exit) } else { Err(Failure::harness(self.problems.join("; "))) }
    }
}

/// Becomes true on Ctrl-C and SIGTERM.
pub(super) fn interruption() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    tokio::spawn(async move {
        if let (Ok(mut interrupt), Ok(mut terminate)) = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            let _ = sender.send(true);
        }
        sender.closed().await;
    });
    receiver
}

pub(super) async fn until(mut interrupted: watch::Receiver<bool>) {
    if interrupted.wait_for(|interrupted| *interrupted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
