//! The core of the tunnel's cloud: which agents serve, and the fate of each public request (chapter `tunnel`).
//!
//! Public requests go in as well, and each [`Waiter`] gets one outcome. The core knows no HTTP.

mod message;
mod requests;
#[cfg(test)]
mod tests;

pub(crate) use message::AgentMessage;
pub(crate) use message::encode;
pub(crate) use requests::{PublicOutcome, RequestId, Waiter};

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use relayspec::text::Prose;
use relayspec::timing::{Parameter, Timing};
use relayspec::tunnel::{AuthError, AuthSuccess, CLOSE_REFUSED, Error, LEAST_MESSAGE, PATH, Pong, ToAgent};
use tracing::{debug, info};

use super::entropy::{Entropy, NoEntropy, draw_uuid};
use super::{CountedUntil, Inbound, Now, PeerId, ServerAction, ServerCore};
use crate::tunnel::{Encoding, Tokens};
use message::AgentContent;
use requests::PublicRequests;

/// How many requests may be in flight; further ones are refused at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At all agents.
    pub of_all: usize,
    /// At one agent.
    pub of_one: usize,
}

/// A tunnel cloud; `W` waits for the outcome of a request.
#[derive(Debug)]
pub(crate) struct TunnelCloudCore<E, W> {
    entropy: E,
    tokens: Tokens,
    request_timeout: Duration,
    limits: Limits,
    last_id: u64,
    peers: HashMap<PeerId, CloudPeer>,
    /// The serving agents, in the order of their authentication.
    agents: Vec<PeerId>,
    requests: PublicRequests<W>,
}

#[derive(Debug)]
enum CloudPeer {
    /// Before its first message.
    New,
    Agent {
        /// The encoding of its last message (TUN-33).
        encoding: Encoding,
        under_way: usize,
    },
    /// About to be closed.
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub id: RequestId,
    pub agent: PeerId,
    /// The agent's preferred encoding.
    pub encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No agent is connected (TUN-21).
    NoAgent,
    Busy,
}

impl<E: Entropy, W: Waiter> TunnelCloudCore<E, W> {
    /// A cloud without connections. Uses `request_timeout`.
    pub(crate) fn new(entropy: E, tokens: Tokens, timing: &Timing, limits: Limits) -> Self {
        Self {
            entropy,
            tokens,
            request_timeout: timing.value(Parameter::RequestTimeout),
            limits,
            last_id: 0,
            peers: HashMap::new(),
            agents: Vec::new(),
            requests: PublicRequests::new(),
        }
    }

    /// The agent that a request would be sent to now, and its encoding.
    pub(crate) fn admit(&self) -> Result<(PeerId, Encoding), Refusal> {
        let latest = self.agents.last().and_then(|id| Some((*id, self.peers.get(id)?)));
        let Some((id, CloudPeer::Agent { encoding, under_way })) = latest else { return Err(Refusal::NoAgent) };
        if *under_way >= self.limits.of_one || self.requests.len() >= self.limits.of_all {
            return Err(Refusal::Busy);
        }
        Ok((id, *encoding))
    }

    /// Assigns a public request to the agent that authenticated last (TUN-20).
    pub(crate) fn assign(&mut self, waiter: W, now: Now) -> Result<Assignment, Refusal> {
        let (agent, encoding) = self.admit()?;
        let id = self.requests.add(agent, now.monotonic + self.request_timeout, waiter);
        if let Some(CloudPeer::Agent { under_way, .. }) = self.peers.get_mut(&agent) {
            *under_way += 1;
        }
        Ok(Assignment { id, agent, encoding })
    }

    /// The public client is gone or was answered otherwise (TUN-23).
    pub(crate) fn forget(&mut self, id: RequestId) {
        if let Some(agent) = self.requests.forget(id) {
            self.relieve(agent);
        }
    }

    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.requests.len()
    }

    /// When [`tick`](Self::tick) is next due, in monotonic time.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.requests.next_deadline()
    }

    pub(crate) fn tick(&mut self, now: Now) {
        while let Some((agent, waiter)) = self.requests.expired(now.monotonic) {
            self.relieve(agent);
            waiter.resolve(PublicOutcome::TimedOut); // TUN-21
        }
    }

    /// The first message of a connection (TUN-02, TUN-03).
    fn open_with(
        &mut self,
        from: PeerId,
        message: AgentMessage,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        let AgentMessage { encoding, content } = message;
        match content {
            AgentContent::Auth(token) if self.tokens.admit(&token) => {
                let session_id = prose(draw_uuid(&mut self.entropy)?.as_str());
                self.peers.insert(from, CloudPeer::Agent { encoding, under_way: 0 });
                self.agents.push(from);
                actions.push(answer(from, AuthSuccess { session_id }, encoding));
                info!(agent = ?from, ?encoding, "an agent serves");
            }
            AgentContent::Auth(_) => self.refuse(from, "Unknown token.", encoding, actions),
            _ => self.refuse(from, "The first message must be `Auth`.", encoding, actions),
        }
        Ok(())
    }

    fn refuse(&mut self, peer: PeerId, why: &str, encoding: Encoding, actions: &mut Vec<ServerAction>) {
        info!(?peer, why, "an agent is refused");
        self.peers.insert(peer, CloudPeer::Refused);
        actions.push(answer(peer, AuthError { error: prose(why) }, encoding));
        actions.push(ServerAction::Close { peer, code: CLOSE_REFUSED, reason: "Not authenticated" });
    }

    fn receive_from_agent(&mut self, from: PeerId, message: AgentMessage, actions: &mut Vec<ServerAction>) {
        let AgentMessage { encoding, content } = message;
        match content {
            AgentContent::Response(response) => {
                let waiter = self.take_waiter(&response.id, from);
                self.resolve(waiter, from, PublicOutcome::Answered(response));
            }
            AgentContent::Error(Error { request_id: Some(id), error, code }) => {
                let waiter = self.take_waiter(&id, from);
                let code = code.filter(|code| *code >= 400).unwrap_or(502); // TUN-21
                self.resolve(waiter, from, PublicOutcome::Failed { code, why: error.to_string() });
            }
            AgentContent::Error(Error { request_id: None, error, code }) => {
                info!(agent = ?from, error = ?short(error.as_str()), code, "the agent reports an error");
            }
            AgentContent::Ping(timestamp) => actions.push(answer(from, Pong { timestamp }, encoding)), // TUN-30
            AgentContent::Auth(_) => info!(agent = ?from, "the agent authenticates again, which changes nothing"),
            AgentContent::Ignored => {}
            AgentContent::Invalid(why) => debug!(agent = ?from, why = ?short(&why), "an invalid message is ignored"), // WIRE-06
        }
    }

    /// The waiter of a request assigned to this agent, if any (TUN-20, TUN-22).
    fn take_waiter(&mut self, id: &str, from: PeerId) -> Option<W> {
        let waiter = self.requests.take(id, from);
        if waiter.is_none() {
            debug!(agent = ?from, id = ?short(id), "an unexpected answer is dropped");
        }
        waiter
    }

    fn resolve(&mut self, waiter: Option<W>, from: PeerId, outcome: PublicOutcome) {
        if let Some(waiter) = waiter {
            self.relieve(from);
            waiter.resolve(outcome);
        }
    }

    fn relieve(&mut self, agent: PeerId) {
        if let Some(CloudPeer::Agent { under_way, .. }) = self.peers.get_mut(&agent) {
            *under_way = under_way.saturating_sub(1);
        }
    }
}

impl<E: Entropy + Debug + Send + 'static, W: Waiter> ServerCore for TunnelCloudCore<E, W> {
    type Role = ();
    type Message = AgentMessage;

    const NAME: &'static str = "tunnel cloud";
    const MARK: usize = 1 << 20;
    const COUNTED: CountedUntil = CountedUntil::Written;
    const LEAST_MESSAGE: usize = LEAST_MESSAGE;
    // One connection carries the requests of all public clients.
    const READ_BUFFER: usize = 32 << 10;
    const WRITE_BUFFER: usize = 64 << 10;
    // An answer of many megabytes takes long on a slow line.
    const EXCUSES_LONG_MESSAGES: bool = true;

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn read_text((): (), text: &str) -> Inbound<AgentMessage> {
        Inbound::Request(AgentMessage::text(text))
    }

    fn read_binary((): (), bytes: &[u8]) -> Inbound<AgentMessage> {
        Inbound::Request(AgentMessage::binary(bytes))
    }

    fn first_message_timeout(timing: &Timing) -> Option<Duration> {
        Some(timing.value(Parameter::AuthTimeout))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<ServerAction>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, CloudPeer::New);
        Ok(peer)
    }

    fn receive(
        &mut self,
        from: PeerId,
        message: AgentMessage,
        _: Now,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        match self.peers.get_mut(&from) {
            Some(CloudPeer::New) => self.open_with(from, message, actions)?,
            Some(CloudPeer::Agent { encoding, .. }) => {
                *encoding = message.encoding;
                self.receive_from_agent(from, message, actions);
            }
            Some(CloudPeer::Refused) | None => {}
        }
        Ok(())
    }

    fn first_message_overdue(&mut self, peer: PeerId, actions: &mut Vec<ServerAction>) {
        if let Some(CloudPeer::New) = self.peers.get(&peer) {
            self.refuse(peer, "No `Auth` came in time.", Encoding::Json, actions); // TUN-03
        }
    }

    fn lost(&mut self, peer: PeerId, _: Now, _: &mut Vec<ServerAction>) {
        self.agents.retain(|agent| *agent != peer);
        if let Some(CloudPeer::Agent { .. }) = self.peers.remove(&peer) {
            info!(agent = ?peer, others = self.agents.len(), "an agent is lost");
            self.requests.of(peer).for_each(|waiter| waiter.resolve(PublicOutcome::Lost)); // TUN-21
        }
    }
}

fn answer(to: PeerId, message: impl Into<ToAgent>, encoding: Encoding) -> ServerAction {
    ServerAction::Answer { to, message: encode(message, encoding) }
}

fn prose(text: &str) -> Prose {
    Prose::new(text).expect("a text of ours is not empty")
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
