//! State that the connections of a cloud share, on both sides. There is one cloud in a process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mutant::tunnel::rule;
use crate::mutant::wire::Frame;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgentLoss {
    Close,
    Closed,
    End,
    Reset,
}

#[derive(Debug)]
pub(super) struct LostAgent {
    pub(super) number: usize,
    pub(super) at: u128,
    pub(super) how: AgentLoss,
    pub(super) token: String,
    pub(super) was_latest: bool,
    pub(super) request: Option<Frame>,
    pub(super) is_over: bool,
}

#[derive(Debug, Default)]
pub(super) struct AgentConnection {
    /// The order of authentication, from 1; 0 before.
    pub(super) turn: usize,
    pub(super) token: String,
    pub(super) unanswered: usize,
    /// Whether an agent was lost since it connected, and since it authenticated.
    pub(super) saw_a_loss: bool,
    pub(super) lost_another: bool,
}

#[derive(Debug)]
pub(super) struct CloudState {
    pub(super) agents: BTreeMap<usize, AgentConnection>,
    pub(super) lost: Option<LostAgent>,
    pub(super) turns: usize,
    pub(super) token: String,
    pub(super) refused_at: Option<u128>,
    pub(super) count: usize,
    pub(super) texts: Vec<String>,
    /// Requests of clients that left without a response, since the latest agent connected.
    pub(super) orphans: Vec<String>,
    pub(super) at: Vec<u128>,
    /// The number of public requests in flight, and when one was not HTTP.
    pub(super) visits: usize,
    pub(super) noise_at: Option<u128>,
    /// The attack in the last answer of an agent, by the name of the mutant that lets it; empty if there is none.
    pub(super) harm: &'static str,
    /// The connection of the last `Pong`, and its encoding.
    pub(super) last_pong: (usize, u8),
}

static SHARED: Mutex<CloudState> = Mutex::new(CloudState {
    agents: BTreeMap::new(),
    lost: None,
    turns: 0,
    token: String::new(),
    refused_at: None,
    count: 0,
    texts: Vec::new(),
    orphans: Vec::new(),
    at: Vec::new(),
    visits: 0,
    noise_at: None,
    harm: "",
    last_pong: (0, 0),
});

pub(super) fn shared() -> MutexGuard<'static, CloudState> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CloudState {
    pub(super) fn opens(&mut self, number: usize) {
        self.orphans.clear();
        self.agents.insert(number, AgentConnection::default());
    }

    pub(super) fn lets_in(&mut self, number: usize, token: &str) {
        self.turns += 1;
        if self.token.is_empty() {
            token.clone_into(&mut self.token);
        }
        let agent = self.agents.entry(number).or_default();
        (agent.turn, agent.token) = (self.turns, token.to_owned());
    }

    pub(super) fn asks(&mut self, number: usize, bytes: usize) {
        self.agents.entry(number).or_default().unanswered += bytes;
    }

    pub(super) fn answers(&mut self, number: usize) {
        self.agents.entry(number).or_default().unanswered = 0;
    }

    pub(super) fn loses(&mut self, number: usize, how: AgentLoss, request: Option<Frame>) {
        let Some(agent) = self.agents.remove(&number) else { return };
        if agent.turn == 0 {
            return;
        }
        let was_latest = self.agents.values().all(|other| other.turn < agent.turn);
        for other in self.agents.values_mut() {
            other.saw_a_loss = true;
            other.lost_another |= other.turn > 0;
        }
        self.lost =
            Some(LostAgent { number, at: rule::now(), how, token: agent.token, was_latest, request, is_over: false });
    }

    /// Whether a connection has noticed the loss of another agent that has had no effect yet.
    pub(super) fn just_lost(&mut self, number: usize, so: impl Fn(&LostAgent) -> bool) -> bool {
        if !self.agents.get(&number).is_some_and(|agent| agent.lost_another) {
            return false;
        }
        let lost = self.lost.as_mut().filter(|lost| !lost.is_over && so(lost));
        lost.is_some_and(|lost| !std::mem::replace(&mut lost.is_over, true))
    }

    pub(super) fn has_stalled(&self, number: usize) -> bool {
        self.agents.iter().any(|(other, agent)| *other != number && agent.unanswered > 2 << 20)
    }

    /// Whether an agent was refused within this many ms.
    pub(super) fn has_refused(&self, within: u128) -> bool {
        self.refused_at.is_some_and(|at| rule::now() < at + within)
    }
}
