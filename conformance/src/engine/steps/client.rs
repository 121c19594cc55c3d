//! Playing the server to a client under test: starting it, and what is made of its attempts to connect.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use relayspec::family::OpeningTurn;
use relayspec::reconnect::Policy;
use relayspec::timing::Parameter;
use serde_json::Value;
use tokio::sync::Mutex;

use super::shown;
use crate::engine::actor::Actor;
use crate::engine::attempts::Attempts;
use crate::engine::player::{Fault, Player};
use crate::engine::puppet::{Puppet, Record};
use crate::engine::recorder::Stop;
use crate::engine::target::{Call, Starter, Subject};
use crate::engine::witness::{Fate, Witness};
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::scenario::Term;
use crate::scenario::step::{Accept, Close, Expect, Start, Welcome};
use crate::transport::encode::PING;
use crate::transport::{Attempt, Connection, OutFrame, RequestError, Side};

/// How long a client's request may take once its connection is there.
pub(super) const REQUEST: Duration = Duration::from_secs(5);
/// How long the end of a welcome is waited for; a client that answers no Ping fails elsewhere.
const SUCCESS: Duration = Duration::from_millis(250);
/// The text of the Ping between fragments.
const BETWEEN: &str = "between";
/// The close code of a server that goes away (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;

impl Player {
    pub(super) fn puppet(&self, name: &str) -> Result<Arc<Mutex<Puppet>>, Stop> {
        let puppet = self.puppets.get(name).map(Arc::clone);
        puppet.ok_or_else(|| Stop::Harness(format!("no client is called `{name}`")))
    }

    pub(in crate::engine) async fn start(&mut self, step: &Start) -> Result<(), Fault> {
        let story = Arc::clone(&self.story);
        let Subject::Client(starter) = &story.subject else {
            return Err(Stop::Harness("there is no client to start".to_owned()).into());
        };
        let family = story.scenario.family;
        let role = story.scenario.script.under_test.as_str();
        let mut policy = story.stage.policy;
        policy.max_attempts = step.max_attempts.or(policy.max_attempts);
        let call = Call::new(story.scenario.id.to_string(), family, role, &story.stage.timing, policy);
        let mut call = call.ok_or_else(|| Stop::Harness(format!("no endpoint for `{role}`")))?;
        for (name, term) in &step.params {
            call.params[name.as_str()] = term.fill(&self.variables).map_err(Stop::Harness)?;
        }
        self.cast(starter.as_ref(), &step.name, call.clone(), policy).await?;
        if starter.is_shared() && self.prelude(&step.name).await.is_err() {
            starter.renew().await;
            self.puppets.remove(&step.name);
            self.cast(starter.as_ref(), &step.name, call, policy).await?;
            self.prelude(&step.name).await?;
        }
        Ok(())
    }

    /// Starts a client, and gives it a name.
    async fn cast(&mut self, starter: &dyn Starter, name: &str, call: Call, policy: Policy) -> Result<(), Fault> {
        let story = Arc::clone(&self.story);
        let stage = &story.stage;
        let full_name = self.full_name(name);
        story.transcript.add(self.clock().now(), &full_name, By::Runner, format!("start, with {}", call.params));
        let started = starter.start(call).await.map_err(Stop::Inconclusive)?;
        let record = Record::new(Attempts::new(policy, stage.timing.value(Parameter::ConnectTimeout), stage.slack));
        story.cast(&full_name, Arc::clone(&started.client), record.clone());
        // One that all share may just have lost its connection for the tenth time.
        let longest = *policy.envelope(u32::MAX).end() + stage.timing.value(Parameter::ConnectTimeout);
        let patience = stage.first_attempt + if starter.is_shared() { longest } else { Duration::ZERO };
        let puppet = Puppet::new(full_name, started, record, patience);
        self.puppets.insert(name.to_owned(), Arc::new(Mutex::new(puppet)));
        if !self.started.contains(&name.to_owned()) {
            self.started.push(name.to_owned());
        }
        Ok(())
    }

    /// Brings a client that has a past to the state in which one that has just lost its connection is: the delays begin anew.
    async fn prelude(&mut self, of: &str) -> Result<(), Fault> {
        let name = "prelude".to_owned();
        let welcome = Welcome { name: name.clone(), of: of.to_owned(), ..Welcome::default() };
        let welcomed = self.welcome(&welcome).await;
        welcomed.map_err(|fault| match fault {
            Fault::Broken(finding) => {
                Stop::Inconclusive(format!("the client did not come back: {}", finding.what)).into()
            }
            other => other,
        })?;
        self.close(&Close { on: name.clone(), code: Some(GOING_AWAY), reason: String::new() }).await?;
        self.own.retain(|own| *own != name);
        self.actors.remove(&name);
        self.puppet(of)?.lock().await.forget();
        Ok(())
    }

    pub(in crate::engine) async fn accept(&mut self, step: &Accept) -> Result<(), Fault> {
        let puppet = self.puppet(&step.of)?;
        let mut puppet = puppet.lock().await;
        let within = step.within.as_ref().map(|span| self.span(span));
        let (attempt, index) = self.next_attempt(&mut puppet, within).await?;
        let (connection, target) = self.open_for(&puppet, attempt, index, &step.name).await?;
        if let Some(term) = &step.target {
            self.compare(&puppet.name, self.clock().now(), term, &target.into(), "request target")?;
        }
        let (family, role) = (self.story.scenario.family, self.role_under_test());
        let mut actor =
            Actor::new(self.full_name(&step.name), connection, self.clock().now(), family, Side::Server, role);
        actor.attempt = Some((puppet.record.clone(), index));
        actor.asides = (family.opening)(&self.story.scenario.script.under_test).asides;
        let is_tended = !actor.asides.is_empty();
        let actor = Arc::new(Mutex::new(actor));
        if is_tended {
            let mut tended = self.story.tended.lock().unwrap_or_else(PoisonError::into_inner);
            tended.push(Arc::downgrade(&actor));
        }
        self.actors.insert(step.name.clone(), actor);
        self.own.push(step.name.clone());
        Ok(())
    }

    pub(in crate::engine) async fn welcome(&mut self, step: &Welcome) -> Result<(), Fault> {
        let Welcome { name, of, within, .. } = step;
        let accept = Accept { name: name.clone(), of: of.clone(), within: within.clone(), ..Accept::default() };
        self.accept(&accept).await?;
        let welcome = (self.story.scenario.family.opening)(&self.story.scenario.script.under_test);
        for turn in welcome.turns {
            let mut message = match turn {
                OpeningTurn::Client(kind) => {
                    let like = (self.story.scenario.family.naming.like)(kind);
                    let json = Term::try_from(like).map_err(Stop::Harness)?;
                    self.expect(&Expect { on: name.clone(), json: Some(json), ..Expect::default() }).await?;
                    continue;
                }
                OpeningTurn::Server(message) => message(self.clock().epoch_ms(self.clock().now())),
                OpeningTurn::Answer(message) => message(&self.latest(name).await?),
            };
            for (name, term) in &step.members {
                message[name.as_str()] = term.fill(&self.variables).map_err(Stop::Harness)?;
            }
            self.say(name, &message, step.fragments).await?;
        }
        if self.is_framed() {
            return Ok(());
        }
        // Whoever cuts the connection next cuts it after the success.
        let actor = self.actor(name)?;
        actor.lock().await.settle(self.clock(), self.clock().now() + self.clock().real(SUCCESS)).await;
        Ok(())
    }

    /// The latest message that a step has waited for on a connection.
    async fn latest(&self, on: &str) -> Result<Value, Stop> {
        let actor = self.actor(on)?;
        let latest = actor.lock().await.latest.clone();
        Ok(latest.unwrap_or_default())
    }

    /// Sends a message of the server's, whole or in fragments with a Ping behind the first.
    async fn say(&mut self, on: &str, message: &Value, fragments: Option<usize>) -> Result<(), Fault> {
        let actor = self.actor(on)?;
        let mut actor = actor.lock().await;
        let (opcode, payload) = actor.encoded(message, None);
        let Some(count) = fragments else {
            self.write(&actor, OutFrame::new(opcode, payload)).await;
            return Ok(());
        };
        let mut frames = OutFrame::fragments(opcode, &payload, count);
        frames.insert(1, OutFrame::new(PING, BETWEEN));
        for frame in frames {
            self.write(&actor, frame).await;
        }
        Ok(())
    }

    fn role_under_test(&self) -> Option<&'static str> {
        let role = &self.story.scenario.script.under_test;
        self.story.scenario.family.clients.iter().copied().find(|known| known == role)
    }

    /// Answers an attempt with 101.
    pub(super) async fn open_for(
        &self,
        puppet: &Puppet,
        mut attempt: Attempt,
        index: usize,
        name: &str,
    ) -> Result<(Connection, String), Fault> {
        let clock = self.clock();
        let request = clock.within(clock.now() + clock.real(REQUEST), attempt.request()).await;
        let broken = |what: String, got: Option<String>| Finding {
            what,
            expected: Some("the request of a WebSocket handshake (RFC 6455, section 4.1)".to_owned()),
            got,
            connection: Some(puppet.name.clone()),
            excused_from_ms: Finding::excuse_for(REQUEST),
            ..Finding::default()
        };
        let request = match request {
            None => return Err(broken(format!("no request came within {}", shown(REQUEST)), None).into()),
            Some(Err(error @ RequestError::Ended)) => return Err(broken(error.to_string(), None).into()),
            Some(Err(error)) => {
                return Err(broken("the client's request is wrong".to_owned(), Some(error.to_string())).into());
            }
            Some(Ok(request)) => request,
        };
        let role = self.role_under_test().unwrap_or_default();
        let family = self.story.scenario.family;
        if !family.endpoints_at(&request.target).any(|endpoint| endpoint.role == role) {
            let expected = family.endpoint_of(role).map_or("an endpoint", |endpoint| endpoint.path);
            return Err(Finding {
                what: "the client connects to another path".to_owned(),
                expected: Some(expected.to_owned()),
                got: Some(request.target.clone()),
                connection: Some(puppet.name.clone()),
                ..Finding::default()
            }
            .into());
        }
        let Ok(opened) = attempt.accept(&request).await else {
            return Err(broken("the client ended the connection during the handshake".to_owned(), None).into());
        };
        puppet.record.with(|attempts| attempts.accept(index));
        let name = self.full_name(name);
        self.story.transcript.add(clock.now(), &name, By::Runner, format!("accept attempt {}", index + 1));
        let witness = Witness {
            name,
            transcript: Arc::clone(&self.story.transcript),
            recorder: Arc::clone(&self.story.recorder),
            lint: ConnectionLint::new(family, role, Side::Server, Arc::clone(&self.story.stage.schemas)),
            fate: Some(Fate { record: puppet.record.clone(), index, success: (family, family.success(role)) }),
        };
        Ok((Connection::start(opened, clock.clone(), Box::new(witness)), request.target))
    }
}
