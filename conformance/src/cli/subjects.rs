//! Makes the subjects of a run ready: finds those that are running, and starts the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conformance::clock::Clock;
use conformance::engine::{Launcher, StartOptions, Starter, Subject, Target};
use conformance::outcome::SubjectInfo;
use conformance::subject::{
    Accelerator, AcceleratorError, Announce, ClientLauncher, ClientTemplate, CommandLauncher, CommandSubject, Driver,
    Guard, Params, Ports, SharedClient, StartError, UrlSubject, preflight,
};
use conformance::transport::Route;
use relayspec::timing::HumanDuration;
use rustls::ClientConfig;

use super::error::StartFailure;
use super::guard;
use super::options::ExecutionOptions;
use super::server_source::ServerSource;
use super::setup::{ClientSource, RoleUnderTest, SubjectSpec};

/// A subject that is ready to be tested.
pub(super) struct Ready {
    pub(super) subject: Subject,
    /// The process that the runner started for it.
    pub(super) started: Option<Arc<CommandSubject>>,
    /// Why its time is not accelerated.
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

    /// How a server that all scenarios share ended, if it did.
    pub(super) fn gone(&self) -> Option<String> {
        self.target()?.process()?.ended().map(|ending| ending.description)
    }
}

/// The scenario name of a client that is started only to see whether it connects.
const TRIAL: &str = "trial";

/// Finds or starts the subjects, with the clock of the run: an accelerated one if requested and possible, else the real one.
pub(super) async fn find(
    roles: &[RoleUnderTest],
    options: &ExecutionOptions,
    real: &Clock,
) -> Result<(Clock, Vec<Ready>), StartFailure> {
    ready(roles, options, real).await.map_err(|error| {
        let mut failure = StartFailure::from(error);
        for secrets in roles.iter().map(|tested| tested.spec.secrets()) {
            secrets.hide(&mut failure.problem);
            secrets.hide(&mut failure.output);
        }
        failure
    })
}

async fn ready(
    roles: &[RoleUnderTest],
    options: &ExecutionOptions,
    real: &Clock,
) -> Result<(Clock, Vec<Ready>), StartError> {
    let mut not_accelerated = None;
    if options.speed > 1.0 {
        let clock = Clock::start_at_speed(options.speed);
        match accelerated(roles, options, &clock).await? {
            Ok(ready) => return Ok((clock, ready)),
            Err(why) => not_accelerated = Some(why.to_string()),
        }
    }
    let mut ready = all(roles, options, real, None).await?;
    ready.iter_mut().for_each(|ready| ready.info.not_accelerated.clone_from(&not_accelerated));
    Ok((real.clone(), ready))
}

/// Why a run is not accelerated although `--speed` was given.
#[derive(Debug, thiserror::Error)]
enum NotAccelerated {
    #[error(transparent)]
    Library(#[from] AcceleratorError),
    #[error("a running subject keeps its own time; let the runner start it")]
    Running,
    #[error("{0}")]
    NoEffect(String),
}

/// All subjects, accelerated, unless one of them cannot be.
async fn accelerated(
    roles: &[RoleUnderTest],
    options: &ExecutionOptions,
    clock: &Clock,
) -> Result<Result<Vec<Ready>, NotAccelerated>, StartError> {
    let accelerator = match Accelerator::new(clock.clone()) {
        Ok(accelerator) => accelerator,
        Err(why) => return Ok(Err(why.into())),
    };
    if !roles.iter().all(|tested| tested.spec.is_started()) {
        return Ok(Err(NotAccelerated::Running));
    }
    let ready = all(roles, options, clock, Some(&accelerator)).await?;
    let Some(why) = ready.iter().find_map(|one| one.in_real_time.clone()) else { return Ok(Ok(ready)) };
    for started in ready.iter().filter_map(|ready| ready.started.as_ref()) {
        started.stop().await;
    }
    Ok(Err(NotAccelerated::NoEffect(why)))
}

async fn all(
    roles: &[RoleUnderTest],
    options: &ExecutionOptions,
    clock: &Clock,
    accelerator: Option<&Accelerator>,
) -> Result<Vec<Ready>, StartError> {
    let guard = if roles.iter().any(|tested| tested.spec.is_started()) { guard::start() } else { None };
    let mut ready: Vec<Ready> = Vec::new();
    for (number, tested) in roles.iter().enumerate() {
        let accelerator = accelerator.cloned();
        let same = roles[..number].iter().position(|other| is_same_server(&other.spec, &tested.spec));
        ready.push(match &tested.spec {
            SubjectSpec::Server { source, tls, ready_within, params } => {
                let (target, started, launcher) = match same.and_then(|other| ready.get(other)) {
                    // A server that speaks several families is started once.
                    Some(Ready { subject: Subject::Server { target, launcher }, .. }) => {
                        (Arc::clone(target), None, launcher.clone())
                    }
                    _ => server(source, tls.clone(), *ready_within, params, clock, guard.clone(), accelerator).await?,
                };
                let deadline = options.handshake_deadline.0;
                if let Err(error) = preflight(target.route(), tested.family, clock, deadline).await {
                    return Err(StartError { problem: error.into(), output: target.output() });
                }
                let url = Some(target.route().address.to_string());
                let command = if let ServerSource::Command(template) = source { Some(template.shown()) } else { None };
                let in_real_time = started.as_ref().and_then(|started| started.in_real_time());
                let subject = Subject::Server { target, launcher };
                Ready { subject, started, in_real_time, info: info(tested, clock, url, command) }
            }
            SubjectSpec::Client { source, driver } => {
                client(tested, source, *driver, clock, guard.clone(), accelerator).await?
            }
        });
    }
    Ok(ready)
}

fn is_same_server(one: &SubjectSpec, other: &SubjectSpec) -> bool {
    matches!((one, other), (SubjectSpec::Server { source, .. }, SubjectSpec::Server { source: other, .. }) if source == other)
}

/// A server, the process that was started for it, and a launcher for further ones.
type StartedServer = (Arc<dyn Target>, Option<Arc<CommandSubject>>, Option<Arc<dyn Launcher>>);

async fn server(
    source: &ServerSource,
    tls: Option<Arc<ClientConfig>>,
    ready_within: Duration,
    params: &Params,
    clock: &Clock,
    guard: Option<Arc<Guard>>,
    accelerator: Option<Accelerator>,
) -> Result<StartedServer, StartError> {
    match source {
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
            let is_repeatable = template.is_repeatable();
            let launcher = is_repeatable.then(|| Arc::new(launcher) as Arc<dyn Launcher>);
            Ok((Arc::clone(&started) as Arc<dyn Target>, Some(started), launcher))
        }
    }
}

/// A client, which is started for each scenario, or awaited.
async fn client(
    tested: &RoleUnderTest,
    source: &ClientSource,
    driver: Driver,
    clock: &Clock,
    guard: Option<Arc<Guard>>,
    accelerator: Option<Accelerator>,
) -> Result<Ready, StartError> {
    let is_accelerated = accelerator.is_some();
    let launcher = |template: &ClientTemplate| {
        ClientLauncher::new(template.clone(), driver, clock.clone(), guard.clone(), accelerator.clone())
    };
    let announce = || Box::new(|text: &str| anstream::eprintln!("attach: {text}")) as Announce;
    let (starter, command, in_real_time): (Arc<dyn Starter>, _, _) = match source {
        ClientSource::Attached(address) => {
            (Arc::new(SharedClient::attached(*address, clock.clone(), announce())), None, None)
        }
        ClientSource::Each(template) | ClientSource::Warm(template) => {
            let launcher = launcher(template);
            let call = StartOptions::new(TRIAL.to_owned(), tested.family, tested.role, &tested.timing, tested.policy);
            let is_warm = matches!(source, ClientSource::Warm(_));
            let in_real_time = match call {
                // A warm process is started once, for its scenarios. A trial is needed only to learn whether it can be accelerated.
                Some(call) if is_warm && is_accelerated => {
                    launcher.try_out(call, tested.first_attempt).await.unwrap_or_default()
                }
                Some(call) if !is_warm => launcher.try_out(call, tested.first_attempt).await?,
                _ => None,
            };
            let starter: Arc<dyn Starter> = match is_warm {
                true => Arc::new(SharedClient::warm(launcher, clock.clone(), announce())),
                false => Arc::new(launcher),
            };
            (starter, Some(template.shown()), in_real_time)
        }
    };
    let info = info(tested, clock, None, command);
    Ok(Ready { subject: Subject::Client(starter), started: None, in_real_time, info })
}

fn info(tested: &RoleUnderTest, clock: &Clock, url: Option<String>, mut command: Option<String>) -> SubjectInfo {
    command.iter_mut().for_each(|command| tested.spec.secrets().hide(command));
    let timing = tested
        .timing
        .declared()
        .map(|(parameter, value)| (parameter.name().to_owned(), HumanDuration(value).to_string()));
    SubjectInfo {
        url,
        command,
        family: tested.family.name.to_owned(),
        role: tested.role.to_owned(),
        timing: timing.collect::<BTreeMap<_, _>>(),
        speed: clock.speed(),
        not_accelerated: None,
        reconnect: (tested.role != tested.family.server).then(|| tested.policy.to_string()),
    }
}
