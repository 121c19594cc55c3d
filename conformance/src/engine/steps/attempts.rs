//! Steps about a client's connection attempts: waiting for them, and checking their times.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::clock::Moment;
use crate::engine::attempts::{Due, RuleViolation};
use crate::engine::client::ClientUnderTest;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Attempts, Delay, Idle, Spread};
use crate::transport::ConnectionAttempt;

/// How long to wait for an attempt that is late, to distinguish it from one that never comes.
const LATE_ATTEMPT: Duration = Duration::from_secs(1);
/// How long to wait for what a client wrote before it exited.
const LAST_OUTPUT: Duration = Duration::from_millis(50);
/// How many lines that no step took are parsed.
const MAX_LINES: usize = 10_000;
/// How often to check whether a client has exited while waiting for it.
const EXIT_POLL: Duration = Duration::from_millis(20);

impl Execute for Idle {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let client = client.lock().await;
        let span = executor.span(&self.span);
        let start = executor.clock().now();
        // A client that does not reconnect may exit.
        executor.run.may_end.store(true, Ordering::Relaxed);
        match executor.clock().within(start + span, client.listener.next()).await {
            None => Ok(()),
            Some(attempt) => Err(Finding::new("the client tried to connect although it must not")
                .expected(format!("no attempt for {}", shown(span)))
                .got(format!("one after {}", shown(attempt.at - start)))
                .on(&client.name)
                .into()),
        }
    }
}

impl Execute for Attempts {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let client = client.lock().await;
        let found = client.attempts.with(|attempts| attempts.check(self.rule));
        // The check determines the requirement.
        let located = |finding| Finding { requirement: None, connection: Some(client.name.clone()), ..finding };
        match found {
            None => Ok(()),
            Some(RuleViolation::Certain(finding)) => Err(located(finding).into()),
            Some(RuleViolation::Possible(finding)) => {
                let what = format!("the machine was late while attempts were timed; possibly: {}", finding.what);
                Err(Stop::Inconclusive(what).into())
            }
        }
    }
}

impl Execute for Delay {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let client = client.lock().await;
        let delay = client.attempts.with(|attempts| attempts.records.last().and_then(|record| record.delay()));
        let delay = delay.ok_or_else(|| Stop::Internal("no attempt has followed a loss".to_owned()))?;
        executor.variables.insert(self.name.clone(), json!(delay.as_secs_f64() * 1e3));
        Ok(())
    }
}

impl Execute for Spread {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let values = self.values.fill(&executor.variables)?;
        let values: Vec<f64> = values.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        let envelope = executor.run.context.policy.envelope(self.attempt);
        let ms = |span: Duration| span.as_secs_f64() * 1e3;
        let allowed = ms(*envelope.end() - *envelope.start());
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !values.is_empty() && most - least >= allowed * self.at_least {
            return Ok(());
        }
        Err(Finding::new(format!("the delays of {} clients are too similar", values.len()))
            .expected(format!("spread over at least {:.1} ms", allowed * self.at_least))
            .got(if values.is_empty() { "none".to_owned() } else { format!("{least:.1} to {most:.1} ms") })
            .into())
    }
}

impl Executor {
    /// Waits for the next attempt: within a time, or else until the latest time that the policy allows.
    pub(super) async fn next_attempt(
        &self,
        client: &mut ClientUnderTest,
        within: Option<Duration>,
    ) -> Result<(ConnectionAttempt, usize), StepFailure> {
        let clock = self.clock();
        let start = clock.now();
        let due = client.attempts.with(|attempts| attempts.due());
        let latest = match (within, due) {
            (Some(within), _) => start + within,
            (None, Some(due)) => client.attempts.with(|attempts| attempts.latest(due)),
            (None, None) => start + client.patience,
        };
        let since = due.map_or(start, |due| due.since);
        let attempt = loop {
            let until = (latest + clock.noise(since, clock.now()) + clock.real(LATE_ATTEMPT)).max(start);
            let poll = clock.now() + clock.real(EXIT_POLL);
            match clock.within(until.min(poll), client.listener.next()).await {
                Some(attempt) => break attempt,
                None if client.ended().is_some() => {
                    // What it did before it exited may still arrive.
                    match client.listener.try_next() {
                        Some(attempt) => break attempt,
                        None => return Err(self.ended_instead(client, "connecting").into()),
                    }
                }
                None if clock.now() >= until => return Err(self.no_attempt(client, since, latest, due).into()),
                None => {}
            }
        };
        let noise = clock.noise(since, attempt.at);
        let index = self.record_attempt(client, &attempt);
        if attempt.at > latest + noise {
            let late = client.attempts.with(|attempts| attempts.late(index));
            return Err(late.unwrap_or_else(|| self.too_late(start, latest, attempt.at)).into());
        }
        Ok((attempt, index))
    }

    /// Records an attempt; what is wrong with it goes to lint.
    fn record_attempt(&self, client: &ClientUnderTest, attempt: &ConnectionAttempt) -> usize {
        let noise = |since| self.clock().noise(since, attempt.at);
        let (index, findings) = client.attempts.with(|attempts| attempts.arrive(attempt.at, &noise));
        self.run.transcript.add(attempt.at, &client.name, By::Subject, format!("connection attempt {}", index + 1));
        for finding in findings {
            let at_ms = Some(self.run.transcript.ms(attempt.at));
            self.run.recorder.lint(Finding { connection: Some(client.name.clone()), at_ms, ..finding });
        }
        index
    }

    /// Takes what clients did and no step waited for: attempts, and events of their drivers.
    pub(in crate::engine) async fn take_unclaimed(&self) {
        for client in self.own_clients.iter().filter_map(|name| self.clients.get(name)) {
            let mut client = client.lock().await;
            let has_ended = client.ended().is_some();
            // What a process wrote before it exited may still arrive.
            let wait = if has_ended { LAST_OUTPUT } else { Duration::ZERO };
            let until = self.clock().now() + self.clock().real(wait);
            for _ in 0..MAX_LINES {
                if !self.next_event(&mut client, until).await {
                    break;
                }
            }
            while let Some(attempt) = client.listener.try_next() {
                let index = self.record_attempt(&client, &attempt);
                // When the client abandoned it is unknown, but not earlier.
                client.attempts.with(|attempts| attempts.end(index, attempt.at, "never answered"));
            }
        }
    }

    fn too_late(&self, start: Moment, latest: Moment, at: Moment) -> Finding {
        Finding::new("the connection attempt came too late")
            .expected(format!("within {}", shown(latest - start)))
            .got(format!("after {}", shown(at - start)))
            .excused_for(latest - start)
    }

    fn no_attempt(&self, client: &ClientUnderTest, since: Moment, latest: Moment, due: Option<Due>) -> Finding {
        Finding::new(format!("no connection attempt came within {}", shown(latest - since)))
            .expected(match due {
                Some(due) => format!("delay {} of the sequence, then an attempt", due.nth + 1),
                None => "a connection attempt".to_owned(),
            })
            .got("none")
            .on(&client.name)
            .excused_for(latest - since)
    }

    /// The finding that a client exited instead of doing something.
    pub(super) fn ended_instead(&self, client: &ClientUnderTest, of: &str) -> Finding {
        Finding {
            what: format!("the client exited instead of {of}"),
            expected: Some("a client that continues".to_owned()),
            got: client.ended().map(|exit| exit.description),
            connection: Some(client.name.clone()),
            ..Finding::default()
        }
    }
}
