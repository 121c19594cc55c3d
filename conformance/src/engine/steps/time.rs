//! Steps that wait, record and compare moments, and set variables.

use std::time::Duration;

use relayspec::timing::Parameter;

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::outcome::Finding;
use crate::scenario::step::{Let, Mark, Near, Wait};
use crate::scenario::{Span, Term};

impl Execute for Wait {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let clock = executor.clock();
        let until = match (&self.span, &self.until) {
            (Some(span), _) => clock.now() + executor.span(span),
            (None, Some(term)) => {
                let plus = self.plus.as_ref().map(|span| executor.span(span)).unwrap_or_default();
                let minus = self.minus.as_ref().map(|span| executor.span(span)).unwrap_or_default();
                clock.moment_of(executor.moment(term)? + plus.as_secs_f64() * 1e3 - minus.as_secs_f64() * 1e3)
            }
            (None, None) => return Ok(()),
        };
        clock.sleep_until(until).await;
        let late = clock.now() - until;
        match &self.minus {
            Some(minus) if late > executor.span(minus) / 2 => {
                Err(Stop::Inconclusive(format!("the runner woke {} too late", shown(late))).into())
            }
            _ => Ok(()),
        }
    }
}

impl Execute for Mark {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let now = executor.clock().epoch_ms(executor.clock().now());
        executor.variables.insert(self.name.clone(), now.into());
        Ok(())
    }
}

impl Execute for Near {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let plus = self.plus.as_ref().map(|span| executor.span(span)).unwrap_or_default().as_secs_f64() * 1e3;
        let (value, target) = (executor.moment(&self.value)?, executor.moment(&self.to)? + plus);
        let tolerance = executor.span(&self.tolerance);
        if (value - target).abs() <= tolerance.as_secs_f64() * 1e3 {
            return Ok(());
        }
        Err(Finding::new(format!("the moment is off by {:.0} ms", value - target))
            .expected(format!("{target:.0} ± {} since the Unix epoch", shown(tolerance)))
            .got(format!("{value:.0}"))
            .into())
    }
}

impl Execute for Let {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        for (name, term) in &self.0 {
            let value = term.fill(&executor.variables)?;
            executor.variables.insert(name.clone(), value);
        }
        Ok(())
    }
}

impl Executor {
    pub(in crate::engine) fn span(&self, span: &Span) -> Duration {
        span.value(self.run.context.measures())
    }

    /// How long a step may take.
    pub(in crate::engine) fn longest_step(&self) -> Duration {
        let wait = self.run.scenario.script.longest_wait.as_ref().map(|span| self.span(span));
        wait.unwrap_or_default() + self.run.context.step_deadline
    }

    /// How long a step waits: for the given span or `notify_deadline`, but less than its own time limit.
    pub(in crate::engine) fn within(&self, span: Option<&Span>) -> Duration {
        let wanted = match span {
            Some(span) => self.span(span),
            None => self.clock().real(self.run.context.timing.value(Parameter::NotifyDeadline)),
        };
        wanted.min(self.longest_step() * 9 / 10)
    }

    /// A moment in ms since the Unix epoch.
    fn moment(&self, term: &Term) -> Result<f64, StepFailure> {
        let value = term.fill(&self.variables)?;
        value.as_f64().ok_or_else(|| {
            Finding::new(format!("{value} is not a moment")).expected("a number of ms since the Unix epoch").into()
        })
    }
}
