//! Waits for what comes next on a connection.

use std::time::Duration;

use relayspec::timing::Parameter;

use super::matching::{Awaited, Expectation, HasCloseFrames, MatchResult, Received, awaited, match_received};
use super::{Execute, Executor, StepFailure, Stop, describe, describe_close, shown};
use crate::clock::Moment;
use crate::engine::connection_state::ConnectionState;
use crate::lint::{excerpt, shorten};
use crate::outcome::Finding;
use crate::scenario::step::{CloseIs, Expect};
use crate::scenario::{Bindings, Bytes, ExpectedBytes};
use crate::transport::{Arrival, StampedArrival};

/// How often to check whether an event has come.
const EVENT_POLL: Duration = Duration::from_millis(5);

impl Execute for Expect {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        executor.await_it(self).await.map(drop)
    }
}

impl Executor {
    /// Waits for what a step expects; returns when it came.
    pub(super) async fn await_it(&mut self, step: &Expect) -> Result<Moment, StepFailure> {
        let connection = self.connection(&step.on)?;
        let mut connection = connection.lock().await;
        let awaited = awaited(step, if self.is_framed() { HasCloseFrames::No } else { HasCloseFrames::Yes });
        let skipping = (step.skipping.as_ref(), step.skipping_binary.as_ref());
        let start = self.clock().now();
        let within = self.within(step.within.as_ref());
        let deadline = start + within;
        loop {
            connection.drain();
            if let Some(at) = take_ping_or_pong(&mut connection, &awaited) {
                return Ok(at);
            }
            if let Some((at, bindings)) = take_aside(&mut connection, &awaited, &self.variables) {
                self.variables.extend(bindings);
                return Ok(at);
            }
            if let Some(arrived) = connection.queue.pop_front() {
                let received = Received::new(&arrived, connection.incoming_packing);
                match match_received(&received, &awaited, skipping, &self.variables) {
                    MatchResult::Skipped => continue,
                    MatchResult::Different { difference, is_of_kind } => {
                        let is_repeated = received.json.is_some() && received.json == connection.latest;
                        let is_ordinary = is_of_kind || is_repeated;
                        return Err(self.wrong(&connection, &awaited, &arrived, difference, is_ordinary).into());
                    }
                    MatchResult::Matched { named, bindings } => {
                        connection.latest = received.json;
                        self.variables.extend(bindings);
                        if let (Some(name), Some(named)) = (&step.bind, named) {
                            self.variables.insert(name.clone(), named.into());
                        }
                        return Ok(arrived.at);
                    }
                }
            }
            if let Some(named) = self.take_event(&awaited).await {
                if let (Some(name), Some(named)) = (&step.bind, named) {
                    self.variables.insert(name.clone(), named.into());
                }
                return Ok(self.clock().now());
            }
            self.one_more(&mut connection, start, deadline, &awaited).await.map_err(|failure| {
                let expected = Some(self.shown(&awaited));
                failure.map_finding(|finding| Finding { expected, got: other_pongs(&connection, &awaited), ..finding })
            })?;
        }
    }

    /// Waits for one more arrival, beyond the deadline by as much as the machine was late meanwhile.
    async fn one_more(
        &self,
        connection: &mut ConnectionState,
        start: Moment,
        deadline: Moment,
        awaited: &[Awaited<'_>],
    ) -> Result<(), StepFailure> {
        // Events come by another channel, which is polled while waiting for the connection.
        let has_events = awaited.iter().any(|awaited| matches!(awaited.what, Expectation::Event(_)));
        loop {
            let now = self.clock().now();
            let noise = self.clock().noise(start, now);
            if now >= deadline + noise {
                return Err(missed(deadline - start, noise, &connection.name));
            }
            let until = deadline + noise;
            let poll = if has_events { until.min(now + self.clock().real(EVENT_POLL)) } else { until };
            if connection.pull(self.clock(), poll).await || has_events {
                return Ok(());
            }
        }
    }

    /// Takes an awaited event, if one has come: the name of its choice.
    async fn take_event(&mut self, awaited: &[Awaited<'_>]) -> Option<Option<String>> {
        for Awaited { named, what } in awaited {
            let Expectation::Event(event) = what else { continue };
            let client = self.client(&event.of).ok()?;
            let mut client = client.lock().await;
            while self.next_event(&mut client, self.clock().now()).await {}
            if let Some(bindings) = client.take_matching(&event.json, &self.variables) {
                self.variables.extend(bindings);
                return Some(named.map(str::to_owned));
            }
        }
        None
    }

    fn wrong(
        &self,
        connection: &ConnectionState,
        awaited: &[Awaited<'_>],
        arrived: &StampedArrival,
        difference: Option<String>,
        is_ordinary: bool,
    ) -> Finding {
        let what = match (&arrived.what, difference) {
            (_, Some(difference)) => difference,
            (Arrival::Text(_) | Arrival::Binary(_), _) => "a different message came".to_owned(),
            (Arrival::Close { .. }, _) => "the subject closed the connection".to_owned(),
            (Arrival::End(_), _) if self.is_framed() => "the stream ended".to_owned(),
            (Arrival::End(_), _) => "the TCP connection ended".to_owned(),
            _ => "something unexpected came".to_owned(),
        };
        let timing = &self.run.context.timing;
        let heartbeat_timeout = timing.value(Parameter::HeartbeatTimeout);
        Finding {
            what,
            expected: Some(self.shown(awaited)),
            got: Some(describe(&arrived.what, connection.incoming_packing)),
            connection: Some(connection.name.clone()),
            at_ms: Some(self.run.transcript.ms(arrived.at)),
            // A Pong that the runner sent too late can end the connection.
            excused_from_ms: match arrived.what {
                Arrival::Close { .. } | Arrival::End(_) => Finding::excuse_for(heartbeat_timeout),
                // A message of the awaited kind, or a repeated one, does not indicate a loss; but a code may have expired.
                Arrival::Text(_) | Arrival::Binary(_) if is_ordinary => {
                    Finding::excuse_for(timing.value(Parameter::CodeLifetime))
                }
                // Or the partner's connection, whose end a message may report.
                Arrival::Text(_) | Arrival::Binary(_) => Finding::excuse_for(heartbeat_timeout * 2),
                _ => None,
            },
            ..Finding::default()
        }
    }

    fn shown(&self, awaited: &[Awaited<'_>]) -> String {
        let texts = awaited.iter().map(|awaited| match awaited.what {
            Expectation::Message(term, _) => shorten(&term.shown(&self.variables)),
            Expectation::Binary(bytes) => self.shown_bytes(bytes),
            Expectation::Ping => "Ping".to_owned(),
            Expectation::Pong(text) => format!("Pong \"{text}\""),
            Expectation::End => "the end of the TCP connection".to_owned(),
            Expectation::Loss => "the end of the connection".to_owned(),
            Expectation::Event(event) => format!("the event {}", shorten(&event.json.shown(&self.variables))),
            Expectation::Close(CloseIs { code, reason }) if code.is_empty() && reason.is_none() => {
                "Close with any code".to_owned()
            }
            Expectation::Close(CloseIs { code, reason }) => {
                let reason = reason.as_deref().unwrap_or_default();
                let codes: Vec<_> = code.iter().map(|code| describe_close(Some(*code), reason)).collect();
                codes.join(" or ")
            }
        });
        texts.collect::<Vec<_>>().join(", or ")
    }

    fn shown_bytes(&self, bytes: &Bytes) -> String {
        match bytes.expected(&self.variables) {
            Ok(ExpectedBytes { head, tail: None }) => format!("binary message, {}", excerpt(&head)),
            Ok(ExpectedBytes { head, tail: Some(tail) }) => {
                format!("binary message that begins with {} and ends with {}", excerpt(&head), excerpt(&tail))
            }
            Err(_) => "binary message".to_owned(),
        }
    }
}

/// The failure that nothing came within a time; inconclusive if the machine was too late for a verdict.
pub(super) fn missed(within: Duration, noise: Duration, name: &str) -> StepFailure {
    if noise > within / 2 {
        return Stop::Inconclusive(format!("the machine was late by {} while a deadline passed", shown(noise))).into();
    }
    Finding::new(format!("nothing came within {}", shown(within))).on(name).excused_for(within).into()
}

/// The Pongs that came instead of the awaited one.
fn other_pongs(connection: &ConnectionState, awaited: &[Awaited<'_>]) -> Option<String> {
    let [Awaited { what: Expectation::Pong(_), .. }] = awaited else { return None };
    let pongs: Vec<_> =
        connection.pongs.iter().take(5).map(|(_, bytes)| describe(&Arrival::Pong(bytes.clone()), None)).collect();
    (!pongs.is_empty()).then(|| pongs.join(", "))
}

/// Takes an aside, if the step waits for just that.
fn take_aside(
    connection: &mut ConnectionState,
    awaited: &[Awaited<'_>],
    variables: &Bindings,
) -> Option<(Moment, Bindings)> {
    let [Awaited { what: Expectation::Message(term, _), .. }] = awaited else { return None };
    if !connection.is_aside(term.member("type")?) {
        return None;
    }
    let (at, message) = connection.take_aside(|message| term.matches(message, variables).is_ok())?;
    Some((at, term.matches(&message, variables).ok()?))
}

/// Takes an awaited Ping or Pong, which have queues of their own.
fn take_ping_or_pong(connection: &mut ConnectionState, awaited: &[Awaited<'_>]) -> Option<Moment> {
    match awaited.first()?.what {
        Expectation::Ping => {
            let at = connection.pings.get(connection.pings_seen)?.0;
            connection.pings_seen += 1;
            Some(at)
        }
        Expectation::Pong(text) => {
            let place = connection.pongs.iter().position(|(_, pong)| pong == text.as_bytes())?;
            connection.pongs.remove(place).map(|(at, _)| at)
        }
        _ => None,
    }
}
