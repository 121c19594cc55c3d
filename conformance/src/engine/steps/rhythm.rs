//! Judging rhythm: the Ping frames of a connection, how soon messages are answered, and effects that take a moment.

use std::time::Duration;

use super::shown;
use crate::clock::Moment;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::outcome::Finding;
use crate::scenario::Term;
use crate::scenario::step::{Choice, Expect, Heartbeat, Latency, Poll};
use crate::transport::Arrival;

impl Player {
    pub(in crate::engine) async fn heartbeat(&mut self, step: &Heartbeat) -> Result<(), Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        let every = self.span(&step.every);
        let tolerance = every.mul_f64(step.tolerance_percent / 100.0);
        let opened = actor.opened;
        let clock = self.clock();
        // One interval more than the tolerance allows: a Ping that is merely late is then told from one that is missing.
        let patience = (every + tolerance) * (step.count as u32) + every;
        while actor.pings.len() < step.count {
            let ended =
                actor.queue.iter().find(|arrived| matches!(arrived.what, Arrival::Close { .. } | Arrival::End(_)));
            if ended.is_some() || !actor.pull(clock, opened + patience).await {
                break;
            }
        }
        let pings: Vec<Moment> = actor.pings.iter().map(|(at, _)| *at).take(step.count).collect();
        let intervals: Vec<Duration> =
            std::iter::once(&opened).chain(&pings).zip(&pings).map(|(before, ping)| *ping - *before).collect();
        let noise = clock.noise(opened, clock.now());
        let slack = tolerance + noise;
        let in_time = |(at, interval): (usize, &Duration)| {
            let not_early = at == 0 || *interval + slack >= every;
            not_early && *interval <= every + slack
        };
        if pings.len() == step.count && intervals.iter().enumerate().all(in_time) {
            return Ok(());
        }
        // The subject's own lateness cannot be told from that of the machine which kept it waiting.
        let late = noise.max(self.story.starved_in_all());
        if late > tolerance {
            return Err(
                Stop::Inconclusive(format!("the machine was late by {} while Pings were timed", shown(late))).into()
            );
        }
        let seen: Vec<_> = intervals.iter().map(|interval| shown(*interval)).collect();
        Err(Finding {
            what: format!("{} Pings came where {} are due, or not in time", pings.len(), step.count),
            expected: Some(format!(
                "{} Pings, the first within {}, then one each {} ± {}",
                step.count,
                shown(every + tolerance),
                shown(every),
                shown(tolerance)
            )),
            got: Some(if seen.is_empty() { "no Ping".to_owned() } else { format!("Pings after {}", seen.join(", ")) }),
            connection: Some(actor.name.clone()),
            excused_from_ms: Finding::excuse_for(tolerance * 2),
            ..Finding::default()
        }
        .into())
    }

    pub(in crate::engine) async fn latency(&mut self, step: &Latency) -> Result<(), Fault> {
        let begin = self.clock().now();
        let mut rounds = Vec::with_capacity(step.rounds);
        for _ in 0..step.rounds {
            let apart = self.span(&step.apart);
            self.clock().sleep_until(self.clock().now() + apart).await;
            let start = self.clock().now();
            self.send(&step.send).await?;
            rounds.push(self.await_it(&step.expect).await? - start);
        }
        rounds.sort_unstable();
        let median = rounds[rounds.len() / 2];
        let bound = self.span(&step.median_at_most);
        let noise = self.clock().noise(begin, self.clock().now());
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
        Err(Finding {
            what: "messages on an idle connection take too long".to_owned(),
            excused_from_ms: Finding::excuse_for(bound * 2),
            expected: Some(format!("at most {} at the median", shown(bound))),
            got: Some(format!("{} at the median of {}", shown(median), all.join(", "))),
            ..Finding::default()
        }
        .into())
    }

    pub(in crate::engine) async fn poll(&mut self, step: &Poll) -> Result<(), Fault> {
        let (every, within) = (self.span(&step.every), self.span(&step.within));
        let start = self.clock().now();
        let [right, meanwhile] = [&step.expect, &step.meanwhile];
        let either = Expect {
            on: step.send.on.clone(),
            any_of: [("right", right), ("meanwhile", meanwhile)].map(choice).to_vec(),
            bind: Some(OUTCOME.to_owned()),
            ..Expect::default()
        };
        loop {
            self.send(&step.send).await?;
            self.await_it(&either).await?;
            if self.variables.remove(OUTCOME).is_some_and(|outcome| outcome == "right") {
                return Ok(());
            }
            let now = self.clock().now();
            if now > start + within + self.clock().noise(start, now) {
                return Err(Finding {
                    what: format!("the right answer did not come within {}", shown(within)),
                    excused_from_ms: Finding::excuse_for(within),
                    expected: Some(right.shown(&self.variables)),
                    got: Some(format!("still {}", meanwhile.shown(&self.variables))),
                    ..Finding::default()
                }
                .into());
            }
            self.clock().sleep_until(now + every).await;
        }
    }
}

/// The variable that tells which answer came; no script can name it.
const OUTCOME: &str = " outcome";

fn choice((name, term): (&str, &Term)) -> Choice {
    Choice { named: Some(name.to_owned()), json: Some(term.clone()), ..Choice::default() }
}
