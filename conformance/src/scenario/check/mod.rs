//! What a script must fulfil beyond its form: names that exist, checks that are covered, steps that can be played.
//!
//! A script that passes here cannot fail for a reason of its own while it runs, but for values that only the run knows.

mod client;
mod http;
mod scope;
mod steps;

use relayspec::requirement;

use super::at::Place;
use super::load::Header;
use super::step::Step;
use super::{Check, CheckName, Scenario, Script, Trait, each_step};
use scope::Scope;

type Problem = (Place, String);

/// Checks a scenario.
///
/// # Errors
/// The first problem, with its place.
pub(super) fn check(scenario: &Scenario, places: &Header) -> Result<(), Problem> {
    header(scenario, places)?;
    coverage(scenario, places)?;
    let mut scope = Scope::new(scenario.family);
    for name in &scenario.script.params {
        scope.variable(name).map_err(|problem| (places.params.place, problem))?;
    }
    steps::steps(&scenario.script.steps, &mut scope, false)
}

fn header(scenario: &Scenario, places: &Header) -> Result<(), Problem> {
    let Script { summary, covers, under_test, steps, .. } = &scenario.script;
    let family = scenario.family;
    let fail = |place, problem: String| Err((place, problem));
    if summary.trim().is_empty() {
        return fail(places.summary.place, "`summary` is empty: say in a sentence what the scenario shows".to_owned());
    }
    if steps.is_empty() {
        return fail(places.steps.place, "`steps` is empty".to_owned());
    }
    if under_test != family.server && !family.clients.contains(&under_test.as_str()) {
        let roles: Vec<_> = std::iter::once(&family.server).chain(family.clients).copied().collect();
        let problem = format!("the family {} has no role `{under_test}`; there are {}", family.name, roles.join(", "));
        return fail(places.under_test.place, problem);
    }
    if covers.is_empty() {
        return fail(places.covers.place, "`covers` is empty: name the requirements that the checks judge".to_owned());
    }
    if !scenario.script.params.is_empty() && under_test != family.server {
        let problem = "`params` are what a server declares; a client is handed over what stands in `with` of `start`";
        return fail(places.params.place, problem.to_owned());
    }
    for (at, id) in covers.iter().enumerate() {
        let place = places.requirement(at);
        match requirement::find(id) {
            None => {
                return fail(
                    place,
                    format!("no requirement has the id `{id}`; `conformance list --requirements` shows all"),
                );
            }
            Some(found) if found.id != id => return fail(place, format!("`{id}` is written `{}`", found.id)),
            Some(found) if family.requirements(under_test).all(|bound| bound.id != found.id) => {
                return fail(place, format!("{id} does not bind the {under_test}, but {}", found.roles.join(", ")));
            }
            Some(_) if covers[..at].contains(id) => return fail(place, format!("`covers` names {id} twice")),
            Some(_) => {}
        }
    }
    Ok(())
}

fn coverage(scenario: &Scenario, places: &Header) -> Result<(), Problem> {
    let covers = &scenario.script.covers;
    let mut checks: Vec<Check> = Vec::new();
    let mut problem = None;
    let judges_client = scenario.script.under_test != scenario.family.server;
    each_step(&scenario.script.steps, &mut |step| {
        let why = match &step.value {
            Step::Terminate(_) | Step::Exit(_) | Step::Restart(_) | Step::Rival(_)
                if !scenario.has(Trait::OwnProcess) =>
            {
                Some("`terminate`, `exit`, `restart` and `rival` need `traits: [own_process]`".to_owned())
            }
            step if scenario.family.is_framed() && websocket(step).is_some() => websocket(step).map(|what| {
                format!("{what} is for WebSockets alone, and the family {} has none", scenario.family.name)
            }),
            step if needs_driver(step) && !scenario.has(Trait::Driver) => {
                Some("`tell` and whatever waits for an event need `traits: [driver]`".to_owned())
            }
            other if plays_server(other) != judges_client && is_sided(other) => Some(format!(
                "this step plays a {}, and the scenario judges the {}",
                if judges_client { "client" } else { "server" },
                scenario.script.under_test
            )),
            step => step.check().and_then(|name| {
                let check = scenario.check(name);
                let why = uncovered(name, &check, covers, &checks);
                checks.push(check);
                why
            }),
        };
        if let Some(why) = why {
            problem.get_or_insert((step.place, why));
        }
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    match covers.iter().position(|id| checks.iter().all(|check| check.requirement != *id)) {
        Some(at) => {
            let id = &covers[at];
            Err((places.requirement(at), format!("no check judges {id}: leave it out, or name a check `{id} …`")))
        }
        None => Ok(()),
    }
}

/// Whether a step plays the server to a client under test.
fn plays_server(step: &Step) -> bool {
    matches!(
        step,
        Step::Start(_)
            | Step::Accept(_)
            | Step::Welcome(_)
            | Step::TurnAway(_)
            | Step::Idle(_)
            | Step::Attempts(_)
            | Step::Delay(_)
            | Step::Spread(_)
            | Step::Tell(_)
            | Step::Event(_)
            | Step::NoEvent(_)
    )
}

/// What of a step only a WebSocket has.
pub(super) fn websocket(step: &Step) -> Option<&'static str> {
    match step {
        Step::Frame(_) => Some("`frame`"),
        Step::Pong(_) => Some("`pong`"),
        Step::Heartbeat(_) => Some("`heartbeat`"),
        Step::Send(send) if send.ping.is_some() || send.pong.is_some() => Some("sending Ping or Pong"),
        Step::Send(send) if send.text.is_some() => Some("sending `text`"),
        Step::Expect(expect) if expect.ping.is_some() || expect.pong.is_some() => Some("expecting Ping or Pong"),
        Step::Welcome(welcome) if welcome.fragments.is_some() => Some("`fragments` of a welcome"),
        Step::TurnAway(step) if step.status.is_some() => Some("an HTTP `status`"),
        Step::Pour(pour) if pour.fragment.is_some() => Some("pouring a `fragment`"),
        _ => None,
    }
}

/// Whether a step speaks with a client's user, or for them.
fn needs_driver(step: &Step) -> bool {
    match step {
        Step::Tell(_) | Step::Event(_) | Step::NoEvent(_) => true,
        Step::Expect(expect) => expect.any_of.iter().any(|choice| choice.event.is_some()),
        _ => false,
    }
}

/// Whether a step makes sense for one side alone.
fn is_sided(step: &Step) -> bool {
    let plays_client = matches!(
        step,
        Step::Connect(_)
            | Step::Refused(_)
            | Step::Heartbeat(_)
            | Step::Poll(_)
            | Step::Restart(_)
            | Step::Rival(_)
            | Step::FileMode(_)
    );
    plays_client || plays_server(step)
}

/// What is wrong with the check of a step, after those of the steps before.
fn uncovered(name: &CheckName, check: &Check, covers: &[String], before: &[Check]) -> Option<String> {
    let Check { name: plain, requirement } = check;
    if requirement::find(requirement).is_none() {
        return Some(format!("no requirement has the id `{requirement}`, which the check `{name}` names"));
    }
    if !covers.contains(requirement) {
        return Some(format!("the check `{name}` judges {requirement}: add it to `covers`"));
    }
    let twin = before.iter().find(|twin| twin.name == *plain && twin.requirement != *requirement)?;
    Some(format!(
        "the check `{plain}` judges {requirement} here and {} above: give them different names",
        twin.requirement
    ))
}
