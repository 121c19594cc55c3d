//! Steps that act as the server for a client under test: starting it, and accepting its connections.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use relayspec::family::OpeningTurn;
use relayspec::reconnect::Policy;
use relayspec::timing::Parameter;
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::engine::attempts::AttemptLog;
use crate::engine::client::{ClientUnderTest, SharedAttempts};
use crate::engine::connection_state::ConnectionState;
use crate::engine::observer::{AcceptedAttempt, ConnectionObserver};
use crate::engine::target::{StartOptions, Starter, Subject};
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::scenario::Term;
use crate::scenario::step::{Accept, Close, Expect, Start, Welcome};
use crate::transport::encode::PING;
use crate::transport::{Connection, ConnectionAttempt, OutFrame, RequestError, Side};

/// How long a client's request may take once it has connected.
pub(super) const REQUEST: Duration = Duration::from_secs(5);
/// How long to wait for the end of an opening; a client that answers no Ping fails elsewhere.
const OPENING_SETTLES: Duration = Duration::from_millis(250);
/// The text of the Ping between fragments.
const BETWEEN: &str = "between";
/// The close code of a server that goes away (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;

impl Execute for Start {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let run = Arc::clone(&executor.run);
        let Subject::Client(starter) = &run.subject else {
            return Err(Stop::Internal("there is no client to start".to_owned()).into());
        };
        let family = run.scenario.family;
        let role = run.scenario.script.under_test.as_str();
        let mut policy = run.context.policy;
        policy.max_attempts = self.max_attempts.or(policy.max_attempts);
        let options = StartOptions::new(run.scenario.id.to_string(), family, role, &run.context.timing, policy);
        let mut options = options.ok_or_else(|| Stop::Internal(format!("no endpoint for `{role}`")))?;
        for (name, term) in &self.params {
            options.params[name.as_str()] = term.fill(&executor.variables)?;
        }
        executor.start_client(starter.as_ref(), &self.name, options.clone(), policy).await?;
        if starter.is_shared() && executor.reset_shared(&self.name).await.is_err() {
            starter.renew().await;
            executor.clients.remove(&self.name);
            executor.start_client(starter.as_ref(), &self.name, options, policy).await?;
            executor.reset_shared(&self.name).await?;
        }
        Ok(())
    }
}

impl Execute for Accept {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let client = executor.client(&self.of)?;
        let mut client = client.lock().await;
        let within = self.within.as_ref().map(|span| executor.span(span));
        let (attempt, index) = executor.next_attempt(&mut client, within).await?;
        let (connection, target) = executor.open_for(&client, attempt, index, &self.name).await?;
        if let Some(term) = &self.target {
            executor.compare(&client.name, executor.clock().now(), term, &target.into(), "request target")?;
        }
        let (family, role) = (executor.run.scenario.family, executor.role_under_test());
        let mut connection = ConnectionState::new(
            executor.full_name(&self.name),
            connection,
            executor.clock().now(),
            family,
            Side::Server,
            role,
        );
        connection.attempt = Some((client.attempts.clone(), index));
        connection.asides = (family.opening)(&executor.run.scenario.script.under_test).asides;
        let has_asides = !connection.asides.is_empty();
        let connection = Arc::new(Mutex::new(connection));
        if has_asides {
            let mut with_asides = executor.run.with_asides.lock().unwrap_or_else(PoisonError::into_inner);
            with_asides.push(Arc::downgrade(&connection));
        }
        executor.connections.insert(self.name.clone(), connection);
        executor.own_connections.push(self.name.clone());
        Ok(())
    }
}

impl Execute for Welcome {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let Welcome { name, of, within, .. } = self;
        let accept = Accept { name: name.clone(), of: of.clone(), within: within.clone(), ..Accept::default() };
        accept.execute(executor).await?;
        let welcome = (executor.run.scenario.family.opening)(&executor.run.scenario.script.under_test);
        for turn in welcome.turns {
            let mut message = match turn {
                OpeningTurn::Client(kind) => {
                    let like = (executor.run.scenario.family.naming.like)(kind);
                    let json = Term::try_from(like)?;
                    Expect { on: name.clone(), json: Some(json), ..Expect::default() }.execute(executor).await?;
                    continue;
                }
                OpeningTurn::Server(message) => message(executor.clock().epoch_ms(executor.clock().now())),
                OpeningTurn::Answer(message) => message(&executor.latest(name).await?),
            };
            for (name, term) in &self.members {
                message[name.as_str()] = term.fill(&executor.variables)?;
            }
            executor.send_message(name, &message, self.fragments).await?;
        }
        if executor.is_framed() {
            return Ok(());
        }
        // The client has processed the opening before the next step.
        let connection = executor.connection(name)?;
        connection
            .lock()
            .await
            .settle(executor.clock(), executor.clock().now() + executor.clock().real(OPENING_SETTLES))
            .await;
        Ok(())
    }
}

impl Executor {
    /// Starts a client, and names it.
    async fn start_client(
        &mut self,
        starter: &dyn Starter,
        name: &str,
        options: StartOptions,
        policy: Policy,
    ) -> Result<(), StepFailure> {
        let run = Arc::clone(&self.run);
        let context = &run.context;
        let full_name = self.full_name(name);
        run.transcript.add(self.clock().now(), &full_name, By::Runner, format!("start, with {}", options.params));
        let started = starter.start(options).await.map_err(|error| Stop::Inconclusive(error.to_string()))?;
        let attempts = SharedAttempts::new(AttemptLog::new(
            policy,
            context.timing.value(Parameter::ConnectTimeout),
            context.slack,
        ));
        run.add_client(&full_name, Arc::clone(&started.client), attempts.clone());
        // A shared client may be waiting for its longest delay.
        let longest = *policy.envelope(u32::MAX).end() + context.timing.value(Parameter::ConnectTimeout);
        let patience = context.first_attempt + if starter.is_shared() { longest } else { Duration::ZERO };
        let client = ClientUnderTest::new(full_name, started, attempts, patience);
        self.clients.insert(name.to_owned(), Arc::new(Mutex::new(client)));
        if !self.own_clients.contains(&name.to_owned()) {
            self.own_clients.push(name.to_owned());
        }
        Ok(())
    }

    /// Opens and closes a connection of a shared client, so that its delays restart.
    async fn reset_shared(&mut self, of: &str) -> Result<(), StepFailure> {
        let name = "prelude".to_owned();
        let welcome = Welcome { name: name.clone(), of: of.to_owned(), ..Welcome::default() };
        welcome.execute(self).await.map_err(|failure| match failure {
            StepFailure::Violation(finding) => {
                Stop::Inconclusive(format!("the client did not reconnect: {}", finding.what)).into()
            }
            other => other,
        })?;
        Close { on: name.clone(), code: Some(GOING_AWAY), reason: String::new() }.execute(self).await?;
        self.own_connections.retain(|own| *own != name);
        self.connections.remove(&name);
        self.client(of)?.lock().await.discard_events();
        Ok(())
    }

    /// The latest message that a step has taken from a connection.
    async fn latest(&self, on: &str) -> Result<Value, Stop> {
        let connection = self.connection(on)?;
        let latest = connection.lock().await.latest.clone();
        Ok(latest.unwrap_or_default())
    }

    /// Sends a message of the server, whole or in fragments with a Ping after the first.
    async fn send_message(&mut self, on: &str, message: &Value, fragments: Option<usize>) -> Result<(), StepFailure> {
        let connection = self.connection(on)?;
        let mut connection = connection.lock().await;
        let (opcode, payload) = connection.encoded(message, None);
        let Some(count) = fragments else {
            self.write(&connection, OutFrame::new(opcode, payload)).await;
            return Ok(());
        };
        let mut frames = OutFrame::fragments(opcode, &payload, count);
        frames.insert(1, OutFrame::new(PING, BETWEEN));
        for frame in frames {
            self.write(&connection, frame).await;
        }
        Ok(())
    }

    fn role_under_test(&self) -> Option<&'static str> {
        let role = &self.run.scenario.script.under_test;
        self.run.scenario.family.clients.iter().copied().find(|known| known == role)
    }

    /// Answers an attempt with 101.
    pub(super) async fn open_for(
        &self,
        client: &ClientUnderTest,
        mut attempt: ConnectionAttempt,
        index: usize,
        name: &str,
    ) -> Result<(Connection, String), StepFailure> {
        let clock = self.clock();
        let request = clock.within(clock.now() + clock.real(REQUEST), attempt.request()).await;
        let failed = |what: String, got: Option<String>| Finding {
            what,
            expected: Some("the request of a WebSocket handshake (RFC 6455, section 4.1)".to_owned()),
            got,
            connection: Some(client.name.clone()),
            excused_from_ms: Finding::excuse_for(REQUEST),
            ..Finding::default()
        };
        let request = match request {
            None => return Err(failed(format!("no request came within {}", shown(REQUEST)), None).into()),
            Some(Err(error @ RequestError::Ended)) => return Err(failed(error.to_string(), None).into()),
            Some(Err(error)) => {
                return Err(failed("the client's request is invalid".to_owned(), Some(error.to_string())).into());
            }
            Some(Ok(request)) => request,
        };
        let role = self.role_under_test().unwrap_or_default();
        let family = self.run.scenario.family;
        if !family.endpoints_at(&request.target).any(|endpoint| endpoint.role == role) {
            let expected = family.endpoint_of(role).map_or("an endpoint", |endpoint| endpoint.path);
            return Err(Finding::new("the client connects to the wrong path")
                .expected(expected.to_owned())
                .got(request.target.clone())
                .on(&client.name)
                .into());
        }
        let Ok(opened) = attempt.accept(&request).await else {
            return Err(failed("the client ended the connection during the handshake".to_owned(), None).into());
        };
        client.attempts.with(|attempts| attempts.accept(index));
        let name = self.full_name(name);
        self.run.transcript.add(clock.now(), &name, By::Runner, format!("accept attempt {}", index + 1));
        let observer = ConnectionObserver {
            name,
            transcript: Arc::clone(&self.run.transcript),
            recorder: Arc::clone(&self.run.recorder),
            lint: ConnectionLint::new(family, role, Side::Server, Arc::clone(&self.run.context.schemas)),
            attempt: Some(AcceptedAttempt {
                attempts: client.attempts.clone(),
                index,
                success: (family, family.success(role)),
            }),
        };
        Ok((Connection::start(opened, clock.clone(), Box::new(observer)), request.target))
    }
}
