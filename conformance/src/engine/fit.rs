//! Whether a scenario is for a subject and a run: what it needs, and what is there.

use std::time::Duration;

use super::run::Part;
use super::target::Subject;
use crate::scenario::{Bindings, Scenario, Step, Trait, each_step};

/// Why a scenario is not for this run.
pub(super) fn not_for(part: &Part, scenario: &Scenario, wait: Duration, allowed: Option<Duration>) -> Option<String> {
    if scenario.has(Trait::Jitter) && part.stage.policy.jitter == 0.0 {
        return Some("needs a client that declares jitter (--reconnect jitter=0.3)".to_owned());
    }
    match &part.subject {
        Subject::Server { launcher: None, .. } if scenario.has(Trait::OwnProcess) => {
            return Some(
                "needs a subject that the runner starts for it alone (--command with {port} or {socket})".to_owned(),
            );
        }
        Subject::Server { target, .. } if let Some(missing) = missing(scenario, target.params()) => {
            return Some(format!("needs a server that declares its `{missing}` (--param {missing}=…)"));
        }
        Subject::Client(starter) if scenario.has(Trait::Driver) && !starter.has_driver() => {
            return Some("needs a client that speaks the driver protocol (--driver)".to_owned());
        }
        Subject::Client(starter) if starter.is_shared() && needs_its_own(scenario) => {
            return Some("needs a client that is started for it alone".to_owned());
        }
        _ => {}
    }
    (wait > allowed?).then(|| format!("waits for {:.1} s, more than --max-wait allows", wait.as_secs_f64()))
}

/// Whether a client that has a past is none for this scenario: it has to end, to begin afresh, or to be one of many.
fn needs_its_own(scenario: &Scenario) -> bool {
    let mut starts = 0;
    let mut special = scenario.has(Trait::OwnProcess);
    each_step(&scenario.script.steps, &mut |step| match &step.value {
        Step::Start(start) => {
            starts += 1;
            special |= !start.params.is_empty() || start.max_attempts.is_some();
        }
        // What its driver tells of the past may come late.
        Step::Many(_) | Step::NoEvent(_) => special = true,
        Step::Event(event) => special |= event.next,
        _ => {}
    });
    special || starts != 1
}

/// What a scenario needs and a server does not declare.
fn missing<'a>(scenario: &'a Scenario, params: &Bindings) -> Option<&'a String> {
    scenario.script.params.iter().find(|name| !params.contains_key(*name))
}
