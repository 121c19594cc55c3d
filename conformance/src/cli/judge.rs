//! The way of a run: start or find the subject, play the scenarios, feed the reports, and come to an exit status.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use conformance::baseline::{Baseline, check_ids};
use conformance::clock::Clock;
use conformance::engine::{self, Ended, Launcher, Part, Plan, Stage, Subject, Target};
use conformance::event::{Event, RunEnd};
use conformance::lint::Schemas;
use conformance::outcome::{SubjectInfo, Summary};
use conformance::report::{Conclusion, Json, Junit, Reports, Style, Terminal};
use conformance::scenario::built_in;
use conformance::subject::{ClientLauncher, CommandLauncher, CommandSubject, Guard, NotStarted, UrlSubject, preflight};
use conformance::transport::Route;
use relayspec::timing::Written;
use rustls::ClientConfig;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, watch};

use super::exit::{Exit, Failure};
use super::guard;
use super::setup::{Place, Seat, Setup, Where};

/// How many handshakes of a run are under way at once.
const HANDSHAKES: usize = 64;
/// How long a client has from its start to its first attempt: a virtual machine or a browser takes its time.
const FIRST_ATTEMPT: Duration = Duration::from_secs(20);
/// What the machine may add to a client's delays, beyond all tolerance.
const SLACK: Duration = Duration::from_millis(5);
/// Columns of a report that does not go to a terminal.
const PLAIN_WIDTH: usize = 160;

/// Judges a subject.
pub(super) fn judge(setup: &Setup) -> Result<Exit, Failure> {
    super::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
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
    let out = std::io::stdout();
    let live = out.is_terminal();
    let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
    let width = if live { terminal_width() } else { PLAIN_WIDTH };
    reports.add(Terminal::new(out, Style { color, live, verbose: setup.options.verbose, width }));
    Ok(reports)
}

fn terminal_width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
    columns.ok().filter(|columns| *columns >= 40).unwrap_or(PLAIN_WIDTH)
}

/// A subject that is ready to be judged.
struct Ready {
    subject: Subject,
    /// What the runner has started for it, and ends.
    started: Option<Arc<CommandSubject>>,
    info: SubjectInfo,
}

impl Ready {
    fn target(&self) -> Option<&Arc<dyn Target>> {
        match &self.subject {
            Subject::Server { target, .. } => Some(target),
            Subject::Client(_) => None,
        }
    }

    /// How a server that all scenarios share has ended, if it has.
    fn gone(&self) -> Option<String> {
        self.target()?.process()?.ended().map(|ending| ending.told)
    }
}

async fn judging(setup: &Setup, mut reports: Reports) -> Result<Exit, Failure> {
    let clock = Clock::start();
    let begin = clock.now();
    let interrupted = interruption();
    let mut told = Told { reports: &mut reports, problems: Vec::new() };
    let ready = tokio::select! {
        ready = subjects(setup, &clock) => ready,
        () = until(interrupted.clone()) => Err("the run was interrupted before it began".to_owned().into()),
    };
    let ready = match ready {
        Ok(ready) => ready,
        Err(NotStarted { problem, output }) => {
            let duration_ms = ms(clock.machine(clock.now() - begin));
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
    let end = end(&ended, summary, &baseline, gone, &ready, ms(clock.machine(clock.now() - begin)));
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
    let (schemas, handshakes) = (Arc::new(Schemas::default()), Arc::new(Semaphore::new(HANDSHAKES)));
    let parts = setup.seats.iter().zip(ready).map(|(seat, ready)| {
        let stage = Stage {
            clock: clock.clone(),
            timing: seat.timing.clone(),
            max_message: seat.max_message,
            schemas: Arc::clone(&schemas),
            policy: seat.policy,
            first_attempt: clock.real(FIRST_ATTEMPT),
            slack: clock.real(SLACK),
            handshakes: Arc::clone(&handshakes),
            handshake_deadline: clock.real(options.handshake_deadline.0),
            step_deadline: clock.real(options.step_deadline.0),
        };
        Part { stage: Arc::new(stage), subject: ready.subject.clone(), scenarios: seat.scenarios.clone() }
    });
    let plan = Plan {
        parts: parts.collect(),
        clock: clock.clone(),
        max_wait: options.max_wait.map(|written| written.0),
        jobs: usize::from(options.jobs),
        scenario_deadline: clock.real(options.scenario_deadline.0),
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

/// Finds or starts what is judged.
async fn subjects(setup: &Setup, clock: &Clock) -> Result<Vec<Ready>, NotStarted> {
    let guard = guard::start();
    let mut ready = Vec::new();
    for seat in &setup.seats {
        ready.push(match &seat.place {
            Place::Server { at, tls, ready_within } => {
                let subject = server(at, tls.clone(), *ready_within, clock, guard.clone()).await?;
                let (target, started, launcher) = subject;
                let deadline = setup.options.handshake_deadline.0;
                if let Err(problem) = preflight(target.route(), seat.family, clock, deadline).await {
                    return Err(NotStarted { problem, output: target.output() });
                }
                let url = Some(target.route().address.to_string());
                let command = if let Where::Command(template) = at { Some(template.shown()) } else { None };
                Ready { subject: Subject::Server { target, launcher }, started, info: info(seat, url, command) }
            }
            Place::Client { template, driver } => {
                let command = Some(template.shown());
                let launcher = ClientLauncher::new(template.clone(), *driver, clock.clone(), guard.clone());
                Ready { subject: Subject::Client(Arc::new(launcher)), started: None, info: info(seat, None, command) }
            }
        });
    }
    Ok(ready)
}

/// A server, the process that was started for it, and what starts others like it.
type Server = (Arc<dyn Target>, Option<Arc<CommandSubject>>, Option<Arc<dyn Launcher>>);

async fn server(
    at: &Where,
    tls: Option<Arc<ClientConfig>>,
    ready_within: Duration,
    clock: &Clock,
    guard: Option<Arc<Guard>>,
) -> Result<Server, NotStarted> {
    match at {
        Where::Url(address) => {
            let route = Route { address: address.clone(), tls };
            Ok((Arc::new(UrlSubject { route }), None, None))
        }
        Where::Command(template) => {
            let launcher =
                CommandLauncher { template: template.clone(), tls, ready_within, clock: clock.clone(), guard };
            let started = Arc::new(launcher.start().await?);
            let again: Option<Arc<dyn Launcher>> = if template.has_port() { Some(Arc::new(launcher)) } else { None };
            Ok((Arc::clone(&started) as Arc<dyn Target>, Some(started), again))
        }
    }
}

fn info(seat: &Seat, url: Option<String>, command: Option<String>) -> SubjectInfo {
    let timing =
        seat.timing.declared().map(|(parameter, value)| (parameter.name().to_owned(), Written(value).to_string()));
    SubjectInfo {
        url,
        command,
        family: seat.family.name.to_owned(),
        role: seat.role.to_owned(),
        timing: timing.collect::<BTreeMap<_, _>>(),
        reconnect: (seat.role != seat.family.server).then(|| seat.policy.to_string()),
    }
}

fn end(
    ended: &Ended,
    summary: Summary,
    baseline: &Baseline,
    gone: Option<String>,
    ready: &[Ready],
    duration_ms: f64,
) -> RunEnd {
    let known = built_in().unwrap_or_default().iter().flat_map(check_ids);
    let well = ended == &Ended::default() && gone.is_none() && summary.failed + summary.inconclusive == 0;
    let died = gone.map(|how| format!("the subject's process ended during the run ({how})"));
    let harness = (!ended.harness.is_empty()).then(|| format!("fault of the harness: {}", ended.harness.join("; ")));
    RunEnd {
        summary,
        duration_ms,
        problem: harness.or(died).or(ended.cut_short.clone()),
        stale_baseline: if ended.cut_short.is_some() { Vec::new() } else { baseline.stale(known) },
        output: if well {
            String::new()
        } else {
            ready.iter().filter_map(Ready::target).map(|target| target.output()).collect()
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

fn ms(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// Becomes true on Ctrl-C and SIGTERM.
fn interruption() -> watch::Receiver<bool> {
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

async fn until(mut interrupted: watch::Receiver<bool>) {
    if interrupted.wait_for(|interrupted| *interrupted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
