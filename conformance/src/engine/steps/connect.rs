//! Opening connections, and ending them in every way there is.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::engine::actor::Actor;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::engine::witness::{Witness, describe};
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::scenario::step::{Close, CloseIs, Connect, Cut, CutBy, Expect, Refused};
use crate::transport::encode::TEXT;
use crate::transport::{Act, Arrival, Arrived, Connection, Dial, OpenError, Opened, OutFrame, Side, open};

/// The name of a connection that is opened where it should rather not be.
const REFUSED: &str = "refused";
/// The close code of a server that refuses (RFC 6455, section 7.4.1).
const POLICY_VIOLATION: u16 = 1008;
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
        let from = self.address(step.from.as_ref())?;
        let shown = from.map(|from| format!(" from {from}")).unwrap_or_default();
        story.transcript.add(self.clock().now(), &name, By::Runner, format!("connect {}{shown}", step.to));
        let receive_buffer = step.receive_buffer.map(|size| u32::try_from(size.0).unwrap_or(u32::MAX));
        let opened = match self.open(&step.to, Dial { receive_buffer, from }).await? {
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
        self.enter(&step.name, opened, role);
        Ok(())
    }

    /// Gives a connection its name.
    fn enter(&mut self, name: &str, opened: Opened, role: Option<&'static str>) {
        let (story, family) = (&self.story, self.story.scenario.family);
        let (at, full_name) = (self.clock().now(), self.full_name(name));
        let schemas = Arc::clone(&story.stage.schemas);
        let witness = Witness {
            name: full_name.clone(),
            transcript: Arc::clone(&story.transcript),
            recorder: Arc::clone(&story.recorder),
            lint: ConnectionLint::new(family, role.unwrap_or_default(), Side::Client, schemas),
            fate: None,
        };
        let connection = Connection::start(opened, self.clock().clone(), Box::new(witness));
        let actor = Actor::new(full_name, connection, at, family, Side::Client, role);
        self.actors.insert(name.to_owned(), Arc::new(Mutex::new(actor)));
        self.own.push(name.to_owned());
    }

    /// The loopback address that a name stands for; one is drawn where it stands for none.
    fn address(&mut self, name: Option<&String>) -> Result<Option<IpAddr>, Stop> {
        let Some(name) = name else { return Ok(None) };
        // Neither the first, which all others come from, nor the last.
        let draw = || Ipv4Addr::from(fastrand::u32(0x7F00_0002..0x7FFF_FFFE)).to_string();
        let value = self.variables.entry(name.clone()).or_insert_with(|| draw().into());
        let address = value.as_str().and_then(|text| text.parse().ok());
        address.map(Some).ok_or_else(|| Stop::Harness(format!("`${name}` is no address")))
    }

    async fn open(&self, path: &str, dial: Dial) -> Result<Result<Opened, OpenError>, Fault> {
        let stage = &self.story.stage;
        let Ok(_permit) = stage.handshakes.acquire().await else {
            return Err(Stop::Harness("the run is over".to_owned()).into());
        };
        let deadline = self.clock().now() + stage.handshake_deadline;
        let target = self.story.target()?;
        let opened = self.clock().within(deadline, open(target.route(), path, dial)).await;
        if let (Some(Err(OpenError::Tcp(error))), Some(from)) = (&opened, dial.from)
            && error.kind() == io::ErrorKind::AddrNotAvailable
        {
            return Err(Stop::Skip(format!("nothing can be reached from {from} here: {error}")).into());
        }
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
        let from = self.address(step.from.as_ref())?;
        match (self.open(&step.to, Dial { receive_buffer: None, from }).await?, &step.after) {
            (Err(_), _) => Ok(()),
            (Ok(opened), Some(after)) => {
                let role = self.story.scenario.family.role_at(&step.to);
                self.enter(REFUSED, opened, role);
                let message = after.fill(&self.variables).map_err(Stop::Harness)?.to_string();
                let actor = self.actor(REFUSED)?;
                self.write(&*actor.lock().await, OutFrame::new(TEXT, message)).await;
                let close = Some(CloseIs { code: vec![POLICY_VIOLATION], reason: None });
                let skipping = step.skipping.clone();
                self.expect(&Expect { on: REFUSED.to_owned(), close, skipping, ..Expect::default() }).await
            }
            (Ok(_), None) => Err(Finding {
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
