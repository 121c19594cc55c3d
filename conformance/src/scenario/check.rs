//! Validates a script beyond its form: requirements that exist, checks that are covered, steps that can run.
//!
//! A script that passes cannot fail for a reason of its own while it runs, except for values that only the run knows.

use relayspec::requirement;

use super::at::Place;
use super::check_name::CheckName;
use super::header::Header;
use super::scope::{Scope, ScopeError};
use super::script::{Check, Scenario, Script, each_step};
use super::step::{Step, StepError, UnderTest, validate};
use super::traits::Trait;

/// Why a script is invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum ScriptError {
    #[error("`{0}` is empty: {1}")]
    Empty(&'static str, &'static str),
    #[error("unknown role `{0}`: the family {1} has {2}")]
    Role(String, &'static str, String),
    #[error("`params` are declared by servers; pass values to a client by `with` of `start`")]
    ClientParams,
    #[error("unknown requirement `{0}`; `conformance list --requirements` shows all")]
    Requirement(String),
    #[error("unknown requirement `{0}`; did you mean `{1}`?")]
    Spelling(String, &'static str),
    #[error("{0} does not apply to the {1}, but to {2}")]
    OtherRole(String, String, String),
    #[error("`covers` lists {0} twice")]
    Twice(String),
    #[error("no check covers {0}: remove it, or name a check `{0} …`")]
    Uncovered(String),
    #[error("the check `{0}` is for {1}: add it to `covers`")]
    NotCovered(CheckName, String),
    #[error("the check `{0}` names the unknown requirement `{1}`")]
    CheckRequirement(CheckName, String),
    #[error("the check `{0}` is for {1} here and for {2} above: use different names")]
    Ambiguous(String, String, String),
    #[error("`{0}` needs `traits: [{name}]`", name = .1.name())]
    Trait(&'static str, Trait),
    #[error("{0} needs a WebSocket, which the family {1} does not use")]
    WebSocket(&'static str, &'static str),
    #[error("`{0}` is for scenarios that test a {1}, and this one tests the {2}")]
    Side(&'static str, &'static str, String),
    #[error(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    Params(#[from] ScopeError),
}

type Located = (Place, ScriptError);

/// Validates a scenario.
///
/// # Errors
/// The first error, with its place.
pub(super) fn check(scenario: &Scenario, places: &Header) -> Result<(), Located> {
    check_head(scenario, places)?;
    check_coverage(scenario, places)?;
    let mut scope = Scope::new(scenario.family);
    for name in &scenario.script.params {
        scope.set(name).map_err(|error| (places.params.place, error.into()))?;
    }
    validate(&scenario.script.steps, &mut scope).map_err(|error| {
        let (place, error) = error.located();
        (place, error.into())
    })
}

fn check_head(scenario: &Scenario, places: &Header) -> Result<(), Located> {
    let Script { summary, covers, under_test, steps, params, .. } = &scenario.script;
    let family = scenario.family;
    if summary.trim().is_empty() {
        let remedy = "say in a sentence what the scenario shows";
        return Err((places.summary.place, ScriptError::Empty("summary", remedy)));
    }
    if steps.is_empty() {
        return Err((places.steps.place, ScriptError::Empty("steps", "a scenario has at least one")));
    }
    if under_test != family.server && !family.clients.contains(&under_test.as_str()) {
        let known: Vec<_> = std::iter::once(&family.server).chain(family.clients).copied().collect();
        let error = ScriptError::Role(under_test.clone(), family.name, known.join(", "));
        return Err((places.under_test.place, error));
    }
    if covers.is_empty() {
        let remedy = "list the requirements that the checks cover";
        return Err((places.covers.place, ScriptError::Empty("covers", remedy)));
    }
    if !params.is_empty() && scenario.tests_client() {
        return Err((places.params.place, ScriptError::ClientParams));
    }
    for (at, id) in covers.iter().enumerate() {
        let error = match requirement::find(id) {
            None => ScriptError::Requirement(id.clone()),
            Some(found) if found.id != id => ScriptError::Spelling(id.clone(), found.id),
            Some(found) if family.requirements(under_test).all(|own| own.id != found.id) => {
                ScriptError::OtherRole(id.clone(), under_test.clone(), found.roles.join(", "))
            }
            Some(_) if covers[..at].contains(id) => ScriptError::Twice(id.clone()),
            Some(_) => continue,
        };
        return Err((places.requirement(at), error));
    }
    Ok(())
}

fn check_coverage(scenario: &Scenario, places: &Header) -> Result<(), Located> {
    let covers = &scenario.script.covers;
    let mut checks: Vec<Check> = Vec::new();
    let mut first = None;
    each_step(&scenario.script.steps, &mut |step| {
        let error = unsuitable(scenario, &step.value).or_else(|| {
            let name = step.value.check()?;
            let check = scenario.check(name);
            let error = uncovered(name, &check, covers, &checks);
            checks.push(check);
            error
        });
        if let Some(error) = error {
            first.get_or_insert((step.place, error));
        }
    });
    if let Some(error) = first {
        return Err(error);
    }
    match covers.iter().position(|id| checks.iter().all(|check| check.requirement != *id)) {
        Some(at) => Err((places.requirement(at), ScriptError::Uncovered(covers[at].clone()))),
        None => Ok(()),
    }
}

/// Why a step cannot be part of a scenario, whatever the steps before it are.
fn unsuitable(scenario: &Scenario, step: &Step) -> Option<ScriptError> {
    if let Some(needs) = step.required_trait().filter(|needs| !scenario.has(*needs)) {
        return Some(ScriptError::Trait(step.keyword(), needs));
    }
    if let Some(what) = step.websocket_only().filter(|_| scenario.family.is_framed()) {
        return Some(ScriptError::WebSocket(what, scenario.family.name));
    }
    let side = match (step.under_test()?, scenario.tests_client()) {
        (UnderTest::Server, true) => "server",
        (UnderTest::Client, false) => "client",
        _ => return None,
    };
    Some(ScriptError::Side(step.keyword(), side, scenario.script.under_test.clone()))
}

/// What is wrong with the check of a step, given those of the steps before it.
fn uncovered(name: &CheckName, check: &Check, covers: &[String], before: &[Check]) -> Option<ScriptError> {
    let requirement = check.requirement.clone();
    if requirement::find(&requirement).is_none() {
        return Some(ScriptError::CheckRequirement(name.clone(), requirement));
    }
    if !covers.contains(&requirement) {
        return Some(ScriptError::NotCovered(name.clone(), requirement));
    }
    let earlier = before.iter().find(|earlier| earlier.name == check.name && earlier.requirement != requirement)?;
    Some(ScriptError::Ambiguous(check.name.clone(), requirement, earlier.requirement.clone()))
}
