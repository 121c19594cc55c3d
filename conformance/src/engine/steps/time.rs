//! Waiting, noting moments, and comparing them.

use std::collections::BTreeMap;
use std::time::Duration;

use relayspec::timing::Parameter;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::outcome::Finding;
use crate::scenario::step::{Mark, Near, Wait};
use crate::scenario::{Span, Term};

impl Player {
    pub(in crate::engine) fn span(&self, span: &Span) -> Duration {
        span.value(self.story.stage.measures())
    }

    /// How long a step may take.
    pub(in crate::engine) fn longest_step(&self) -> Duration {
        let wait = self.story.scenario.script.longest_wait.as_ref().map(|span| self.span(span));
        wait.unwrap_or_default() + self.story.stage.step_deadline
    }

    /// How long a step waits for something: for so long or as long as usual, and not until it is stopped itself.
    pub(in crate::engine) fn within(&self, span: Option<&Span>) -> Duration {
        let wanted = match span {
            Some(span) => self.span(span),
            None => self.clock().real(self.story.stage.timing.value(Parameter::NotifyDeadline)),
        };
        wanted.min(self.longest_step() * 9 / 10)
    }

    pub(in crate::engine) async fn wait(&mut self, step: &Wait) -> Result<(), Fault> {
        let clock = self.clock();
        let until = match (&step.span, &step.until) {
            (Some(span), _) => clock.now() + self.span(span),
            (None, Some(term)) => {
                let plus = step.plus.as_ref().map(|span| self.span(span)).unwrap_or_default();
                let minus = step.minus.as_ref().map(|span| self.span(span)).unwrap_or_default();
                clock.moment_of(self.moment(term)? + plus.as_secs_f64() * 1e3 - minus.as_secs_f64() * 1e3)
            }
            (None, None) => return Ok(()),
        };
        clock.sleep_until(until).await;
        let late = clock.now() - until;
        match &step.minus {
            Some(minus) if late > self.span(minus) / 2 => {
                Err(Stop::Inconclusive(format!("the machine woke the runner {} too late", shown(late))).into())
            }
            _ => Ok(()),
        }
    }

    /// A moment in ms since the Unix epoch.
    fn moment(&self, term: &Term) -> Result<f64, Fault> {
        let value = term.fill(&self.variables).map_err(Stop::Harness)?;
        value.as_f64().ok_or_else(|| {
            Finding {
                what: format!("{value} is no moment"),
                expected: Some("a number of ms since the Unix epoch".to_owned()),
                ..Finding::default()
            }
            .into()
        })
    }

    pub(in crate::engine) fn mark(&mut self, step: &Mark) -> Result<(), Fault> {
        let now = self.clock().epoch_ms(self.clock().now());
        self.variables.insert(step.name.clone(), now.into());
        Ok(())
    }

    pub(in crate::engine) fn assign(&mut self, values: &BTreeMap<String, Term>) -> Result<(), Fault> {
        for (name, term) in values {
            let value = term.fill(&self.variables).map_err(Stop::Harness)?;
            self.variables.insert(name.clone(), value);
        }
        Ok(())
    }

    pub(in crate::engine) fn near(&mut self, step: &Near) -> Result<(), Fault> {
        let plus = step.plus.as_ref().map(|span| self.span(span)).unwrap_or_default().as_secs_f64() * 1e3;
        let (value, target) = (self.moment(&step.value)?, self.moment(&step.to)? + plus);
        let tolerance = self.span(&step.tolerance);
        if (value - target).abs() <= tolerance.as_secs_f64() * 1e3 {
            return Ok(());
        }
        Err(Finding {
            what: format!("the moment is off by {:.0} ms", value - target),
            expected: Some(format!("{target:.0} ± {} since the Unix epoch", shown(tolerance))),
            got: Some(format!("{value:.0}")),
            ..Finding::default()
        }
        .into())
    }
}
