//! The core of the terminal relay: one host and many viewers for each code, and who gets what (chapter `terminal`).
//!
//! The first message on a connection decides what it is. A host's binary messages go to all of its viewers and into the scrollback;
//! a viewer's go to its host. No clock, no socket, no task: a shell does the rest.

mod message;
mod scrollback;
#[cfg(test)]
mod tests;

pub use message::Message;

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
use super::{Action, Core, Inbound, Letter, Now, PeerId};
use scrollback::{Scrollback, session_id};

/// The state of a terminal relay.
#[derive(Debug)]
pub struct Relay<E> {
    entropy: E,
    last_id: u64,
    peers: HashMap<PeerId, Peer>,
    /// The host of each live code.
    codes: HashMap<SessionCode, PeerId>,
}

#[derive(Debug)]
enum Peer {
    /// It has not said what it is.
    Unknown,
    Host(Box<Host>),
    Viewer {
        /// `None` once the host is lost.
        host: Option<PeerId>,
    },
    /// About to be closed; nothing that it says counts.
    Closing,
}

#[derive(Debug)]
struct Host {
    code: SessionCode,
    viewers: Vec<PeerId>,
    scrollback: Scrollback,
}

impl<E: Entropy> Relay<E> {
    /// A relay without connections.
    #[must_use]
    pub fn new(entropy: E) -> Self {
        Self { entropy, last_id: 0, peers: HashMap::new(), codes: HashMap::new() }
    }
}

impl<E: Entropy + fmt::Debug + Send + 'static> Core for Relay<E> {
    type Role = ();
    type Message = Message;

    const NAME: &'static str = "terminal relay";
    // Of each viewer. Late ones have the scrollback to read first, for which the others need not wait.
    const MARK: usize = 2 << 20;

    // One viewer that sleeps must not hold all others for longer. It comes back and has the scrollback.
    const STALL_LIMIT: Option<Duration> = Some(Duration::from_secs(5));

    fn endpoint(path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn read_text((): (), text: &str) -> Inbound<Message> {
        Inbound::Asked(Message::read(text))
    }

    fn read_binary((): (), bytes: &[u8]) -> Inbound<Message> {
        Inbound::Asked(Message::Binary(bytes.to_vec()))
    }

    fn patience(timing: &Timing) -> Option<Duration> {
        Some(timing.value(Parameter::AuthTimeout))
    }

    fn open(&mut self, (): (), _: Now, _: &mut Vec<Action>) -> Result<PeerId, NoEntropy> {
        let peer = PeerId::after(self.last_id);
        self.last_id += 1;
        self.peers.insert(peer, Peer::Unknown);
        Ok(peer)
    }

    fn receive(&mut self, from: PeerId, message: Message, _: Now, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        match self.peers.get_mut(&from) {
            Some(Peer::Unknown) => self.first(from, message, actions)?,
            Some(Peer::Host(host)) => host.says(from, message, actions),
            Some(Peer::Viewer { host: Some(host) }) => viewer_says(from, *host, message, actions),
            Some(Peer::Viewer { host: None } | Peer::Closing) | None => {}
        }
        Ok(())
    }

    fn unheard(&mut self, peer: PeerId, actions: &mut Vec<Action>) {
        if let Some(Peer::Unknown) = self.peers.get(&peer) {
            self.refuse(peer, "No first message came in time.", "No first message", actions); // TERM-05
        }
    }

    fn lost(&mut self, peer: PeerId, _: Now, actions: &mut Vec<Action>) {
        match self.peers.remove(&peer) {
            Some(Peer::Host(host)) => {
                self.codes.remove(&host.code); // TERM-40
                for viewer in host.viewers {
                    self.peers.insert(viewer, Peer::Viewer { host: None });
                    actions.push(error(viewer, "The host is gone."));
                    let reason = "The host is gone";
                    actions.push(Action::Close { peer: viewer, code: CLOSE_HOST_LOST, reason });
                }
            }
            Some(Peer::Viewer { host: Some(id) }) => {
                if let Some(Peer::Host(host)) = self.peers.get_mut(&id) {
                    host.viewers.retain(|viewer| *viewer != peer);
                    let gone = BrowserDisconnected { browser_id: browser_id(peer) };
                    actions.push(Action::Send { to: id, text: ToHost::from(gone).encode() }); // TERM-11
                }
            }
            Some(Peer::Viewer { host: None } | Peer::Unknown | Peer::Closing) | None => {}
        }
    }
}

impl<E: Entropy> Relay<E> {
    /// The first message of a connection decides what it is.
    fn first(&mut self, from: PeerId, message: Message, actions: &mut Vec<Action>) -> Result<(), NoEntropy> {
        match message {
            Message::FromHost(FromHost::Register(_)) => {
                let code = self.draw_code()?;
                self.codes.insert(code.clone(), from);
                actions.push(registered(from, &code)); // TERM-01
                let host = Host { code, viewers: Vec::new(), scrollback: Scrollback::default() };
                self.peers.insert(from, Peer::Host(Box::new(host)));
            }
            Message::FromViewer(FromViewer::Auth(auth)) => self.auth(from, &auth.session_code, actions),
            Message::Nothing(why) => {
                let why = format!("The first message is `register` or `auth`: {why}");
                self.refuse(from, &why, "No first message", actions);
            }
            _ => self.refuse(from, "The first message is `register` or `auth`.", "No first message", actions), // TERM-04
        }
        Ok(())
    }

    fn auth(&mut self, viewer: PeerId, code: &ViewerCode, actions: &mut Vec<Action>) {
        let host = code.session_code().and_then(|code| self.codes.get(&code)).copied();
        let Some((id, Peer::Host(host))) = host.and_then(|id| Some((id, self.peers.get_mut(&id)?))) else {
            let reason = Prose::new("No host has this code.").expect("it is not empty");
            actions.push(Action::Send { to: viewer, text: ToViewer::from(AuthFailed { reason }).encode() }); // TERM-03
            actions.push(Action::Close { peer: viewer, code: CLOSE_REFUSED, reason: "Unknown code" });
            self.peers.insert(viewer, Peer::Closing);
            return;
        };
        host.viewers.push(viewer);
        actions.push(Action::Send { to: viewer, text: ToViewer::from(AuthSuccess {}).encode() }); // TERM-02
        let frames = host.scrollback.frames();
        if !frames.is_empty() {
            actions.push(Action::Replay { to: viewer, frames }); // TERM-30
        }
        let connected = BrowserConnected { browser_id: browser_id(viewer) };
        actions.push(Action::Send { to: id, text: ToHost::from(connected).encode() }); // TERM-10
        self.peers.insert(viewer, Peer::Viewer { host: Some(id) });
    }

    fn refuse(&mut self, peer: PeerId, why: &str, reason: &'static str, actions: &mut Vec<Action>) {
        actions.push(error(peer, why));
        actions.push(Action::Close { peer, code: CLOSE_REFUSED, reason });
        self.peers.insert(peer, Peer::Closing);
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

impl Host {
    fn says(&mut self, own: PeerId, message: Message, actions: &mut Vec<Action>) {
        let message = match message {
            Message::Binary(bytes) => return self.show(bytes, actions),
            Message::FromHost(message) => message,
            Message::FromViewer(_) => return actions.push(error(own, "This is for viewers to say.")), // TERM-25
            Message::Nothing(why) => return actions.push(error(own, &why)),
        };
        let told = match message {
            // The code of before: one connection has one session.
            FromHost::Register(_) => return actions.push(registered(own, &self.code)),
            FromHost::SessionList(list) => ToViewer::from(list),
            FromHost::SessionConnected(connected) => ToViewer::from(connected),
            FromHost::SessionResize(resize) => ToViewer::from(resize),
            FromHost::SessionDisconnected(SessionDisconnected { session_id }) => {
                self.scrollback.forget(&session_id); // TERM-31
                ToViewer::from(SessionDisconnected { session_id })
            }
        };
        self.tell(Letter::Text(told.encode()), actions); // TERM-22
    }

    /// Bytes of a terminal, for all viewers that are there and those that come.
    fn show(&mut self, bytes: Vec<u8>, actions: &mut Vec<Action>) {
        if let Some(id) = session_id(&bytes) {
            self.scrollback.push(id, &bytes);
            self.tell(Letter::Binary(bytes), actions); // TERM-20
        }
    }

    fn tell(&self, letter: Letter, actions: &mut Vec<Action>) {
        if !self.viewers.is_empty() {
            actions.push(Action::Forward { to: self.viewers.clone(), letter });
        }
    }
}

fn viewer_says(own: PeerId, host: PeerId, message: Message, actions: &mut Vec<Action>) {
    let letter = match message {
        Message::Binary(bytes) if session_id(&bytes).is_some() => Letter::Binary(bytes), // TERM-21
        Message::Binary(_) => return,                                                    // TERM-41
        Message::FromViewer(FromViewer::CreateSession(create)) => Letter::Text(ToHost::from(create).encode()), // TERM-23
        Message::FromViewer(FromViewer::CloseSession(close)) => match SessionId::new(close.session_id) {
            Some(id) => Letter::Binary(TerminalFrame::close_session(id).encode()), // TERM-24
            None => return actions.push(error(own, "A session id has 1 to 255 bytes.")), // TERM-42
        },
        Message::FromViewer(FromViewer::Auth(_)) => return actions.push(error(own, "You are connected already.")),
        Message::FromHost(_) => return actions.push(error(own, "This is for hosts to say.")), // TERM-25
        Message::Nothing(why) => return actions.push(error(own, &why)),
    };
    actions.push(Action::Forward { to: vec![host], letter });
}

/// What the host calls a viewer: no other connection of this relay ever has the same id.
fn browser_id(viewer: PeerId) -> String {
    format!("b{}", viewer.0)
}

fn registered(to: PeerId, code: &SessionCode) -> Action {
    Action::Send { to, text: ToHost::from(Registered { code: code.clone() }).encode() }
}

fn error(to: PeerId, why: &str) -> Action {
    let message = Prose::new(why).expect("an explanation is not empty");
    Action::Send { to, text: ToViewer::from(relayspec::terminal::Error { message }).encode() }
}
