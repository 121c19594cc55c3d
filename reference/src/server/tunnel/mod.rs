//! The core of the tunnel's cloud: who may serve, who is asked, and what becomes of each public request (chapter `tunnel`).
//!
//! Connections opened, messages and losses come in, public requests too, with the time; actions come out, and each
//! [`Waiter`] is told one outcome. No clock, no socket, no task, and no HTTP: a shell does the rest.

mod message;
mod requests;
#[cfg(test)]
mod tests;

pub use message::Message;
pub(crate) use message::written;
pub use requests::{Outcome, RequestId, Waiter};

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use relayspec::text::Prose;
use relayspec::timing::{Parameter, Timing};
use relayspec::tunnel::{AuthError, AuthSuccess, CLOSE_REFUSED, Error, LEAST_MESSAGE, PATH, Pong, ToAgent};
use tracing::{debug, info};

use super::entropy::{Entropy, NoEntropy, draw_uuid};
use super::{Action, Core, Counted, Inbound, Now, PeerId};
use crate::tunnel::{Encoding, Tokens};
use message::Said;
use requests::Requests;

/// How many requests may be under way; more are refused at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of all agents together.
    pub of_all: usize,
    /// Of one agent.
    pub of_one: usize,
}

/// The state of a cloud; `W` is who waits for the outcome of a request.
#[derive(Debug)]
pub struct Cloud<E, W> {
    entropy: E,
    tokens: Tokens,
    request_timeout: Duration,
    limits: Limits,
    last_id: u64,
    peers: HashMap<PeerId, Peer>,
    /// Those that serve, in the order in which they authenticated.
    agents: Vec<PeerId>,
    requests: Requests<W>,
}

#[derive(Debug)]
enum Peer {
    /// Has said nothing.
    Unheard,
    Agent {
        /// The one that it used last (TUN-33).
        encoding: Encoding,
        /// How many requests it was asked.
        under_way: usize,
    },
    /// Is about to be closed.
    Refused,
}

/// Whom a request is to be sent to, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The request's id.
    pub id: RequestId,
    /// The agent.
    pub agent: PeerId,
    /// What the agent reads best.
    pub encoding: Encoding,
}

/// Why a request is not sent to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No agent is connected (TUN-21).
    NoAgent,
    /// Too many are under way.
    Busy,
}

impl<E: Entropy, W: Waiter> Cloud<E, W> {
    /// A cloud without connections; of the timing it uses `request_timeout`.
    #[must_use]
    pub fn new(entropy: E, tokens: Tokens, timing: &Timing, limits: Limits) -> Self {
        Self {
            entropy,
            tokens,
            request_timeout: timing.value(Parameter::RequestTimeout),
            limits,
            last_id: 0,
            peers: HashMap::new(),
            agents: Vec::new(),
            requests: Requests::new(),
        }
    }

    /// Whether a request could be sent to somebody now.
    ///
    /// # Errors
    /// Where it could not.
    pub fn admit(&self) -> Result<(PeerId, Encoding), Refusal> {
        let latest = self.agents.last().and_then(|id| Some((*id, self.peers.get(id)?)));
        let Some((id, Peer::Agent { encoding, under_way })) = latest else { return Err(Refusal::NoAgent) };
        if *under_way >= self.limits.of_one || self.requests.len() >= self.limits.of_all {
            return Err(Refusal::Busy);
        }
        Ok((id, *encoding))
    }

    /// A public request has come. It is for the agent that authenticated last (TUN-20).
    ///
    /// # Errors
    /// Where it is not sent to anybody; then nobody waits.
    pub fn ask(&mut self, waiter: W, now: Now) -> Result<Asked, Refusal> {
        let (agent, encoding) = self.admit()?;
        let id = self.requests.add(agent, now.monotonic + self.request_timeout, waiter);
        if let Some(Peer::Agent { under_way, .. }) = self.peers.get_mut(&agent) {
            *under_way += 1;
        }
        Ok(Asked { id, agent, encoding })
    }

    /// The public client is gone, or was told otherwise (TUN-23).
    pub fn forget(&mut self, id: RequestId) {
        if let Some(agent) = self.requests.forget(id) {
            self.relieve(agent);
        }
    }

    /// How many requests are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.requests.len()
    }

    /// The next moment at which [`tick`](Self::tick) has something to do, by the monotonic clock.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.requests.next_deadline()
    }

    /// Tells the time.
    pub fn tick(&mut self, now: Now) {
        while let Some((agent, waiter)) = self.requests.expired(now.monotonic) {
            self.relieve(agent);
            waiter.tell(Outcome::TimedOut); // TUN-21
        }
    }

    /// The first message of a connection (TUN-02, TUN-03).
    fn open_with(&mut self, from: PeerId, message: Message, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        let Message { encoding, said } = message;
        match said {
            Said::Auth(token) if self.tokens.admit(&token) => {
                let session_id = prose(draw_uuid(&mut self.entropy)?.as_str());
                self.peers.insert(from, Peer::Agent { encoding, under_way: 0 });
                self.agents.push(from);
                actions.push(answer(from, AuthSuccess { session_id }, encoding));
                info!(agent = ?from, ?encoding, "an agent serves");
            }
            Said::Auth(_) => self.refuse(from, "This token is not known here.", encoding, actions),
            _ => self.refuse(from, "The first message is `Auth`.", encoding, actions),
        }
        Ok(())
    }

    fn refuse(&mut self, peer: PeerId, why: &str, encoding: Encoding, actions: &mut Vec<Action>) {
        info!(?peer, why, "an agent is refused");
        self.peers.insert(peer, Peer::Refused);
        actions.push(answer(peer, AuthError { error: prose(why) }, encoding));
        actions.push(Action::Close { peer, code: CLOSE_REFUSED, reason: "Not authenticated" });
    }

    /// A message of an agent that serves.
    fn hear(&mut self, from: PeerId, message: Message, actions: &mut Vec<Action>) {
        let Message { encoding, said } = message;
        match said {
            Said::Response(response) => {
                let waiter = self.answered(&response.id, from);
                self.tell(waiter, from, Outcome::Answered(response));
            }
            Said::Error(Error { request_id: Some(id), error, code }) => {
                let waiter = self.answered(&id, from);
                let code = code.filter(|code| *code >= 400).unwrap_or(502); // TUN-21
                self.tell(waiter, from, Outcome::Failed { code, why: error.to_string() });
            }
            Said::Error(Error { request_id: None, error, code }) => {
                info!(agent = ?from, error = ?short(error.as_str()), code, "the agent tells of an error");
            }
            Said::Ping(timestamp) => actions.push(answer(from, Pong { timestamp }, encoding)), // TUN-30
            Said::Auth(_) => info!(agent = ?from, "the agent authenticates again, which changes nothing"),
            Said::Aside => {}
            Said::Nothing(why) => debug!(agent = ?from, why = ?short(&why), "what is no message is ignored"), // WIRE-06
        }
    }

    /// Who waits for an answer of this agent, if anybody does (TUN-20, TUN-22).
    fn answered(&mut self, id: &str, from: PeerId) -> Option<W> {
        let waiter = self.requests.take(id, from);
        if waiter.is_none() {
            debug!(agent = ?from, id = ?short(id), "an answer for which nobody waits is dropped");
        }
        waiter
    }

    fn tell(&mut self, waiter: Option<W>, from: PeerId, outcome: Outcome) {
        if let Some(waiter) = waiter {
            self.relieve(from);
            waiter.tell(outcome);
        }
    }

    /// One request less is under way at an agent.
    fn relieve(&mut self, agent: PeerId) {
        if let Some(Peer::Agent { under_way, .. }) = self.peers.get_mut(&agent) {
            *under_way = under_way.saturating_sub(1);
        }
    }
}

impl<E: Entropy + Debug + Send + 'static, W: Waiter> Core for Cloud<E, W> {
    type Role = ();
    type Message = Message;

    const NAME: &'static str = "tunnel cloud";
    const MARK: usize = 1 << 20;
    const COUNTED: Counted = Counted::UntilWritten;
    const LEAST_MESSAGE: usize = LEAST_MESSAGE;
    // One connection carries the requests of all public clients.
    const READ_BUFFER: usize = 32 << 10;
    const WRITE_BUFFER: usize = 64 << 10;
    // An answer of many megabytes takes its time on a slow line.
    const EXCUSES_LONG_MESSAGES: bool = true;

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn read_text((): (), text: &str) -> Inbound<Message> {
        Inbound::Asked(Message::text(text))
    }

    fn read_binary((): (), bytes: &[u8]) -> Inbound<Message> {
        Inbound::Asked(Message::binary(bytes))
    }

    fn patience(timing: &Timing) -> Option<Duration> {
        Some(timing.value(Parameter::AuthTimeout))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<Action>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, Peer::Unheard);
        Ok(peer)
    }

    fn receive(&mut self, from: PeerId, message: Message, _: Now, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        match self.peers.get_mut(&from) {
            Some(Peer::Unheard) => self.open_with(from, message, actions)?,
            Some(Peer::Agent { encoding, .. }) => {
                *encoding = message.encoding;
                self.hear(from, message, actions);
            }
            Some(Peer::Refused) | None => {}
        }
        Ok(())
    }

    fn unheard(&mut self, peer: PeerId, actions: &mut Vec<Action>) {
        if let Some(Peer::Unheard) = self.peers.get(&peer) {
            self.refuse(peer, "No `Auth` came in time.", Encoding::Json, actions); // TUN-03
        }
    }

    fn lost(&mut self, peer: PeerId, _: Now, _: &mut Vec<Action>) {
        self.agents.retain(|agent| *agent != peer);
        if let Some(Peer::Agent { .. }) = self.peers.remove(&peer) {
            info!(agent = ?peer, others = self.agents.len(), "an agent is lost");
            self.requests.of(peer).for_each(|waiter| waiter.tell(Outcome::Lost)); // TUN-21
        }
    }
}

fn answer(to: PeerId, message: impl Into<ToAgent>, encoding: Encoding) -> Action {
    Action::Answer { to, letter: written(message, encoding) }
}

fn prose(text: &str) -> Prose {
    Prose::new(text).expect("a text of ours is not empty")
}

/// The beginning of a text of somebody else's, for the log.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
