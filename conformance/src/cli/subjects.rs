//! From a setup to subjects that are ready to be judged: found where they run already, started where they do not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conformance::clock::Clock;
use conformance::engine::{Call, Launcher, Starter, Subject, Target};
use conformance::outcome::SubjectInfo;
use conformance::subject::{
    Accelerator, Announce, ClientLauncher, ClientTemplate, CommandLauncher, CommandSubject, Driver, Guard, NotStarted,
    Params, Ports, SharedClient, UrlSubject, preflight,
};
use conformance::transport::Route;
use relayspec::timing::Written;
use rustls::ClientConfig;

use super::guard;
use super::options::ExecutionOptions;
use super::setup::{SubjectSpec, RoleUnderTest, ClientSource, ServerSource};

/// A subject that is ready to be judged.
pub(super) struct Ready {
    pub(super) subject: Subject,
    /// What the runner has started for it, and ends.
    pub(super) started: Option<Arc<CommandSubject>>,
    /// Why time does not pass faster for it.
    in_real_time: Option<String>,
    pub(super) info: SubjectInfo,
}

impl Ready {
    pub(super) fn target(&self) -> Option<&Arc<dyn Target>> {
        match &self.subject {
            Subject::Server { target, .. } => Some(target),
            Subject::Client(_) => None,
        }
    }

    /// How a server that all scenarios share has ended, if it has.
    pub(super) fn gone(&self) -> Option<String> {
        self.target()?.process()?.ended().map(|ending| ending.description)
    }
}

/// What a client is told that is started only to see whether it connects.
const TRIAL: &str = "trial";

/// Finds or starts what is judged, and the clock to judge it by: an accelerated one where that was asked for and can be done, the real one elsewhere.
pub(super) async fn find(
    seats: &[RoleUnderTest],
    options: &ExecutionOptions,
    real: &Clock,
) -> Result<(Clock, Vec<Ready>), NotStarted> {
    ready(seats, options, real).await.map_err(|mut not_started| {
        for secrets in seats.iter().map(|seat| seat.place.secrets()) {
            secrets.hide(&mut not_started.problem);
            secrets.hide(&mut not_started.output);
        }
        not_started
    })
}

async fn ready(seats: &[RoleUnderTest], options: &ExecutionOptions, real: &Clock) -> Result<(Clock, Vec<Ready>), NotStarted> {
    let mut slow = None;
    if options.speed > 1.0 {
        let clock = Clock::start_at_speed(options.speed);
        match accelerated(seats, options, &clock).await? {
            Ok(ready) => return Ok((clock, ready)),
            Err(why) => slow = Some(why),
        }
    }
    let mut ready = all(seats, options, real, None).await?;
    ready.iter_mut().for_each(|ready| ready.info.not_accelerated.clone_from(&slow));
    Ok((real.clone(), ready))
}

/// All subjects, accelerated; or why one of them cannot be.
async fn accelerated(
    seats: &[RoleUnderTest],
    options: &ExecutionOptions,
    clock: &Clock,
) -> Result<Result<Vec<Ready>, String>, NotStarted> {
    let accelerator = match Accelerator::new(clock.clone()) {
        Ok(accelerator) => accelerator,
        Err(why) => return Ok(Err(why)),
    };
    if !seats.iter().all(is_started) {
        return Ok(Err("what runs already keeps its own time: let the runner start it".to_owned()));
    }
    let ready = all(seats, options, clock, Some(&accelerator)).await?;
    for one in &ready {
        if let Some(why) = &one.in_real_time {
            let why = why.clone();
            for started in ready.iter().filter_map(|ready| ready.started.as_ref()) {
                started.stop().await;
            }
            return Ok(Err(why));
        }
    }
    Ok(Ok(ready))
}

/// Whether the runner starts what is judged.
fn is_started(seat: &RoleUnderTest) -> bool {
    let place = &seat.place;
    !matches!(place, SubjectSpec::Server { at: ServerSource::Url(_), .. } | SubjectSpec::Client { at: ClientSource::Attached(_), .. })
}

async fn all(
    seats: &[RoleUnderTest],
    options: &ExecutionOptions,
    clock: &Clock,
    accelerator: Option<&Accelerator>,
) -> Result<Vec<Ready>, NotStarted> {
    let guard = if seats.iter().any(is_started) { guard::start() } else { None };
    let mut ready: Vec<Ready> = Vec::new();
    for (number, seat) in seats.iter().enumerate() {
        let accelerator = accelerator.cloned();
        let same = seats[..number].iter().position(|other| is_same(&other.place, &seat.place));
        ready.push(match &seat.place {
            SubjectSpec::Server { at, tls, ready_within, params } => {
                let (target, started, launcher) = match same.and_then(|other| ready.get(other)) {
                    // One server that speaks several families is started once.
                    Some(Ready { subject: Subject::Server { target, launcher }, .. }) => {
                        (Arc::clone(target), None, launcher.clone())
                    }
                    _ => server(at, tls.clone(), *ready_within, params, clock, guard.clone(), accelerator).await?,
                };
                let deadline = options.handshake_deadline.0;
                if let Err(problem) = preflight(target.route(), seat.family, clock, deadline).await {
                    return Err(NotStarted { problem, output: target.output() });
                }
                let url = Some(target.route().address.to_string());
                let command = if let ServerSource::Command(template) = at { Some(template.shown()) } else { None };
                let in_real_time = started.as_ref().and_then(|started| started.in_real_time());
                let subject = Subject::Server { target, launcher };
                Ready { subject, started, in_real_time, info: info(seat, clock, url, command) }
            }
            SubjectSpec::Client { at, driver } => client(seat, at, *driver, clock, guard.clone(), accelerator).await?,
        });
    }
    Ok(ready)
}

/// Whether two seats are of one server.
fn is_same(one: &SubjectSpec, other: &SubjectSpec) -> bool {
    matches!((one, other), (SubjectSpec::Server { at, .. }, SubjectSpec::Server { at: other, .. }) if at == other)
}

/// A server, the process that was started for it, and what starts others like it.
type Server = (Arc<dyn Target>, Option<Arc<CommandSubject>>, Option<Arc<dyn Launcher>>);

async fn server(
    at: &ServerSource,
    tls: Option<Arc<ClientConfig>>,
    ready_within: Duration,
    params: &Params,
    clock: &Clock,
    guard: Option<Arc<Guard>>,
    accelerator: Option<Accelerator>,
) -> Result<Server, NotStarted> {
    match at {
        ServerSource::Url(address) => {
            let route = Route { address: address.clone(), tls };
            let params = params.bindings(&Ports::default());
            Ok((Arc::new(UrlSubject { route, params }), None, None))
        }
        ServerSource::Command(template) => {
            let launcher = CommandLauncher {
                template: template.clone(),
                tls,
                ready_within,
                clock: clock.clone(),
                guard,
                accelerator,
            };
            let started = Arc::new(launcher.start().await?);
            let again: Option<Arc<dyn Launcher>> = if template.has_place() { Some(Arc::new(launcher)) } else { None };
            Ok((Arc::clone(&started) as Arc<dyn Target>, Some(started), again))
        }
    }
}

/// A client: what starts it, or waits for it.
async fn client(
    seat: &RoleUnderTest,
    at: &ClientSource,
    driver: Driver,
    clock: &Clock,
    guard: Option<Arc<Guard>>,
    accelerator: Option<Accelerator>,
) -> Result<Ready, NotStarted> {
    let is_accelerated = accelerator.is_some();
    let launcher = |template: &ClientTemplate| {
        ClientLauncher::new(template.clone(), driver, clock.clone(), guard.clone(), accelerator.clone())
    };
    let announce = || Box::new(|text: &str| anstream::eprintln!("attach: {text}")) as Announce;
    let (starter, command, in_real_time): (Arc<dyn Starter>, _, _) = match at {
        ClientSource::Attached(address) => {
            (Arc::new(SharedClient::attached(*address, clock.clone(), announce())), None, None)
        }
        ClientSource::Each(template) | ClientSource::Warm(template) => {
            let launcher = launcher(template);
            let call = Call::new(TRIAL.to_owned(), seat.family, seat.role, &seat.timing, seat.policy);
            let is_warm = matches!(at, ClientSource::Warm(_));
            let in_real_time = match call {
                // One process that stays is started for its scenarios, and only its clock needs a trial before.
                Some(call) if is_warm && is_accelerated => {
                    launcher.try_out(call, seat.first_attempt).await.unwrap_or_default()
                }
                Some(call) if !is_warm => launcher.try_out(call, seat.first_attempt).await?,
                _ => None,
            };
            let starter: Arc<dyn Starter> = match is_warm {
                true => Arc::new(SharedClient::warm(launcher, clock.clone(), announce())),
                false => Arc::new(launcher),
            };
            (starter, Some(template.shown()), in_real_time)
        }
    };
    let info = info(seat, clock, None, command);
    Ok(Ready { subject: Subject::Client(starter), started: None, in_real_time, info })
}

fn info(seat: &RoleUnderTest, clock: &Clock, url: Option<String>, mut command: Option<String>) -> SubjectInfo {
    command.iter_mut().for_each(|command| seat.place.secrets().hide(command));
    let timing =
        seat.timing.declared().map(|(parameter, value)| (parameter.name().to_owned(), Written(value).to_string()));
    SubjectInfo {
        url,
        command,
        family: seat.family.name.to_owned(),
        role: seat.role.to_owned(),
        timing: timing.collect::<BTreeMap<_, _>>(),
        speed: clock.speed(),
        not_accelerated: None,
        reconnect: (seat.role != seat.family.server).then(|| seat.policy.to_string()),
    }
}
