//! From a setup to subjects that are ready to be judged: found where they run already, started where they do not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conformance::clock::Clock;
use conformance::engine::{Launcher, Subject, Target};
use conformance::outcome::SubjectInfo;
use conformance::subject::{ClientLauncher, CommandLauncher, CommandSubject, Guard, NotStarted, UrlSubject, preflight};
use conformance::transport::Route;
use relayspec::timing::Written;
use rustls::ClientConfig;

use super::guard;
use super::setup::{Place, Seat, Setup, Where};

/// A subject that is ready to be judged.
pub(super) struct Ready {
    pub(super) subject: Subject,
    /// What the runner has started for it, and ends.
    pub(super) started: Option<Arc<CommandSubject>>,
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
        self.target()?.process()?.ended().map(|ending| ending.told)
    }
}

/// Finds or starts what is judged.
pub(super) async fn find(setup: &Setup, clock: &Clock) -> Result<Vec<Ready>, NotStarted> {
    let guard = guard::start();
    let mut ready: Vec<Ready> = Vec::new();
    for (number, seat) in setup.seats.iter().enumerate() {
        let same = setup.seats[..number].iter().position(|other| is_same(&other.place, &seat.place));
        ready.push(match &seat.place {
            Place::Server { at, tls, ready_within } => {
                let (target, started, launcher) = match same.and_then(|other| ready.get(other)) {
                    // One server that speaks several families is started once.
                    Some(Ready { subject: Subject::Server { target, launcher }, .. }) => {
                        (Arc::clone(target), None, launcher.clone())
                    }
                    _ => server(at, tls.clone(), *ready_within, clock, guard.clone()).await?,
                };
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

/// Whether two seats are of one server.
fn is_same(one: &Place, other: &Place) -> bool {
    matches!((one, other), (Place::Server { at, .. }, Place::Server { at: other, .. }) if at == other)
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
