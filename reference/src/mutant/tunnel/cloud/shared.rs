//! What the connections of a cloud know of each other, at both of its doors. There is one cloud in a process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mutant::tunnel::rule;
use crate::mutant::wire::Frame;

/// How an agent was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It sent a Close frame.
    Close,
    /// It was sent one first.
    Closed,
    End,
    Reset,
}

/// An agent that was lost.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) number: usize,
    /// By [`rule::now`].
    pub(super) at: u128,
    pub(super) how: How,
    pub(super) token: String,
    /// Whether it was the one that served.
    pub(super) was_latest: bool,
    /// The latest of its requests that is not answered.
    pub(super) request: Option<Frame>,
    /// Whether something came of it since.
    pub(super) is_over: bool,
}

/// A connection that is open.
#[derive(Debug, Default)]
pub(super) struct Agent {
    /// The when of its success, counted from 1; 0 before.
    pub(super) turn: usize,
    pub(super) token: String,
    /// Bytes of requests since its last answer.
    pub(super) unanswered: usize,
    /// Whether an agent was lost since it is there, and since it is let in.
    pub(super) saw_a_loss: bool,
    pub(super) lost_another: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) agents: BTreeMap<usize, Agent>,
    pub(super) lost: Option<Lost>,
    /// How many were let in.
    pub(super) turns: usize,
    /// A token that is right.
    pub(super) token: String,
    /// When somebody was refused last.
    pub(super) refused_at: Option<u128>,
    /// What a mutant counts and keeps.
    pub(super) count: usize,
    pub(super) texts: Vec<String>,
    /// What clients wanted that went away without an answer, since the latest agent came.
    pub(super) orphans: Vec<String>,
    pub(super) at: Vec<u128>,
    /// How many public requests are under way, and when one was noise.
    pub(super) visits: usize,
    pub(super) noise_at: Option<u128>,
    /// How the last answer of an agent means harm, by the name of the mutant that lets it; empty where it does not.
    pub(super) harm: &'static str,
    /// On which connection the last `Pong` was said, and in which encoding.
    pub(super) last_pong: (usize, u8),
}

static SHARED: Mutex<Shared> = Mutex::new(Shared {
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

pub(super) fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn opens(&mut self, number: usize) {
        self.orphans.clear();
        self.agents.insert(number, Agent::default());
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

    pub(super) fn loses(&mut self, number: usize, how: How, request: Option<Frame>) {
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
            Some(Lost { number, at: rule::now(), how, token: agent.token, was_latest, request, is_over: false });
    }

    /// Whether somebody has seen that another agent was lost so, and nothing has come of it yet.
    pub(super) fn just_lost(&mut self, number: usize, so: impl Fn(&Lost) -> bool) -> bool {
        if !self.agents.get(&number).is_some_and(|agent| agent.lost_another) {
            return false;
        }
        let lost = self.lost.as_mut().filter(|lost| !lost.is_over && so(lost));
        lost.is_some_and(|lost| !std::mem::replace(&mut lost.is_over, true))
    }

    /// Whether somebody else does not read what is sent to it.
    pub(super) fn has_stalled(&self, number: usize) -> bool {
        self.agents.iter().any(|(other, agent)| *other != number && agent.unanswered > 2 << 20)
    }

    /// Whether somebody was refused within so many ms.
    pub(super) fn has_refused(&self, within: u128) -> bool {
        self.refused_at.is_some_and(|at| rule::now() < at + within)
    }
}
