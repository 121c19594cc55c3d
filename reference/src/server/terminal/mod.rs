//! The core of the terminal relay: one host and many viewers for each code, and who receives what (chapter `terminal`).
//!
//! The first message of a connection decides its role. A host's binary messages go to all of its viewers and into the scrollback; a viewer's
//! go to its host.

mod message;
mod scrollback;
#[cfg(test)]
mod tests;

pub(crate) use message::TerminalMessage;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use relayspec::terminal::{
    ALPHABET, AuthFailed, AuthSuccess, BrowserConnected, BrowserDisconnected, CLOSE_HOST_LOST, CLOSE_REFUSED,
    CODE_LENGTH, FromHost, FromViewer, PATH, Registered, SessionCode, SessionDisconnected, SessionId, TerminalFrame,
    ToHost, ToViewer, ViewerCode,
};
use relayspec::text::Prose;
use relayspec::timing::{Parameter, Timing};

use super::entropy::{Entropy, NoEntropy, draw_text};
use super::{Inbound, Now, PeerId, ServerAction, ServerCore, WireMessage};
use scrollback::{Scrollback, session_id};

#[derive(Debug)]
pub struct TerminalRelayCore<E> {
    entropy: E,
    last_id: u64,
    peers: HashMap<PeerId, TerminalPeer>,
    /// The host of each live code.
    codes: HashMap<SessionCode, PeerId>,
}

#[derive(Debug)]
enum TerminalPeer {
    /// Before its first message.
    Unknown,
    Host(Box<TerminalHostState>),
    Viewer {
        /// `None` once the host is lost.
        host: Option<PeerId>,
    },
    /// About to be closed; its messages are ignored.
    Closing,
}

#[derive(Debug)]
struct TerminalHostState {
    code: SessionCode,
    viewers: Vec<PeerId>,
    scrollback: Scrollback,
}

impl<E: Entropy> TerminalRelayCore<E> {
    #[must_use]
    pub fn new(entropy: E) -> Self {
        Self { entropy, last_id: 0, peers: HashMap::new(), codes: HashMap::new() }
    }
}

impl<E: Entropy + fmt::Debug + Send + 'static> ServerCore for TerminalRelayCore<E> {
    type Role = ();
    type Message = TerminalMessage;

    const NAME: &'static str = "terminal relay";
    // Of each viewer. A late one reads the scrollback first, while the others need not wait.
    const MARK: usize = 2 << 20;

    // A viewer that is asleep must not block the others for longer. It can reconnect and gets the scrollback.
    const STALL_LIMIT: Option<Duration> = Some(Duration::from_secs(5));

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn read_text((): (), text: &str) -> Inbound<TerminalMessage> {
        Inbound::Request(TerminalMessage::read(text))
    }

    fn read_binary((): (), bytes: &[u8]) -> Inbound<TerminalMessage> {
        Inbound::Request(TerminalMessage::Binary(bytes.to_vec()))
    }

    fn first_message_timeout(timing: &Timing) -> Option<Duration> {
        Some(timing.value(Parameter::AuthTimeout))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<ServerAction>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, TerminalPeer::Unknown);
        Ok(peer)
    }

    fn receive(
        &mut self,
        from: PeerId,
        message: TerminalMessage,
        _: Now,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        match self.peers.get_mut(&from) {
            Some(TerminalPeer::Unknown) => self.first(from, message, actions)?,
            Some(TerminalPeer::Host(host)) => host.receive(from, message, actions),
            Some(TerminalPeer::Viewer { host: Some(host) }) => receive_from_viewer(from, *host, message, actions),
            Some(TerminalPeer::Viewer { host: None } | TerminalPeer::Closing) | None => {}
        }
        Ok(())
    }

    fn first_message_overdue(&mut self, peer: PeerId, actions: &mut Vec<ServerAction>) {
        if let Some(TerminalPeer::Unknown) = self.peers.get(&peer) {
            self.refuse(peer, "No first message came in time.", "No first message", actions); // TERM-05
        }
    }

    fn lost(&mut self, peer: PeerId, _: Now, actions: &mut Vec<ServerAction>) {
        match self.peers.remove(&peer) {
            Some(TerminalPeer::Host(host)) => {
                self.codes.remove(&host.code); // TERM-40
                for viewer in host.viewers {
                    self.peers.insert(viewer, TerminalPeer::Viewer { host: None });
                    actions.push(error(viewer, "The host is gone."));
                    let reason = "The host is gone";
                    actions.push(ServerAction::Close { peer: viewer, code: CLOSE_HOST_LOST, reason });
                }
            }
            Some(TerminalPeer::Viewer { host: Some(id) }) => {
                if let Some(TerminalPeer::Host(host)) = self.peers.get_mut(&id) {
                    host.viewers.retain(|viewer| *viewer != peer);
                    let gone = BrowserDisconnected { browser_id: browser_id(peer) };
                    actions.push(ServerAction::Send { to: id, text: ToHost::from(gone).encode() }); // TERM-11
                }
            }
            Some(TerminalPeer::Viewer { host: None } | TerminalPeer::Unknown | TerminalPeer::Closing) | None => {}
        }
    }
}

impl<E: Entropy> TerminalRelayCore<E> {
    fn first(
        &mut self,
        from: PeerId,
        message: TerminalMessage,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy> {
        match message {
            TerminalMessage::FromHost(FromHost::Register(_)) => {
                let code = self.draw_code()?;
                self.codes.insert(code.clone(), from);
                actions.push(registered(from, &code)); // TERM-01
                let host = TerminalHostState { code, viewers: Vec::new(), scrollback: Scrollback::default() };
                self.peers.insert(from, TerminalPeer::Host(Box::new(host)));
            }
            TerminalMessage::FromViewer(FromViewer::Auth(auth)) => self.auth(from, &auth.session_code, actions),
            TerminalMessage::Invalid(why) => {
                let why = format!("The first message must be `register` or `auth`: {why}");
                self.refuse(from, &why, "No first message", actions);
            }
            _ => self.refuse(from, "The first message must be `register` or `auth`.", "No first message", actions), // TERM-04
        }
        Ok(())
    }

    fn auth(&mut self, viewer: PeerId, code: &ViewerCode, actions: &mut Vec<ServerAction>) {
        let host = code.session_code().and_then(|code| self.codes.get(&code)).copied();
        let Some((id, TerminalPeer::Host(host))) = host.and_then(|id| Some((id, self.peers.get_mut(&id)?))) else {
            let reason = Prose::new("No host has this code.").expect("it is not empty");
            actions.push(ServerAction::Send { to: viewer, text: ToViewer::from(AuthFailed { reason }).encode() }); // TERM-03
            actions.push(ServerAction::Close { peer: viewer, code: CLOSE_REFUSED, reason: "Unknown code" });
            self.peers.insert(viewer, TerminalPeer::Closing);
            return;
        };
        host.viewers.push(viewer);
        actions.push(ServerAction::Send { to: viewer, text: ToViewer::from(AuthSuccess {}).encode() }); // TERM-02
        let frames = host.scrollback.frames();
        if !frames.is_empty() {
            actions.push(ServerAction::Replay { to: viewer, frames }); // TERM-30
        }
        let connected = BrowserConnected { browser_id: browser_id(viewer) };
        actions.push(ServerAction::Send { to: id, text: ToHost::from(connected).encode() }); // TERM-10
        self.peers.insert(viewer, TerminalPeer::Viewer { host: Some(id) });
    }

    fn refuse(&mut self, peer: PeerId, why: &str, reason: &'static str, actions: &mut Vec<ServerAction>) {
        actions.push(error(peer, why));
        actions.push(ServerAction::Close { peer, code: CLOSE_REFUSED, reason });
        self.peers.insert(peer, TerminalPeer::Closing);
    }

    /// A code that is not live (TERM-06).
    fn draw_code(&mut self) -> Result<SessionCode, NoEntropy> {
        loop {
            let text = draw_text(&mut self.entropy, ALPHABET, CODE_LENGTH)?;
            if let Some(code) = SessionCode::new(text).filter(|code| !self.codes.contains_key(code)) {
                return Ok(code);
            }
        }
    }
}

impl TerminalHostState {
    fn receive(&mut self, own: PeerId, message: TerminalMessage, actions: &mut Vec<ServerAction>) {
        let message = match message {
            TerminalMessage::Binary(bytes) => return self.show(bytes, actions),
            TerminalMessage::FromHost(message) => message,
            TerminalMessage::FromViewer(_) => return actions.push(error(own, "Only viewers may send this.")), // TERM-25
            TerminalMessage::Invalid(why) => return actions.push(error(own, &why)),
        };
        let forwarded = match message {
            // The same code: one connection has one session.
            FromHost::Register(_) => return actions.push(registered(own, &self.code)),
            FromHost::SessionList(list) => ToViewer::from(list),
            FromHost::SessionConnected(connected) => ToViewer::from(connected),
            FromHost::SessionResize(resize) => ToViewer::from(resize),
            FromHost::SessionDisconnected(SessionDisconnected { session_id }) => {
                self.scrollback.forget(&session_id); // TERM-31
                ToViewer::from(SessionDisconnected { session_id })
            }
        };
        self.forward(WireMessage::Text(forwarded.encode()), actions); // TERM-22
    }

    fn show(&mut self, bytes: Vec<u8>, actions: &mut Vec<ServerAction>) {
        if let Some(id) = session_id(&bytes) {
            self.scrollback.push(id, &bytes);
            self.forward(WireMessage::Binary(bytes), actions); // TERM-20
        }
    }

    fn forward(&self, message: WireMessage, actions: &mut Vec<ServerAction>) {
        if !self.viewers.is_empty() {
            actions.push(ServerAction::Forward { to: self.viewers.clone(), message });
        }
    }
}

fn receive_from_viewer(own: PeerId, host: PeerId, message: TerminalMessage, actions: &mut Vec<ServerAction>) {
    let message = match message {
        TerminalMessage::Binary(bytes) if session_id(&bytes).is_some() => WireMessage::Binary(bytes), // TERM-21
        TerminalMessage::Binary(_) => return,                                                         // TERM-41
        TerminalMessage::FromViewer(FromViewer::CreateSession(create)) => {
            WireMessage::Text(ToHost::from(create).encode())
        } // TERM-23
        TerminalMessage::FromViewer(FromViewer::CloseSession(close)) => match SessionId::new(close.session_id) {
            Some(id) => WireMessage::Binary(TerminalFrame::close_session(id).encode()), // TERM-24
            None => return actions.push(error(own, "A session id has 1 to 255 bytes.")), // TERM-42
        },
        TerminalMessage::FromViewer(FromViewer::Auth(_)) => {
            return actions.push(error(own, "You have already joined."));
        }
        TerminalMessage::FromHost(_) => return actions.push(error(own, "Only hosts may send this.")), // TERM-25
        TerminalMessage::Invalid(why) => return actions.push(error(own, &why)),
    };
    actions.push(ServerAction::Forward { to: vec![host], message });
}

/// The viewer's id for its host; ids are never reused.
fn browser_id(viewer: PeerId) -> String {
    format!("b{}", viewer.0)
}

fn registered(to: PeerId, code: &SessionCode) -> ServerAction {
    ServerAction::Send { to, text: ToHost::from(Registered { code: code.clone() }).encode() }
}

fn error(to: PeerId, why: &str) -> ServerAction {
    let message = Prose::new(why).expect("an explanation is not empty");
    ServerAction::Send { to, text: ToViewer::from(relayspec::terminal::Error { message }).encode() }
}
