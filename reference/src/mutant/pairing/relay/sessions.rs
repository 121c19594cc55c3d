//! The sessions of a pairing relay, as observed in its traffic.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{Observed, PairingLink};
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{CLOSE, Frame, PING};

#[derive(Debug, Default)]
pub(crate) struct PairingSessions {
    by_code: BTreeMap<String, PairingSession>,
    pub(super) present: BTreeMap<usize, PairedConnection>,
    /// The codes that replaced others, by what was reported.
    pub(super) reported: BTreeMap<String, String>,
    pub(super) meant: BTreeMap<String, String>,
    /// A code that is reported to several hosts.
    pub(super) crowded: String,
    pub(super) last_digit: u64,
    pub(super) clients: BTreeMap<String, String>,
    pub(super) dead: VecDeque<String>,
    /// The connection that sent hostile input last.
    pub(super) hostile: Option<usize>,
    pub(super) orphan: Option<usize>,
    /// Whether a connection has sent more than its partner reads.
    pub(super) is_flooded: bool,
    pub(super) joined: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct PairedConnection {
    pub(super) is_host: bool,
    pub(super) is_paired: bool,
}

#[derive(Debug, Clone)]
pub(super) struct PairingSession {
    pub(super) host: usize,
    pub(super) viewer: Option<usize>,
    pub(super) expires_at: f64,
    pub(super) lifetime: f64,
    /// The side that ended the host's connection.
    pub(super) lost: Option<Flow>,
    pub(super) is_reset: bool,
    pub(super) is_named: bool,
    /// Whether the code was replaced.
    pub(super) is_replaced: bool,
    /// Whether the code replaced another.
    pub(super) is_fresh: bool,
    pub(super) viewers: usize,
    /// When the last viewer left, and the side that ended its connection.
    pub(super) left: Option<(Instant, Flow)>,
    /// Viewers that were refused because another holds the code.
    pub(super) refused: Vec<usize>,
    /// Frames that go with the next data of its host (true) or its viewer.
    pub(super) slipped: BTreeMap<bool, Frame>,
    /// Data that its host sent without a viewer.
    pub(super) kept: Option<Frame>,
    /// Whether the mutant's condition has occurred.
    pub(super) marked: bool,
}

impl PairingSession {
    /// The time since the expiry, in lifetimes; negative before.
    pub(super) fn age(&self) -> f64 {
        (now() - self.expires_at) / self.lifetime
    }
}

pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

impl PairingSessions {
    pub(super) fn came(&mut self, number: usize, is_host: bool) {
        self.present.insert(number, PairedConnection { is_host, is_paired: false });
    }

    pub(super) fn of(&self, code: &str) -> Option<&PairingSession> {
        self.by_code.get(code)
    }

    pub(super) fn of_mut(&mut self, code: &str) -> Option<&mut PairingSession> {
        self.by_code.get_mut(code)
    }

    pub(super) fn beginning(&self, with: &str) -> Option<&str> {
        let mut codes =
            self.by_code.iter().rev().filter(|(code, session)| code.starts_with(with) && session.lost.is_none());
        codes.next().map(|(code, _)| &**code)
    }

    /// Whether a viewer is connected that has lost its host.
    pub(super) fn has_orphan(&self) -> bool {
        self.orphan.is_some_and(|viewer| self.present.contains_key(&viewer))
    }
}

impl PairingLink {
    pub(super) fn session<'a>(&self, state: &'a mut Links) -> Option<&'a mut PairingSession> {
        state.sessions.of_mut(self.code.as_deref()?)
    }

    pub(super) fn wanted<'a>(&self, state: &'a mut Links) -> Option<&'a mut PairingSession> {
        state.sessions.of_mut(&self.asked)
    }

    /// Sends a frame to the partner with the data that follows.
    pub(super) fn slip_in(&self, seen: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        self.session(state)?.slipped.insert(self.is_host, link::unmasked(seen.frame));
        None
    }

    pub(super) fn behind_what_slipped_in(&self, seen: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        let slipped = self.session(state)?.slipped.remove(&!self.is_host)?;
        Some(Effect { onward: vec![slipped, seen.frame.clone()], ..Effect::default() })
    }

    pub(super) fn partner(&self, state: &mut Links) -> Option<usize> {
        let session = self.session(state)?;
        if self.is_host { session.viewer } else { session.lost.is_none().then_some(session.host) }
    }

    pub(super) fn learn(&mut self, seen: &Observed<'_>, state: &mut Links) {
        self.pings += usize::from(seen.flow == Flow::Out && seen.frame.head == PING);
        match (seen.flow, seen.kind) {
            (Flow::In, "join") => seen.text("code").clone_into(&mut self.asked),
            (Flow::Out, "registered") => self.registered(seen, state),
            (Flow::Out, "joined") => self.joined(state),
            (Flow::Out, "error") if seen.error() == "MAC_DISCONNECTED" => {
                (self.code, self.is_orphaned, self.has_lost) = (None, true, true);
            }
            (Flow::Out, "error") if seen.error() == "ALREADY_JOINED" && self.code.is_none() => {
                let number = self.number;
                if let Some(session) = self.wanted(state) {
                    session.refused.push(number);
                }
            }
            (flow, _) if seen.frame.head == CLOSE => self.leave(flow, state),
            _ => {}
        }
    }

    fn registered(&mut self, seen: &Observed<'_>, state: &mut Links) {
        let code = seen.text("code");
        let expires_at = seen.message["expiresAt"].as_f64().unwrap_or_default();
        if let Some(session) = state.sessions.of_mut(code) {
            session.expires_at = expires_at;
            return;
        }
        let old = self.code.replace(code.to_owned());
        if let Some(session) = old.as_ref().and_then(|code| state.sessions.of_mut(code)) {
            session.is_replaced = true;
        }
        let session = PairingSession {
            host: self.number,
            viewer: None,
            expires_at,
            lifetime: (expires_at - now()).max(1.0),
            lost: None,
            is_reset: false,
            is_named: false,
            is_replaced: false,
            is_fresh: old.is_some(),
            viewers: 0,
            left: None,
            refused: Vec::new(),
            slipped: BTreeMap::new(),
            kept: None,
            marked: false,
        };
        state.sessions.by_code.insert(code.to_owned(), session);
        self.codes.push(code.to_owned());
    }

    fn joined(&mut self, state: &mut Links) {
        self.code = Some(self.asked.clone());
        self.is_orphaned = false;
        let number = self.number;
        let Some(session) = self.session(state) else { return };
        session.viewer = Some(number);
        session.viewers += 1;
        let host = session.host;
        state.sessions.joined += 1;
        for number in [host, number] {
            state.sessions.present.entry(number).and_modify(|present| present.is_paired = true);
        }
    }

    pub(super) fn leave(&mut self, flow: Flow, state: &mut Links) {
        if state.sessions.present.remove(&self.number).is_none() {
            return;
        }
        let code = self.code.clone();
        let is_host = self.is_host;
        let number = self.number;
        let Some(session) = self.session(state) else { return };
        if is_host {
            for code in &self.codes {
                if let Some(session) = state.sessions.of_mut(code) {
                    session.lost = Some(flow);
                }
            }
            state.sessions.dead.extend(code);
        } else if session.viewer == Some(number) {
            session.viewer = None;
            session.left = Some((Instant::now(), flow));
            state.sessions.joined = state.sessions.joined.saturating_sub(1);
        }
    }
}
