//! Waiting for a client's attempts to connect, and judging when they came.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::shown;
use crate::clock::Moment;
use crate::engine::attempts::{Broken, Due};
use crate::engine::player::{Fault, Player};
use crate::engine::puppet::Puppet;
use crate::engine::recorder::Stop;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Attempts, Delay, Idle, Spread};
use crate::transport::Attempt;

/// How long an attempt that is late is still waited for, so that late is told from never.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what a client wrote before its end is waited for.
const LAST_WORDS: Duration = Duration::from_millis(50);
/// How many lines that no step waited for are looked at.
const MOST_LINES: usize = 10_000;
/// How often the life of a client is looked at while it is waited for.
const GLANCE: Duration = Duration::from_millis(20);

impl Player {
    /// Waits for the next attempt: within a time, or else until it is due.
    pub(super) async fn next_attempt(
        &self,
        puppet: &mut Puppet,
        within: Option<Duration>,
    ) -> Result<(Attempt, usize), Fault> {
        let clock = self.clock();
        let start = clock.now();
        let due = puppet.record.with(|attempts| attempts.due());
        let latest = match (within, due) {
            (Some(within), _) => start + within,
            (None, Some(due)) => puppet.record.with(|attempts| attempts.latest(due)),
            (None, None) => start + puppet.patience,
        };
        let since = due.map_or(start, |due| due.since);
        let attempt = loop {
            let until = (latest + clock.noise(since, clock.now()) + clock.real(PATIENCE)).max(start);
            let glance = clock.now() + clock.real(GLANCE);
            match clock.within(until.min(glance), puppet.listener.next()).await {
                Some(attempt) => break attempt,
                None if puppet.ended().is_some() => {
                    // What it did before its end may still be on the way.
                    match puppet.listener.try_next() {
                        Some(attempt) => break attempt,
                        None => return Err(self.ended_instead(puppet, "connecting").into()),
                    }
                }
                None if clock.now() >= until => return Err(self.nobody_came(puppet, since, latest, due).into()),
                None => {}
            }
        };
        let noise = clock.noise(since, attempt.at);
        let index = self.note(puppet, &attempt);
        if attempt.at > latest + noise {
            let late = puppet.record.with(|attempts| attempts.late(index));
            return Err(late.unwrap_or_else(|| self.too_late(start, latest, attempt.at)).into());
        }
        Ok((attempt, index))
    }

    /// Puts an attempt on record; what is wrong with it unasked is for lint.
    fn note(&self, puppet: &Puppet, attempt: &Attempt) -> usize {
        let noise = |since| self.clock().noise(since, attempt.at);
        let (index, findings) = puppet.record.with(|attempts| attempts.arrive(attempt.at, &noise));
        self.story.transcript.add(attempt.at, &puppet.name, By::Subject, format!("attempt {} to connect", index + 1));
        for finding in findings {
            let at_ms = Some(self.story.transcript.ms(attempt.at));
            self.story.recorder.lint(Finding { connection: Some(puppet.name.clone()), at_ms, ..finding });
        }
        index
    }

    /// What clients did and no step waited for: attempts that came, and lines of their drivers.
    pub(in crate::engine) async fn unclaimed(&self) {
        for puppet in self.started.iter().filter_map(|name| self.puppets.get(name)) {
            let mut puppet = puppet.lock().await;
            let has_ended = puppet.ended().is_some();
            // What a process wrote before its end may still be on the way.
            let patience = if has_ended { LAST_WORDS } else { Duration::ZERO };
            let until = self.clock().now() + self.clock().real(patience);
            for _ in 0..MOST_LINES {
                if !self.hear(&mut puppet, until).await {
                    break;
                }
            }
            while let Some(attempt) = puppet.listener.try_next() {
                let index = self.note(&puppet, &attempt);
                // When the client gave it up nobody has seen: not before.
                puppet.record.with(|attempts| attempts.end(index, attempt.at, "never answered"));
            }
        }
    }

    fn too_late(&self, start: Moment, latest: Moment, at: Moment) -> Finding {
        Finding {
            what: "the attempt to connect came too late".to_owned(),
            expected: Some(format!("within {}", shown(latest - start))),
            got: Some(format!("after {}", shown(at - start))),
            excused_from_ms: Finding::excuse_for(latest - start),
            ..Finding::default()
        }
    }

    fn nobody_came(&self, puppet: &Puppet, since: Moment, latest: Moment, due: Option<Due>) -> Finding {
        Finding {
            what: format!("no attempt to connect came within {}", shown(latest - since)),
            expected: Some(match due {
                Some(due) => format!("delay {} of the sequence, then an attempt", due.nth + 1),
                None => "an attempt to connect".to_owned(),
            }),
            got: Some("none".to_owned()),
            connection: Some(puppet.name.clone()),
            excused_from_ms: Finding::excuse_for(latest - since),
            ..Finding::default()
        }
    }

    /// A client that is gone did not do what was asked of it.
    pub(super) fn ended_instead(&self, puppet: &Puppet, of: &str) -> Finding {
        Finding {
            what: format!("the client ended instead of {of}"),
            expected: Some("a client that goes on".to_owned()),
            got: puppet.ended().map(|ending| ending.told),
            connection: Some(puppet.name.clone()),
            ..Finding::default()
        }
    }

    pub(in crate::engine) async fn idle(&mut self, step: &Idle) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let puppet = puppet.lock().await;
        let span = self.span(&step.span);
        let start = self.clock().now();
        // A client that does not come back has no reason to stay.
        self.story.may_end.store(true, Ordering::Relaxed);
        match self.clock().within(start + span, puppet.listener.next()).await {
            None => Ok(()),
            Some(attempt) => Err(Finding {
                what: "the client tried to connect where it may not".to_owned(),
                expected: Some(format!("no attempt for {}", shown(span))),
                got: Some(format!("one after {}", shown(attempt.at - start))),
                connection: Some(puppet.name.clone()),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) async fn judge_attempts(&mut self, step: &Attempts) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let puppet = puppet.lock().await;
        let found = puppet.record.with(|attempts| attempts.judge(step.rule));
        // The check says which requirement it judges.
        let blamed = |finding| Finding { requirement: None, connection: Some(puppet.name.clone()), ..finding };
        match found {
            None => Ok(()),
            Some(Broken::Surely(finding)) => Err(blamed(finding).into()),
            Some(Broken::Perhaps(finding)) => {
                let what = format!("the machine was late while attempts were timed: {}, or so it seemed", finding.what);
                Err(Stop::Inconclusive(what).into())
            }
        }
    }

    pub(in crate::engine) async fn delay(&mut self, step: &Delay) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let puppet = puppet.lock().await;
        let delay = puppet.record.with(|attempts| attempts.rows.last().and_then(|row| row.delay()));
        let delay = delay.ok_or_else(|| Stop::Harness("no attempt has come after a loss".to_owned()))?;
        self.variables.insert(step.name.clone(), json!(delay.as_secs_f64() * 1e3));
        Ok(())
    }

    pub(in crate::engine) fn spread(&mut self, step: &Spread) -> Result<(), Fault> {
        let values = step.values.fill(&self.variables).map_err(Stop::Harness)?;
        let values: Vec<f64> = values.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        let envelope = self.story.stage.policy.envelope(step.attempt);
        let ms = |span: Duration| span.as_secs_f64() * 1e3;
        let allowed = ms(*envelope.end() - *envelope.start());
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !values.is_empty() && most - least >= allowed * step.at_least {
            return Ok(());
        }
        Err(Finding {
            what: format!("the delays of {} clients are too much alike", values.len()),
            expected: Some(format!("spread over at least {:.1} ms", allowed * step.at_least)),
            got: Some(if values.is_empty() { "none".to_owned() } else { format!("{least:.1} to {most:.1} ms") }),
            ..Finding::default()
        }
        .into())
    }
}
