//! Opening connections, and ending them in every way there is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::engine::actor::Actor;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::engine::witness::{Witness, describe};
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Close, Connect, Cut, CutBy, Refused};
use crate::transport::{Act, Arrival, Arrived, Connection, OpenError, Opened, OutFrame, Side, open};

/// How long what is still under way at the end of a story is waited for.
const SETTLING: Duration = Duration::from_millis(50);
/// The same on a framed stream.
const LAST_FRAMES: Duration = Duration::from_millis(10);

impl Player {
    /// The name of a connection in reports: an iteration's connections carry its number.
    pub(super) fn full_name(&self, name: &str) -> String {
        format!("{name}{}", self.iteration)
    }

    pub(in crate::engine) async fn connect(&mut self, step: &Connect) -> Result<(), Fault> {
        let story = Arc::clone(&self.story);
        let family = story.scenario.family;
        let name = self.full_name(&step.name);
        let role = match &step.role {
            Some(role) => family.clients.iter().copied().find(|known| known == role),
            None => family.role_at(&step.to),
        };
        story.transcript.add(self.clock().now(), &name, By::Runner, format!("connect {}", step.to));
        let buffer = step.receive_buffer.map(|size| u32::try_from(size.0).unwrap_or(u32::MAX));
        let opened = match self.open(&step.to, buffer).await? {
            Ok(opened) => opened,
            Err(error) => {
                story.transcript.add(self.clock().now(), &name, By::Subject, error.to_string());
                if !error.reached() {
                    return Err(self.unreachable(&error).into());
                }
                return Err(Finding {
                    what: format!("the WebSocket handshake at {} failed", step.to),
                    expected: Some("HTTP 101 Switching Protocols".to_owned()),
                    got: Some(error.to_string()),
                    connection: Some(name),
                    ..Finding::default()
                }
                .into());
            }
        };
        let at = self.clock().now();
        let schemas = Arc::clone(&story.stage.schemas);
        let witness = Witness {
            name: name.clone(),
            transcript: Arc::clone(&story.transcript),
            recorder: Arc::clone(&story.recorder),
            lint: ConnectionLint::new(family, role.unwrap_or_default(), Side::Client, schemas),
            fate: None,
        };
        let connection = Connection::start(opened, self.clock().clone(), Box::new(witness));
        let actor = Actor::new(name, connection, at, family, Side::Client, role);
        self.actors.insert(step.name.clone(), Arc::new(Mutex::new(actor)));
        self.own.push(step.name.clone());
        Ok(())
    }

    async fn open(&self, path: &str, buffer: Option<u32>) -> Result<Result<Opened, OpenError>, Fault> {
        let stage = &self.story.stage;
        let Ok(_permit) = stage.handshakes.acquire().await else {
            return Err(Stop::Harness("the run is over".to_owned()).into());
        };
        let deadline = self.clock().now() + stage.handshake_deadline;
        let target = self.story.target()?;
        let opened = self.clock().within(deadline, open(target.route(), path, buffer)).await;
        opened.ok_or_else(|| {
            Finding {
                what: format!(
                    "the WebSocket handshake at {path} was not answered within {}",
                    super::shown(stage.handshake_deadline)
                ),
                excused_from_ms: Finding::excuse_for(stage.handshake_deadline),
                expected: Some("HTTP 101 Switching Protocols".to_owned()),
                ..Finding::default()
            }
            .into()
        })
    }

    /// A subject whose process has died is to blame for it; one that is merely away cannot be judged.
    fn unreachable(&self, error: &OpenError) -> Stop {
        Stop::Inconclusive(match self.story.ended() {
            Some(ending) => format!("the subject's process is gone ({})", ending.told),
            None => format!("the subject could not be reached: {error}"),
        })
    }

    pub(in crate::engine) async fn refused(&mut self, step: &Refused) -> Result<(), Fault> {
        match self.open(&step.to, None).await? {
            Err(_) => Ok(()),
            Ok(_) => Err(Finding {
                what: format!("a connection to {} was accepted", step.to),
                expected: Some("a refusal, by TCP or by HTTP".to_owned()),
                got: Some("HTTP 101 Switching Protocols".to_owned()),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) async fn close(&mut self, step: &Close) -> Result<(), Fault> {
        if self.is_framed() {
            return self.cut(&Cut { on: step.on.clone(), by: CutBy::Fin }).await;
        }
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        actor.over = true;
        self.write(&actor, OutFrame::close(step.code, &step.reason)).await;
        Ok(())
    }

    pub(in crate::engine) async fn cut(&mut self, step: &Cut) -> Result<(), Fault> {
        let (act, what) = match step.by {
            CutBy::Reset => (Act::Reset, "cut by RST"),
            CutBy::Fin => (Act::Fin, "cut by FIN"),
        };
        if self.cut_exchange(&step.on, step.by).await {
            return Ok(());
        }
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        actor.over = true;
        self.story.transcript.add(self.clock().now(), &actor.name, By::Runner, what.to_owned());
        if let Some((record, index)) = &actor.attempt {
            record.with(|attempts| attempts.end(*index, self.clock().now(), what));
        }
        actor.connection.pen().act(act);
        Ok(())
    }

    pub(in crate::engine) async fn act(&mut self, on: &str, act: Act) -> Result<(), Fault> {
        let what = match act {
            Act::Mute => "answers no Ping from here on",
            Act::Stall => "stops reading",
            Act::Resume => "reads again",
            Act::Reset | Act::Fin => "ends",
        };
        let actor = self.actor(on)?;
        let mut actor = actor.lock().await;
        actor.over |= act == Act::Stall;
        actor.mute |= act == Act::Mute;
        self.story.transcript.add(self.clock().now(), &actor.name, By::Runner, what.to_owned());
        actor.connection.pen().act(act);
        Ok(())
    }

    pub(in crate::engine) async fn ignore(&mut self, on: &str) -> Result<(), Fault> {
        let actor = self.actor(on)?;
        let mut actor = actor.lock().await;
        actor.drain();
        actor.ignored = true;
        Ok(())
    }

    /// Messages that came and that no step expected.
    pub(in crate::engine) async fn leftovers(&mut self) -> Result<(), Stop> {
        self.uninvited()?;
        for name in &self.own {
            let actor = self.actor(name)?;
            let mut actor = actor.lock().await;
            actor.drain();
            if self.is_framed() {
                // There is no Ping to be answered behind all else.
                actor.pull_all(self.clock(), self.clock().now() + self.clock().real(LAST_FRAMES)).await;
            } else {
                actor.settle(self.clock(), self.clock().now() + self.clock().real(SETTLING)).await;
            }
            // Whether a client's user types, or a program behind it prints, is not for a script to say.
            let is_left = |arrived: &&Arrived| match arrived.what {
                Arrival::Text(_) => true,
                Arrival::Binary(_) => self.side() == Side::Client || actor.hears.is_some() && !self.is_framed(),
                _ => false,
            };
            let left = actor.queue.iter().find(is_left);
            if let Some(arrived) = left {
                let finding = Finding {
                    what: "a message that nothing asked for".to_owned(),
                    expected: Some("no further message".to_owned()),
                    got: Some(describe(&arrived.what, actor.hears)),
                    connection: Some(actor.name.clone()),
                    at_ms: Some(self.story.transcript.ms(arrived.at)),
                    ..Finding::default()
                };
                return Err(Stop::Broken { check: crate::scenario::STORY.to_owned(), finding: Box::new(finding) });
            }
        }
        Ok(())
    }
}
