//! A run: find or start the subjects, run the scenarios, feed the reports, and decide the exit status.

use std::io::{IsTerminal, Stdout};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::{Baseline, check_ids};
use conformance::clock::{Clock, millis};
use conformance::engine::{self, RunContext, RunEnding, RunPart, RunPlan, Secrets, Target};
use conformance::event::{Event, RunEnd};
use conformance::lint::Schemas;
use conformance::outcome::Summary;
use conformance::report::{Conclusion, Json, Junit, ReportError, Reports, Style, Terminal};
use conformance::scenario::built_in;
use tokio::sync::{Semaphore, mpsc, watch};

use super::error::{CommandError, StartFailure};
use super::options::ExecutionOptions;
use super::setup::{RoleUnderTest, RunSetup};
use super::signals::{interrupted, interruption};
use super::status::ExitStatus;
use super::subjects::{self, Ready};
use super::system::{raise_file_limit, runtime};

/// How many handshakes a run has in progress at once.
const HANDSHAKES: usize = 64;
/// More than cores, so that checking a large message delays no other. To run many runners at once, set `TOKIO_WORKER_THREADS` lower.
const WORKERS: usize = 4;
/// What the machine may add to a client's delays, in addition to their tolerance.
const SLACK: Duration = Duration::from_millis(5);
/// The width of a report that does not go to a terminal, in columns.
const PLAIN_WIDTH: usize = 160;

/// Tests the subjects of a setup.
pub(super) fn run(setup: &RunSetup) -> Result<ExitStatus, CommandError> {
    raise_file_limit();
    let threads = std::env::var("TOKIO_WORKER_THREADS").ok().and_then(|threads| threads.parse::<NonZeroUsize>().ok());
    let runtime = runtime(threads.map_or(WORKERS, NonZeroUsize::get))?;
    let reports = reports(setup)?;
    let exit = runtime.block_on(execute(setup, reports));
    // Connections that are still closing do not matter any more.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

fn reports(setup: &RunSetup) -> Result<Reports, CommandError> {
    let named = |flag| move |source| CommandError::OpenReport { flag, source };
    let mut reports = Reports::default();
    if let Some(path) = &setup.options.report_json {
        reports.add(Json::create(path).map_err(named("--report-json"))?);
    }
    if let Some(path) = &setup.options.report_junit {
        reports.add(Junit::create(path).map_err(named("--report-junit"))?);
    }
    reports.add(terminal_report(setup.options.verbose));
    Ok(reports)
}

/// The report on standard output.
pub(super) fn terminal_report(verbose: bool) -> Terminal<Stdout> {
    let out = std::io::stdout();
    let live = out.is_terminal();
    let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
    let width = if live { terminal_width() } else { PLAIN_WIDTH };
    Terminal::new(out, Style { color, live, verbose, width })
}

/// The context that all scenarios of a role share.
pub(super) fn context(
    tested: &RoleUnderTest,
    clock: &Clock,
    options: &ExecutionOptions,
    shared: &SharedResources,
) -> RunContext {
    RunContext {
        clock: clock.clone(),
        timing: tested.timing.clone(),
        max_message: tested.max_message,
        schemas: Arc::clone(&shared.schemas),
        policy: tested.policy,
        first_attempt: clock.real(tested.first_attempt),
        slack: clock.real(SLACK),
        handshakes: Arc::clone(&shared.handshakes),
        handshake_deadline: clock.real(options.handshake_deadline.0),
        step_deadline: clock.real(options.step_deadline.0),
    }
}

/// What all roles of a run share.
pub(super) struct SharedResources {
    schemas: Arc<Schemas>,
    handshakes: Arc<Semaphore>,
}

impl Default for SharedResources {
    fn default() -> Self {
        Self { schemas: Arc::default(), handshakes: Arc::new(Semaphore::new(HANDSHAKES)) }
    }
}

fn terminal_width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
    columns.ok().filter(|columns| *columns >= 40).unwrap_or(PLAIN_WIDTH)
}

async fn execute(setup: &RunSetup, reports: Reports) -> Result<ExitStatus, CommandError> {
    let real = Clock::start();
    let interruption = interruption();
    let mut sink = ReportSink { reports, errors: Vec::new() };
    let ready = tokio::select! {
        ready = subjects::find(&setup.roles, &setup.options.execution, &real) => ready,
        () = interrupted(interruption.clone()) => Err(StartFailure::interrupted()),
    };
    let (clock, ready) = match ready {
        Ok(ready) => ready,
        Err(StartFailure { problem, output }) => {
            let duration_ms = millis(real.now() - real.zero());
            let end = RunEnd { problem: Some(problem), output, duration_ms, ..RunEnd::default() };
            sink.event(Event::RunFinished(Box::new(end)));
            return sink.exit(ExitStatus::Unreachable);
        }
    };
    let subjects = ready.iter().map(|ready| ready.info.clone()).collect();
    let scenarios = setup.roles.iter().map(|tested| tested.scenarios.len()).sum();
    sink.event(Event::RunStarted { subjects, scenarios });
    let (ended, summary, baseline) = run_scenarios(setup, &clock, &ready, interruption, &mut sink).await;
    let gone = ready.iter().find_map(Ready::gone);
    let end = end(&ended, summary, &baseline, gone, &ready, millis(real.now() - real.zero()));
    for started in ready.iter().filter_map(|ready| ready.started.as_ref()) {
        started.stop().await;
    }
    let exit = exit(&end, &ended);
    sink.event(Event::RunFinished(Box::new(end)));
    sink.exit(exit)
}

async fn run_scenarios(
    setup: &RunSetup,
    clock: &Clock,
    ready: &[Ready],
    interruption: watch::Receiver<bool>,
    sink: &mut ReportSink,
) -> (RunEnding, Summary, Baseline) {
    let options = &setup.options;
    let shared = SharedResources::default();
    let parts = setup.roles.iter().zip(ready).map(|(tested, ready)| {
        let context = context(tested, clock, &options.execution, &shared);
        RunPart { context: Arc::new(context), subject: ready.subject.clone(), scenarios: tested.scenarios.clone() }
    });
    let plan = RunPlan {
        parts: parts.collect(),
        clock: clock.clone(),
        max_wait: options.max_wait.map(|written| written.0),
        jobs: usize::from(options.jobs),
        scenario_deadline: clock.real(options.execution.scenario_deadline.0),
        run_deadline: clock.real(options.run_deadline.0),
    };
    let (sender, mut events) = mpsc::unbounded_channel();
    let running = tokio::spawn(async move { engine::run(&plan, &sender, interruption).await });
    let mut baseline = setup.baseline.clone();
    let mut summary = Summary::default();
    while let Some(mut event) = events.recv().await {
        if let Event::ScenarioFinished(outcome) = &mut event {
            baseline.apply(outcome);
            summary.add(outcome);
        }
        sink.event(event);
    }
    let ended = running
        .await
        .unwrap_or_else(|error| RunEnding { internal_errors: vec![error.to_string()], ..RunEnding::default() });
    (ended, summary, baseline)
}

fn end(
    ended: &RunEnding,
    summary: Summary,
    baseline: &Baseline,
    gone: Option<String>,
    ready: &[Ready],
    duration_ms: f64,
) -> RunEnd {
    let known = || built_in().unwrap_or_default().iter().flat_map(check_ids);
    let is_fine = ended == &RunEnding::default() && gone.is_none() && summary.failed + summary.inconclusive == 0;
    let died = gone.map(|how| format!("the subject's process ended during the run ({how})"));
    let internal = (!ended.internal_errors.is_empty())
        .then(|| format!("internal error of the runner: {}", ended.internal_errors.join("; ")));
    RunEnd {
        summary,
        duration_ms,
        problem: internal.or(died).or(ended.cut_short.clone()),
        stale_baseline: if ended.cut_short.is_some() || baseline.is_empty() {
            Vec::new()
        } else {
            baseline.stale(known())
        },
        output: if is_fine {
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

fn exit(end: &RunEnd, ended: &RunEnding) -> ExitStatus {
    if !ended.internal_errors.is_empty() {
        return ExitStatus::Internal;
    }
    match Conclusion::of(end) {
        Conclusion::Conforms if end.stale_baseline.is_empty() => ExitStatus::Conforms,
        // No check could be evaluated: the subject has disappeared.
        _ if end.summary.passed + end.summary.failed + end.summary.warned + end.summary.expected == 0
            && end.summary.inconclusive > 0 =>
        {
            ExitStatus::Unreachable
        }
        _ => ExitStatus::DoesNotConform,
    }
}

/// The reports, and the errors of those that could not be written.
struct ReportSink {
    reports: Reports,
    errors: Vec<ReportError>,
}

impl ReportSink {
    fn event(&mut self, event: Event) {
        self.errors.extend(self.reports.event(&event));
    }

    /// A report that could not be written is an error that no verdict may hide.
    fn exit(self, exit: ExitStatus) -> Result<ExitStatus, CommandError> {
        if self.errors.is_empty() { Ok(exit) } else { Err(CommandError::WriteReports(self.errors)) }
    }
}
