//! The core of the pairing relay: who may join with a code, until when, and who receives what (chapter `pairing`).
//!
//! The shell passes `data` between the two of a pair directly, from [`ServerAction::Pair`] to [`ServerAction::Part`], without asking the core.

mod message;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use message::{PairingMessage, PairingRole};

use std::collections::HashMap;
use std::time::Duration;

use relayspec::pairing::{
    ALPHABET, CLOSE_POLICY, CODE_LENGTH, ErrorCode, HOST_PATH, Joined, MAX_FAILED_JOINS, Registered, SessionCode,
    ToHost, ToViewer, VIEWER_PATH,
};
use relayspec::timing::{Parameter, Timing};

use super::entropy::{Entropy, NoEntropy, draw_text, draw_uuid};
use super::{Inbound, Now, PeerId, ServerAction, ServerCore};
use session::{HostState, Lease, PairingPeer, ViewerState};

#[derive(Debug)]
pub struct PairingRelayCore<E> {
    entropy: E,
    lifetime: Duration,
    retention: Duration,
    last_id: u64,
    peers: HashMap<PeerId, PairingPeer>,
    /// The host of each live or retained code.
    codes: HashMap<SessionCode, PeerId>,
}

impl<E: Entropy> PairingRelayCore<E> {
    /// A relay without connections. Uses `code_lifetime` and `code_retention`.
    #[must_use]
    pub fn new(entropy: E, timing: &Timing) -> Self {
        Self {
            entropy,
            lifetime: timing.value(Parameter::CodeLifetime),
            retention: timing.value(Parameter::CodeRetention),
            last_id: 0,
            peers: HashMap::new(),
            codes: HashMap::new(),
        }
    }
}

impl<E: Entropy + std::fmt::Debug + Send + 'static> ServerCore for PairingRelayCore<E> {
    type Role = PairingRole;
    type Message = PairingMessage;

    const NAME: &'static str = "pairing relay";
    const MARK: usize = 64 << 10;

    fn endpoint(path: &str) -> Option<PairingRole> {
        match path {
            HOST_PATH => Some(PairingRole::Host),
            VIEWER_PATH => Some(PairingRole::Viewer),
            _ => None,
        }
    }

    fn read_text(role: PairingRole, text: &str) -> Inbound<PairingMessage> {
        message::read(role, text)
    }

    fn read_binary(role: PairingRole, _: &[u8]) -> Inbound<PairingMessage> {
        message::binary(role)
    }

    /// A host gets its code at once (PAIR-10, PAIR-74).
    fn open(&mut self, role: PairingRole, now: Now, actions: &mut Vec<ServerAction>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        match role {
            PairingRole::Host => {
                let code = draw_code(&mut self.entropy, &self.codes)?;
                self.codes.insert(code.clone(), peer);
                let host = HostState::new(code, Lease::starting(now, self.lifetime));
                actions.push(registered(peer, &host));
                self.peers.insert(peer, PairingPeer::Host(host));
            }
            PairingRole::Viewer => {
                self.peers.insert(peer, PairingPeer::Viewer(ViewerState::default()));
            }
        }
        self.last_id += 1;
        Ok(peer)
    }

    fn receive(
        &mut self,
        from: PeerId,
        message: PairingMessage,
        now: Now,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        match message {
            PairingMessage::Register => self.register(from, now, actions)?,
            PairingMessage::Join(code) => self.join(from, code.as_str(), now, actions)?,
            PairingMessage::Data(text) => self.data(from, text, actions),
        }
        Ok(())
    }

    fn lost(&mut self, peer: PeerId, now: Now, actions: &mut Vec<ServerAction>) {
        match self.peers.remove(&peer) {
            Some(PairingPeer::Host(host)) => {
                for code in host.codes() {
                    self.codes.remove(code); // PAIR-71
                }
                if let Some((id, viewer)) = host.viewer.and_then(|id| Some((id, self.viewer_mut(id)?))) {
                    viewer.host = None;
                    actions.push(ServerAction::Part { host: peer, viewer: id });
                    actions.push(error(id, PairingRole::Viewer, ErrorCode::MacDisconnected)); // PAIR-70, PAIR-72
                }
            }
            Some(PairingPeer::Viewer(viewer)) => {
                let lifetime = self.lifetime;
                if let Some((id, host)) = viewer.host.and_then(|id| Some((id, self.host_mut(id)?))) {
                    host.viewer = None;
                    host.lease = Lease::starting(now, lifetime); // PAIR-34, PAIR-73
                    actions.push(ServerAction::Part { host: id, viewer: peer });
                }
            }
            None => {}
        }
    }
}

impl<E: Entropy> PairingRelayCore<E> {
    /// Repeats a live code (PAIR-15); replaces an expired one (PAIR-17) and retains it (PAIR-32).
    fn register(&mut self, from: PeerId, now: Now, actions: &mut Vec<ServerAction>) -> Result<(), NoEntropy> {
        let Some(PairingPeer::Host(host)) = self.peers.get_mut(&from) else { return Ok(()) };
        for code in host.forget_retired(now) {
            self.codes.remove(&code);
        }
        if host.viewer.is_none() && host.lease.is_over(now) && host.may_retire() {
            let code = draw_code(&mut self.entropy, &self.codes)?;
            self.codes.insert(code.clone(), from);
            host.replace(code, Lease::starting(now, self.lifetime), self.retention);
        }
        actions.push(registered(from, host));
        Ok(())
    }

    fn join(&mut self, from: PeerId, code: &str, now: Now, actions: &mut Vec<ServerAction>) -> Result<(), NoEntropy> {
        let Some(PairingPeer::Viewer(viewer)) = self.peers.get(&from) else { return Ok(()) };
        if viewer.host.is_some() {
            // Not a failed join: the pairing continues undisturbed (PAIR-23).
            actions.push(error(from, PairingRole::Viewer, ErrorCode::AlreadyJoined));
            return Ok(());
        }
        match self.host_of(code, now) {
            Ok(id) => {
                let session_id = draw_uuid(&mut self.entropy)?;
                if let Some(viewer) = self.viewer_mut(from) {
                    viewer.host = Some(id);
                }
                if let Some(host) = self.host_mut(id) {
                    host.viewer = Some(from);
                }
                actions.push(ServerAction::Send { to: from, text: ToViewer::from(Joined { session_id }).encode() });
                actions.push(ServerAction::Pair { host: id, viewer: from });
            }
            Err(refusal) => {
                actions.push(error(from, PairingRole::Viewer, refusal));
                let Some(viewer) = self.viewer_mut(from) else { return Ok(()) };
                viewer.failed_joins += 1;
                if viewer.failed_joins >= MAX_FAILED_JOINS {
                    let reason = "Too many wrong codes";
                    actions.push(ServerAction::Close { peer: from, code: CLOSE_POLICY, reason }); // PAIR-91
                }
            }
        }
        Ok(())
    }

    fn host_of(&self, code: &str, now: Now) -> Result<PeerId, ErrorCode> {
        let known = SessionCode::new(code).and_then(|code| Some((*self.codes.get(&code)?, code)));
        let Some((id, code)) = known else { return Err(ErrorCode::InvalidCode) }; // PAIR-21, PAIR-24
        let Some(PairingPeer::Host(host)) = self.peers.get(&id) else { return Err(ErrorCode::InvalidCode) };
        if host.code != code {
            let retained = host.retains(&code, now);
            return Err(if retained { ErrorCode::ExpiredCode } else { ErrorCode::InvalidCode });
        }
        match host.viewer {
            Some(_) => Err(ErrorCode::AlreadyJoined), // PAIR-22, PAIR-25
            None if host.lease.is_over(now) => Err(ErrorCode::ExpiredCode), // PAIR-30, PAIR-31
            None => Ok(id),
        }
    }

    fn data(&self, from: PeerId, text: String, actions: &mut Vec<ServerAction>) {
        match self.peers.get(&from) {
            Some(
                PairingPeer::Host(HostState { viewer: Some(to), .. })
                | PairingPeer::Viewer(ViewerState { host: Some(to), .. }),
            ) => {
                actions.push(ServerAction::Send { to: *to, text });
            }
            Some(PairingPeer::Viewer(_)) => actions.push(error(from, PairingRole::Viewer, ErrorCode::NotFound)), // PAIR-44
            Some(PairingPeer::Host(_)) | None => {} // PAIR-43
        }
    }

    fn host_mut(&mut self, id: PeerId) -> Option<&mut HostState> {
        match self.peers.get_mut(&id) {
            Some(PairingPeer::Host(host)) => Some(host),
            _ => None,
        }
    }

    fn viewer_mut(&mut self, id: PeerId) -> Option<&mut ViewerState> {
        match self.peers.get_mut(&id) {
            Some(PairingPeer::Viewer(viewer)) => Some(viewer),
            _ => None,
        }
    }
}

/// A code that is neither live nor retained (PAIR-13).
fn draw_code<T>(entropy: &mut impl Entropy, taken: &HashMap<SessionCode, T>) -> Result<SessionCode, NoEntropy> {
    loop {
        let text = draw_text(entropy, ALPHABET, CODE_LENGTH)?;
        if let Some(code) = SessionCode::new(text).filter(|code| !taken.contains_key(code)) {
            return Ok(code);
        }
    }
}

fn registered(to: PeerId, host: &HostState) -> ServerAction {
    let message = Registered { code: host.code.clone(), expires_at: host.lease.expires_at() };
    ServerAction::Send { to, text: ToHost::from(message).encode() }
}

fn error(to: PeerId, role: PairingRole, code: ErrorCode) -> ServerAction {
    ServerAction::Send { to, text: message::error(role, code, message::explanation(code)) }
}
