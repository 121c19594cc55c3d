//! Executes steps one after another, and turns the failure of a step into that of the check that it decides.

use std::time::Duration;

use super::executor::Executor;
use super::failure::{StepFailure, Stop};
use super::target::Boxed;
use crate::clock::millis;
use crate::outcome::Finding;
use crate::scenario::{At, Place, SCENARIO_CHECK, Step};

/// A step that took longer has waited for something.
const LONG_STEP: Duration = Duration::from_millis(60);

/// Executes steps until one fails, then checks that nothing unexpected is left.
pub(super) async fn run_to_end(executor: &mut Executor, steps: &[At<Step>]) -> Result<(), Stop> {
    let result = run_steps(executor, steps).await;
    executor.take_unclaimed().await;
    result?;
    executor.check_leftovers().await
}

/// Executes steps until one fails.
pub(super) fn run_steps<'a>(executor: &'a mut Executor, steps: &'a [At<Step>]) -> Boxed<'a, Result<(), Stop>> {
    Box::pin(async move {
        for step in steps {
            let check = step.value.check().map_or(SCENARIO_CHECK, |check| check.name.as_str());
            let begin = executor.clock().now();
            let result = run_in_time(executor, &step.value).await;
            // Inside `many`, a long step of one iteration delays the others.
            if result.is_ok()
                && executor.iteration.is_empty()
                && executor.clock().now() - begin > executor.clock().real(LONG_STEP)
            {
                executor.run.settle();
            }
            match result {
                Ok(()) if check != SCENARIO_CHECK => executor.run.recorder.pass(check, step.place),
                Ok(()) => {}
                Err(StepFailure::Stop(Stop::Internal(why))) if !nests(&step.value) => {
                    let Place { line, column } = step.place;
                    let file = &executor.run.scenario.file;
                    return Err(Stop::Internal(format!("{file}:{line}:{column}: {why}")));
                }
                Err(StepFailure::Stop(stop)) => return Err(stop),
                Err(StepFailure::Violation(mut finding)) => {
                    finding.place.get_or_insert(step.place);
                    finding.at_ms.get_or_insert(executor.run.transcript.now_ms());
                    if executor.run.scenario.script.longest_wait.is_some() {
                        finding.excused_from_ms.get_or_insert(Finding::EDGE_EXCUSE_MS);
                    }
                    if finding.excused_from_ms.is_some() {
                        let noise = executor.clock().noise(begin, executor.clock().now());
                        finding.noise_ms.get_or_insert(millis(noise));
                    }
                    return Err(Stop::Violation { check: check.to_owned(), finding });
                }
            }
        }
        Ok(())
    })
}

/// No step may hang, whatever the subject does. Nested steps have deadlines of their own, also while others wait for them.
async fn run_in_time(executor: &mut Executor, step: &Step) -> Result<(), StepFailure> {
    if nests(step) {
        return step.execute(executor).await;
    }
    let (clock, allowed) = (executor.clock().clone(), executor.longest_step());
    clock.within(clock.now() + allowed, step.execute(executor)).await.unwrap_or_else(|| {
        let what = format!("a step did not finish within {:.1} s", allowed.as_secs_f64());
        Err(Finding::new(what).excused_for(allowed).into())
    })
}

fn nests(step: &Step) -> bool {
    matches!(step, Step::Many(_) | Step::Meet(_))
}
