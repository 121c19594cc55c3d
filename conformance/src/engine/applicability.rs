//! Whether a scenario applies to a subject and a run: what it needs, and what is available.

use std::time::Duration;

use super::plan::RunPart;
use super::target::Subject;
use crate::scenario::{Scenario, Step, Trait, each_step};

/// Why a scenario is skipped in this run, if it is.
pub(super) fn skip_reason(
    part: &RunPart,
    scenario: &Scenario,
    wait: Duration,
    allowed: Option<Duration>,
) -> Option<String> {
    if scenario.has(Trait::Jitter) && part.context.policy.jitter == 0.0 {
        return Some("needs a client that declares jitter (--reconnect jitter=0.3)".to_owned());
    }
    match &part.subject {
        Subject::Server { launcher: None, .. } if scenario.has(Trait::OwnProcess) => {
            return Some("needs a subject started for this scenario (--command with {port} or {socket})".to_owned());
        }
        Subject::Server { target, .. } => {
            let params = target.params();
            if let Some(missing) = scenario.script.params.iter().find(|name| !params.contains_key(*name)) {
                return Some(format!("needs a server that declares its `{missing}` (--param {missing}=…)"));
            }
        }
        Subject::Client(starter) if scenario.has(Trait::Driver) && !starter.has_driver() => {
            return Some("needs a client that speaks the driver protocol (--driver)".to_owned());
        }
        Subject::Client(starter) if starter.is_shared() && needs_own_client(scenario) => {
            return Some("needs a client started for this scenario".to_owned());
        }
        Subject::Client(_) => {}
    }
    (wait > allowed?).then(|| format!("waits for {:.1} s, more than --max-wait allows", wait.as_secs_f64()))
}

/// Whether a scenario needs a client that can exit, start afresh, or be one of several.
fn needs_own_client(scenario: &Scenario) -> bool {
    let mut starts = 0;
    let mut needs = scenario.has(Trait::OwnProcess);
    each_step(&scenario.script.steps, &mut |step| match &step.value {
        Step::Start(start) => {
            starts += 1;
            needs |= !start.params.is_empty() || start.max_attempts.is_some();
        }
        // Events about an earlier scenario may come late.
        Step::Many(_) | Step::NoEvent(_) => needs = true,
        Step::Event(event) => needs |= event.next,
        _ => {}
    });
    needs || starts != 1
}
