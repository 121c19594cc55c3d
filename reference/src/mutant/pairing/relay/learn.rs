//! What a connection of a pairing relay learns from its frames.

use std::collections::BTreeMap;
use std::time::Instant;

use super::sessions::{PairingSession, now};
use super::{Observed, PairingLink};
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{CLOSE, PING};

impl PairingLink {
    pub(super) fn session<'a>(&self, state: &'a mut Links) -> Option<&'a mut PairingSession> {
        state.sessions.of_mut(self.code.as_deref()?)
    }

    pub(super) fn wanted<'a>(&self, state: &'a mut Links) -> Option<&'a mut PairingSession> {
        state.sessions.of_mut(&self.asked)
    }

    /// Sends a frame to the partner with the data that follows.
    pub(super) fn slip_in(&self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        self.session(state)?.slipped.insert(self.is_host, link::unmasked(observed.frame));
        None
    }

    pub(super) fn behind_what_slipped_in(&self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        let slipped = self.session(state)?.slipped.remove(&!self.is_host)?;
        Some(Effect { onward: vec![slipped, observed.frame.clone()], ..Effect::default() })
    }

    pub(super) fn partner(&self, state: &mut Links) -> Option<usize> {
        let session = self.session(state)?;
        if self.is_host { session.viewer } else { session.lost.is_none().then_some(session.host) }
    }

    pub(super) fn learn(&mut self, observed: &Observed<'_>, state: &mut Links) {
        self.pings += usize::from(observed.flow == Flow::Out && observed.frame.head == PING);
        match (observed.flow, observed.kind) {
            (Flow::In, "join") => observed.text("code").clone_into(&mut self.asked),
            (Flow::Out, "registered") => self.registered(observed, state),
            (Flow::Out, "joined") => self.joined(state),
            (Flow::Out, "error") if observed.error() == "MAC_DISCONNECTED" => {
                (self.code, self.is_orphaned, self.has_lost) = (None, true, true);
            }
            (Flow::Out, "error") if observed.error() == "ALREADY_JOINED" && self.code.is_none() => {
                let number = self.number;
                if let Some(session) = self.wanted(state) {
                    session.refused.push(number);
                }
            }
            (flow, _) if observed.frame.head == CLOSE => self.leave(flow, state),
            _ => {}
        }
    }

    fn registered(&mut self, observed: &Observed<'_>, state: &mut Links) {
        let code = observed.text("code");
        let expires_at = observed.message["expiresAt"].as_f64().unwrap_or_default();
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
