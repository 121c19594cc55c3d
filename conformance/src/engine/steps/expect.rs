//! Waiting for what has to come next, and for what must not come.

use std::time::Duration;

use relayspec::timing::Parameter;

use super::meaning::{Awaited, HasCloseFrames, Heard, Meaning, What, awaited, meaning};
use super::shown;
use crate::clock::Moment;
use crate::engine::actor::Actor;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::engine::witness::{describe, describe_close};
use crate::lint::{excerpt, shorten};
use crate::outcome::Finding;
use crate::scenario::step::{CloseIs, Expect};
use crate::scenario::{Bindings, Bytes, Wanted};
use crate::transport::{Arrival, Arrived};

/// How often it is looked whether an event has come.
const GLANCE: Duration = Duration::from_millis(5);

impl Player {
    pub(in crate::engine) async fn expect(&mut self, step: &Expect) -> Result<(), Fault> {
        self.await_it(step).await.map(drop)
    }

    /// Waits for what a step expects; when it came.
    pub(super) async fn await_it(&mut self, step: &Expect) -> Result<Moment, Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        let awaited = awaited(step, if self.is_framed() { HasCloseFrames::No } else { HasCloseFrames::Yes });
        let skipping = (step.skipping.as_ref(), step.skipping_binary.as_ref());
        let start = self.clock().now();
        let within = self.within(step.within.as_ref());
        let deadline = start + within;
        loop {
            actor.drain();
            if let Some(at) = aside(&mut actor, &awaited) {
                return Ok(at);
            }
            if let Some((at, bindings)) = unasked(&mut actor, &awaited, &self.variables) {
                self.variables.extend(bindings);
                return Ok(at);
            }
            if let Some(arrived) = actor.queue.pop_front() {
                let heard = Heard::new(&arrived, actor.hears);
                match meaning(&heard, &awaited, skipping, &self.variables) {
                    Meaning::PassOver => continue,
                    Meaning::Wrong { difference, is_of_kind } => {
                        let is_repeated = heard.json.is_some() && heard.json == actor.latest;
                        let is_no_news = is_of_kind || is_repeated;
                        return Err(self.wrong(&actor, &awaited, &arrived, difference, is_no_news).into());
                    }
                    Meaning::Matched { named, bindings } => {
                        actor.latest = heard.json;
                        self.variables.extend(bindings);
                        if let (Some(name), Some(named)) = (&step.bind, named) {
                            self.variables.insert(name.clone(), named.into());
                        }
                        return Ok(arrived.at);
                    }
                }
            }
            if let Some(named) = self.told(&awaited).await {
                if let (Some(name), Some(named)) = (&step.bind, named) {
                    self.variables.insert(name.clone(), named.into());
                }
                return Ok(self.clock().now());
            }
            self.one_more(&mut actor, start, deadline, &awaited).await.map_err(|fault| match fault {
                Fault::Broken(finding) => Fault::Broken(Box::new(Finding {
                    expected: Some(self.shown(&awaited)),
                    got: other_pongs(&actor, &awaited),
                    ..*finding
                })),
                other => other,
            })?;
        }
    }

    /// Waits for one more arrival, past the deadline by as much as the machine was late meanwhile.
    async fn one_more(
        &self,
        actor: &mut Actor,
        start: Moment,
        deadline: Moment,
        awaited: &[Awaited<'_>],
    ) -> Result<(), Fault> {
        // Events come on another way: between two glances at it the connection is waited for.
        let has_events = awaited.iter().any(|awaited| matches!(awaited.what, What::Event(_)));
        loop {
            let now = self.clock().now();
            let noise = self.clock().noise(start, now);
            if now >= deadline + noise {
                return Err(missed(deadline - start, noise, &actor.name));
            }
            let until = deadline + noise;
            let glance = if has_events { until.min(now + self.clock().real(GLANCE)) } else { until };
            if actor.pull(self.clock(), glance).await || has_events {
                return Ok(());
            }
        }
    }

    /// Whether an event that is awaited has come: the name of its choice.
    async fn told(&mut self, awaited: &[Awaited<'_>]) -> Option<Option<String>> {
        for Awaited { named, what } in awaited {
            let What::Event(event) = what else { continue };
            let puppet = self.puppet(&event.of).ok()?;
            let mut puppet = puppet.lock().await;
            while self.hear(&mut puppet, self.clock().now()).await {}
            if let Some(bindings) = puppet.take_matching(&event.json, &self.variables) {
                self.variables.extend(bindings);
                return Some(named.map(str::to_owned));
            }
        }
        None
    }

    fn wrong(
        &self,
        actor: &Actor,
        awaited: &[Awaited<'_>],
        arrived: &Arrived,
        difference: Option<String>,
        is_no_news: bool,
    ) -> Finding {
        let what = match (&arrived.what, difference) {
            (_, Some(difference)) => difference,
            (Arrival::Text(_) | Arrival::Binary(_), _) => "another message came".to_owned(),
            (Arrival::Close { .. }, _) => "the subject closed the connection".to_owned(),
            (Arrival::End(_), _) if self.is_framed() => "the stream ended".to_owned(),
            (Arrival::End(_), _) => "the TCP connection ended".to_owned(),
            _ => "something else came".to_owned(),
        };
        let timing = &self.story.stage.timing;
        let heartbeat_timeout = timing.value(Parameter::HeartbeatTimeout);
        Finding {
            what,
            expected: Some(self.shown(awaited)),
            got: Some(describe(&arrived.what, actor.hears)),
            connection: Some(actor.name.clone()),
            at_ms: Some(self.story.transcript.ms(arrived.at)),
            // A Pong that the runner could not send in time costs the connection.
            excused_from_ms: match arrived.what {
                Arrival::Close { .. } | Arrival::End(_) => Finding::excuse_for(heartbeat_timeout),
                // What is of the kind that is awaited, or has come before, tells of no loss; but a code may have run out.
                Arrival::Text(_) | Arrival::Binary(_) if is_no_news => {
                    Finding::excuse_for(timing.value(Parameter::CodeLifetime))
                }
                // Or the partner's connection, of which a message may tell.
                Arrival::Text(_) | Arrival::Binary(_) => Finding::excuse_for(heartbeat_timeout * 2),
                _ => None,
            },
            ..Finding::default()
        }
    }

    fn shown(&self, awaited: &[Awaited<'_>]) -> String {
        let texts = awaited.iter().map(|awaited| match awaited.what {
            What::Message(term, _) => shorten(&term.shown(&self.variables)),
            What::Binary(bytes) => self.shown_bytes(bytes),
            What::Ping => "Ping".to_owned(),
            What::Pong(text) => format!("Pong \"{text}\""),
            What::End => "the end of the TCP connection".to_owned(),
            What::Loss => "the end of the connection".to_owned(),
            What::Event(event) => format!("the event {}", shorten(&event.json.shown(&self.variables))),
            What::Close(CloseIs { code, reason }) if code.is_empty() && reason.is_none() => {
                "Close with any code".to_owned()
            }
            What::Close(CloseIs { code, reason }) => {
                let reason = reason.as_deref().unwrap_or_default();
                let codes: Vec<_> = code.iter().map(|code| describe_close(Some(*code), reason)).collect();
                codes.join(" or ")
            }
        });
        texts.collect::<Vec<_>>().join(", or ")
    }

    fn shown_bytes(&self, bytes: &Bytes) -> String {
        match bytes.wanted(&self.variables) {
            Ok(Wanted { head, tail: None }) => format!("binary message, {}", excerpt(&head)),
            Ok(Wanted { head, tail: Some(tail) }) => {
                format!("binary message that begins with {} and ends with {}", excerpt(&head), excerpt(&tail))
            }
            Err(_) => "binary message".to_owned(),
        }
    }
}

/// A deadline was missed, by this span and beyond the noise: the subject's fault, unless with so much noise it says nothing.
pub(super) fn missed(within: Duration, noise: Duration, name: &str) -> Fault {
    if noise > within / 2 {
        return Stop::Inconclusive(format!("the machine was late by {} while a deadline passed", shown(noise))).into();
    }
    let what = format!("nothing came within {}", shown(within));
    let excused_from_ms = Finding::excuse_for(within);
    Finding { what, connection: Some(name.to_owned()), excused_from_ms, ..Finding::default() }.into()
}

/// The Pongs that came instead of the one that is awaited.
fn other_pongs(actor: &Actor, awaited: &[Awaited<'_>]) -> Option<String> {
    let [Awaited { what: What::Pong(_), .. }] = awaited else { return None };
    let pongs: Vec<_> =
        actor.pongs.iter().take(5).map(|(_, bytes)| describe(&Arrival::Pong(bytes.clone()), None)).collect();
    (!pongs.is_empty()).then(|| pongs.join(", "))
}

/// What a client may say at any time stands aside until a step waits for just that.
fn unasked(actor: &mut Actor, awaited: &[Awaited<'_>], variables: &Bindings) -> Option<(Moment, Bindings)> {
    let [Awaited { what: What::Message(term, _), .. }] = awaited else { return None };
    if !actor.stands_aside(term.member("type")?) {
        return None;
    }
    let (at, message) = actor.take_aside(|message| term.matches(message, variables).is_ok())?;
    Some((at, term.matches(&message, variables).ok()?))
}

/// Pings and Pongs wait in a queue of their own.
fn aside(actor: &mut Actor, awaited: &[Awaited<'_>]) -> Option<Moment> {
    match awaited.first()?.what {
        What::Ping => {
            let at = actor.pings.get(actor.pings_seen)?.0;
            actor.pings_seen += 1;
            Some(at)
        }
        What::Pong(text) => {
            let place = actor.pongs.iter().position(|(_, pong)| pong == text.as_bytes())?;
            actor.pongs.remove(place).map(|(at, _)| at)
        }
        _ => None,
    }
}
