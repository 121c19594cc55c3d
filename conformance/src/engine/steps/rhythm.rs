//! Steps about regularity and speed: heartbeats, latency, and effects that take a moment.

use std::time::Duration;

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::clock::Moment;
use crate::outcome::Finding;
use crate::scenario::Term;
use crate::scenario::step::{Choice, Expect, Heartbeat, Latency, Poll};
use crate::transport::Arrival;

impl Execute for Heartbeat {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        let every = executor.span(&self.every);
        let tolerance = every.mul_f64(self.tolerance_percent / 100.0);
        let opened = connection.opened;
        let clock = executor.clock();
        // One interval more than the tolerance allows, to distinguish a late Ping from a missing one.
        let patience = (every + tolerance) * (self.count as u32) + every;
        while connection.pings.len() < self.count {
            let ended =
                connection.queue.iter().find(|arrived| matches!(arrived.what, Arrival::Close { .. } | Arrival::End(_)));
            if ended.is_some() || !connection.pull(clock, opened + patience).await {
                break;
            }
        }
        let pings: Vec<Moment> = connection.pings.iter().map(|(at, _)| *at).take(self.count).collect();
        let intervals: Vec<Duration> =
            std::iter::once(&opened).chain(&pings).zip(&pings).map(|(before, ping)| *ping - *before).collect();
        let noise = clock.noise(opened, clock.now());
        let slack = tolerance + noise;
        let on_time = |(at, interval): (usize, &Duration)| {
            let not_early = at == 0 || *interval + slack >= every;
            not_early && *interval <= every + slack
        };
        if pings.len() == self.count && intervals.iter().enumerate().all(on_time) {
            return Ok(());
        }
        // The subject may be late because the machine kept it waiting.
        let late = noise.max(executor.run.starved_in_all());
        if late > tolerance {
            return Err(
                Stop::Inconclusive(format!("the machine was late by {} while Pings were timed", shown(late))).into()
            );
        }
        let shown_intervals: Vec<_> = intervals.iter().map(|interval| shown(*interval)).collect();
        Err(Finding::new(format!("{} of {} Pings came, or not on time", pings.len(), self.count))
            .expected(format!(
                "{} Pings, the first within {}, then one each {} ± {}",
                self.count,
                shown(every + tolerance),
                shown(every),
                shown(tolerance)
            ))
            .got(if shown_intervals.is_empty() {
                "no Ping".to_owned()
            } else {
                format!("Pings after {}", shown_intervals.join(", "))
            })
            .on(&connection.name)
            .excused_for(tolerance * 2)
            .into())
    }
}

impl Execute for Latency {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let begin = executor.clock().now();
        let mut rounds = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            let apart = executor.span(&self.apart);
            executor.clock().sleep_until(executor.clock().now() + apart).await;
            let start = executor.clock().now();
            self.send.execute(executor).await?;
            rounds.push(executor.await_it(&self.expect).await? - start);
        }
        rounds.sort_unstable();
        let median = rounds[rounds.len() / 2];
        let bound = executor.span(&self.median_at_most);
        let noise = executor.clock().noise(begin, executor.clock().now());
        if median <= bound {
            return Ok(());
        }
        if noise > bound {
            return Err(Stop::Inconclusive(format!(
                "the machine was late by {} while answers were timed",
                shown(noise)
            ))
            .into());
        }
        let all: Vec<_> = rounds.iter().map(|round| shown(*round)).collect();
        Err(Finding::new("messages on an idle connection take too long")
            .expected(format!("at most {} at the median", shown(bound)))
            .got(format!("{} at the median of {}", shown(median), all.join(", ")))
            .excused_for(bound * 2)
            .into())
    }
}

impl Execute for Poll {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let (every, within) = (executor.span(&self.every), executor.span(&self.within));
        let start = executor.clock().now();
        let [right, meanwhile] = [&self.expect, &self.meanwhile];
        let either = Expect {
            on: self.send.on.clone(),
            any_of: [("right", right), ("meanwhile", meanwhile)].map(choice).to_vec(),
            bind: Some(OUTCOME.to_owned()),
            ..Expect::default()
        };
        loop {
            self.send.execute(executor).await?;
            executor.await_it(&either).await?;
            if executor.variables.remove(OUTCOME).is_some_and(|outcome| outcome == "right") {
                return Ok(());
            }
            let now = executor.clock().now();
            if now > start + within + executor.clock().noise(start, now) {
                return Err(Finding::new(format!("the right answer did not come within {}", shown(within)))
                    .expected(right.shown(&executor.variables))
                    .got(format!("still {}", meanwhile.shown(&executor.variables)))
                    .excused_for(within)
                    .into());
            }
            executor.clock().sleep_until(now + every).await;
        }
    }
}

/// The variable that holds which answer came; no script can name it.
const OUTCOME: &str = " outcome";

fn choice((name, term): (&str, &Term)) -> Choice {
    Choice { named: Some(name.to_owned()), json: Some(term.clone()), ..Choice::default() }
}
