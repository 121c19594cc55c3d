//! The steps that play the server to a client, each by itself, in the sight of those before it.

use super::scope::{Scope, named};
use super::steps::{one_of, within};
use crate::scenario::step::{Accept, MOST_FRAGMENTS, Step, Welcome};

/// More attempts in a row no step waits for.
const MOST_ATTEMPTS: u32 = 1000;

/// Checks a step; those of servers are right here.
pub(super) fn step(step: &Step, scope: &mut Scope) -> Result<(), String> {
    match step {
        Step::Start(start) => {
            named(&start.name)?;
            start.params.values().try_for_each(|term| scope.knows(term))?;
            if start.max_attempts == Some(0) {
                return Err("`max_attempts` is at least 1".to_owned());
            }
            scope.started.insert(start.name.clone());
        }
        Step::Accept(Accept { name, of, .. }) | Step::Welcome(Welcome { name, of, .. }) => {
            scope.is_started(of)?;
            if let Step::Welcome(Welcome { members, fragments, .. }) = step {
                members.values().try_for_each(|term| scope.knows(term))?;
                fragments.map_or(Ok(()), |fragments| within("fragments", fragments, 2, MOST_FRAGMENTS))?;
            }
            if let Step::Accept(Accept { target: Some(target), .. }) = step {
                scope.binds(target);
            }
            named(name)?;
            scope.connections.insert(name.clone());
        }
        Step::TurnAway(step) => {
            scope.is_started(&step.of)?;
            one_of(&[("status", step.status.is_some()), ("by", step.by.is_some())])?;
            if step.status.is_some_and(|status| !(200..=599).contains(&status)) {
                return Err("`status` is from 200 to 599: 101 would accept".to_owned());
            }
            if step.times.is_some() && step.past_cap.is_some() {
                return Err("`times` and `past_cap` exclude each other".to_owned());
            }
            if step.times.or(step.past_cap).is_some_and(|times| !(1..=MOST_ATTEMPTS).contains(&times)) {
                return Err(format!("`times` and `past_cap` are from 1 to {MOST_ATTEMPTS}"));
            }
        }
        Step::Idle(step) => scope.is_started(&step.of)?,
        Step::Attempts(step) => scope.is_started(&step.of)?,
        Step::Delay(step) => {
            scope.is_started(&step.of)?;
            scope.variable(&step.name)?;
        }
        Step::Spread(step) => {
            scope.knows(&step.values)?;
            if !(0.0..=1.0).contains(&step.at_least) {
                return Err("`at_least` is a part, from 0 to 1".to_owned());
            }
        }
        Step::Tell(step) => {
            scope.is_started(&step.to)?;
            scope.knows(&step.json)?;
        }
        Step::Event(step) => {
            scope.is_started(&step.of)?;
            if step.name().is_none() {
                return Err("`json` has an `event` that is a plain name, as `registered`".to_owned());
            }
            scope.binds(&step.json);
        }
        Step::NoEvent(step) => {
            scope.is_started(&step.of)?;
            if step.named.is_empty() {
                return Err("`named` is empty: name the events that may not come".to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}
