//! The core of the pairing relay: who may join whom, until when, and who gets what (chapter `pairing`).
//!
//! Connections opened, messages and losses come in, with the time; actions come out, to be done in their order. No clock, no
//! socket, no task: a shell does the rest. It also carries `data` between the two of a pair by itself, from
//! [`Action::Pair`] to [`Action::Part`]; then the core need not be asked for each.

mod message;
mod session;
#[cfg(test)]
mod tests;

pub use message::{Message, Role};

use std::collections::HashMap;
use std::time::Duration;

use relayspec::pairing::{
    ALPHABET, CLOSE_POLICY, CODE_LENGTH, ErrorCode, HOST_PATH, Joined, MAX_FAILED_JOINS, Registered, SessionCode,
    ToHost, ToViewer, VIEWER_PATH,
};
use relayspec::timing::{Parameter, Timing};

use super::entropy::{Entropy, NoEntropy, draw_text, draw_uuid};
use super::{Action, Core, Inbound, Now, PeerId};
use session::{Host, Lease, Peer, Viewer};

/// The state of a pairing relay.
#[derive(Debug)]
pub struct Relay<E> {
    entropy: E,
    lifetime: Duration,
    retention: Duration,
    last_id: u64,
    peers: HashMap<PeerId, Peer>,
    /// The host of each code that is live or retained.
    codes: HashMap<SessionCode, PeerId>,
}

impl<E: Entropy> Relay<E> {
    /// A relay without connections; of the timing it uses `code_lifetime` and `code_retention`.
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

impl<E: Entropy + std::fmt::Debug + Send + 'static> Core for Relay<E> {
    type Role = Role;
    type Message = Message;

    const NAME: &'static str = "pairing relay";
    const MARK: usize = 64 << 10;

    fn endpoint(path: &str) -> Option<Role> {
        match path {
            HOST_PATH => Some(Role::Host),
            VIEWER_PATH => Some(Role::Viewer),
            _ => None,
        }
    }

    fn read_text(role: Role, text: &str) -> Inbound<Message> {
        message::read(role, text)
    }

    fn read_binary(role: Role, _: &[u8]) -> Inbound<Message> {
        message::binary(role)
    }

    /// A host or a viewer has connected. A host gets its code at once (PAIR-10, PAIR-74).
    fn open(&mut self, role: Role, now: Now, actions: &mut Vec<Action>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        match role {
            Role::Host => {
                let code = draw_code(&mut self.entropy, &self.codes)?;
                self.codes.insert(code.clone(), peer);
                let host = Host::new(code, Lease::starting(now, self.lifetime));
                actions.push(registered(peer, &host));
                self.peers.insert(peer, Peer::Host(host));
            }
            Role::Viewer => {
                self.peers.insert(peer, Peer::Viewer(Viewer::default()));
            }
        }
        self.last_id += 1;
        Ok(peer)
    }

    /// A message has come from a connection.
    fn receive(
        &mut self,
        from: PeerId,
        message: Message,
        now: Now,
        actions: &mut Vec<Action>,
    ) -> Result<(), NoEntropy> {
        match message {
            Message::Register => self.register(from, now, actions)?,
            Message::Join(code) => self.join(from, code.as_str(), now, actions)?,
            Message::Data(text) => self.data(from, text, actions),
        }
        Ok(())
    }

    /// A connection is lost, by a Close frame or otherwise (WIRE-09).
    fn lost(&mut self, peer: PeerId, now: Now, actions: &mut Vec<Action>) {
        match self.peers.remove(&peer) {
            Some(Peer::Host(host)) => {
                for code in host.codes() {
                    self.codes.remove(code); // PAIR-71
                }
                if let Some((id, viewer)) = host.viewer.and_then(|id| Some((id, self.viewer_mut(id)?))) {
                    viewer.host = None;
                    actions.push(Action::Part { host: peer, viewer: id });
                    actions.push(error(id, Role::Viewer, ErrorCode::MacDisconnected)); // PAIR-70, PAIR-72
                }
            }
            Some(Peer::Viewer(viewer)) => {
                let lifetime = self.lifetime;
                if let Some((id, host)) = viewer.host.and_then(|id| Some((id, self.host_mut(id)?))) {
                    host.viewer = None;
                    host.lease = Lease::starting(now, lifetime); // PAIR-34, PAIR-73
                    actions.push(Action::Part { host: id, viewer: peer });
                }
            }
            None => {}
        }
    }
}

impl<E: Entropy> Relay<E> {
    /// A live code stays (PAIR-15), an expired one is replaced (PAIR-17) and retained (PAIR-32).
    fn register(&mut self, from: PeerId, now: Now, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        let Some(Peer::Host(host)) = self.peers.get_mut(&from) else { return Ok(()) };
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

    fn join(&mut self, from: PeerId, code: &str, now: Now, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        let Some(Peer::Viewer(viewer)) = self.peers.get(&from) else { return Ok(()) };
        if viewer.host.is_some() {
            // Not counted as a guess: the pairing goes on undisturbed (PAIR-23).
            actions.push(error(from, Role::Viewer, ErrorCode::AlreadyJoined));
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
                actions.push(Action::Send { to: from, text: ToViewer::from(Joined { session_id }).encode() });
                actions.push(Action::Pair { host: id, viewer: from });
            }
            Err(refusal) => {
                actions.push(error(from, Role::Viewer, refusal));
                let Some(viewer) = self.viewer_mut(from) else { return Ok(()) };
                viewer.failed_joins += 1;
                if viewer.failed_joins >= MAX_FAILED_JOINS {
                    let reason = "Too many wrong codes";
                    actions.push(Action::Close { peer: from, code: CLOSE_POLICY, reason }); // PAIR-91
                }
            }
        }
        Ok(())
    }

    /// The host that a code gives access to.
    fn host_of(&self, code: &str, now: Now) -> Result<PeerId, ErrorCode> {
        let known = SessionCode::new(code).and_then(|code| Some((*self.codes.get(&code)?, code)));
        let Some((id, code)) = known else { return Err(ErrorCode::InvalidCode) }; // PAIR-21, PAIR-24
        let Some(Peer::Host(host)) = self.peers.get(&id) else { return Err(ErrorCode::InvalidCode) };
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

    fn data(&self, from: PeerId, text: String, actions: &mut Vec<Action>) {
        match self.peers.get(&from) {
            Some(Peer::Host(Host { viewer: Some(to), .. }) | Peer::Viewer(Viewer { host: Some(to), .. })) => {
                actions.push(Action::Send { to: *to, text });
            }
            Some(Peer::Viewer(_)) => actions.push(error(from, Role::Viewer, ErrorCode::NotFound)), // PAIR-44
            Some(Peer::Host(_)) | None => {}                                                       // PAIR-43
        }
    }

    fn host_mut(&mut self, id: PeerId) -> Option<&mut Host> {
        match self.peers.get_mut(&id) {
            Some(Peer::Host(host)) => Some(host),
            _ => None,
        }
    }

    fn viewer_mut(&mut self, id: PeerId) -> Option<&mut Viewer> {
        match self.peers.get_mut(&id) {
            Some(Peer::Viewer(viewer)) => Some(viewer),
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

fn registered(to: PeerId, host: &Host) -> Action {
    let message = Registered { code: host.code.clone(), expires_at: host.lease.expires_at() };
    Action::Send { to, text: ToHost::from(message).encode() }
}

fn error(to: PeerId, role: Role, code: ErrorCode) -> Action {
    Action::Send { to, text: message::error(role, code, message::explanation(code)) }
}
