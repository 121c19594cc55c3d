//! The viewer: joins with the code that its user gives, and shows the terminal sessions of the host (TERM-V1 to TERM-V3, TERM-H5).

use relayspec::driver::{Command, Event};
use relayspec::terminal::{
    Auth, AuthFailed, AuthSuccess, CLOSE_HOST_LOST, FromViewer, Session, SessionConnected, SessionDisconnected,
    SessionId, SessionList, TerminalFrame, ToViewer, ViewerCode,
};

use super::keys::{Keys, Wish};
use super::payload::Payload;
use super::{deliver, ignore, report};
use crate::client::Outgoing;
use crate::client::desk::{Desk, Role};

/// Text for the first session that may wait until there is one, in bytes.
const MOST_EARLY: usize = 1 << 20;
/// What each text costs besides its bytes.
const OVERHEAD: usize = 64;

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    code: ViewerCode,
    /// `auth` was sent on this connection, perhaps with another code than the user wants now.
    has_asked: bool,
    sessions: Vec<String>,
    /// The session that a person looks at.
    shown: Option<String>,
    /// Texts for the first session, while none is known.
    early: Vec<String>,
    /// The last message that came was `error`.
    was_refused: bool,
    keys: Keys,
}

impl Viewer {
    /// A viewer that joins with a code.
    #[must_use]
    pub fn new(code: ViewerCode) -> Self {
        Self {
            code,
            has_asked: false,
            sessions: Vec::new(),
            shown: None,
            early: Vec::new(),
            was_refused: false,
            keys: Keys::default(),
        }
    }

    /// The sessions have changed.
    fn settle(&mut self, desk: &mut Desk) {
        if self.shown.as_ref().is_none_or(|shown| !self.sessions.contains(shown)) {
            self.shown = self.sessions.first().cloned();
        }
        if self.first().is_some() {
            for text in std::mem::take(&mut self.early) {
                self.say(text, desk);
            }
        }
    }

    fn early_cost(&self) -> usize {
        self.early.iter().map(|text| text.len() + OVERHEAD).sum()
    }

    fn first(&self) -> Option<SessionId> {
        self.sessions.first().and_then(|id| SessionId::new(id.as_str()))
    }

    /// Sends text to the first session, when there is one.
    fn say(&mut self, text: String, desk: &mut Desk) {
        match self.first() {
            Some(session_id) => give(session_id, text.into_bytes(), desk),
            None if self.early_cost() + text.len() <= MOST_EARLY => self.early.push(text),
            None => {
                desk.refuse("NO_SESSION", "There is no session yet, and too much waits for one: this was not sent.");
            }
        }
    }

    fn send(&mut self, payload: Payload, desk: &mut Desk) {
        match payload {
            Payload::Text(text) => self.say(text, desk),
            Payload::Bytes(session_id, bytes) => give(session_id, bytes, desk),
            Payload::Control(text) => match FromViewer::decode(&text) {
                Ok(FromViewer::Auth(_)) => {
                    desk.refuse("INVALID_COMMAND", "Give another code by `join`: this was not sent.");
                }
                Ok(message) => desk.give(Outgoing::Text(message.encode())),
                Err(error) => desk.refuse("INVALID_COMMAND", error.to_string()),
            },
        }
    }

    /// The user gave another code. One connection has one session, so it takes another connection.
    fn change(&mut self, code: String, desk: &mut Desk) {
        let Some(code) = ViewerCode::new(code) else { return };
        desk.send_back(self.forget(), "Another code was given");
        self.code = code;
        if self.has_asked {
            desk.anew();
        }
    }

    fn wish(&mut self, wish: Wish, desk: &mut Desk) {
        let shown = self.shown.as_deref().and_then(SessionId::new);
        match (wish, shown) {
            (Wish::Type(bytes), Some(session_id)) => give(session_id, bytes, desk),
            (Wish::Type(_), None) => {}
            (Wish::Close, Some(id)) => {
                let close = relayspec::terminal::CloseSession { session_id: id.to_string() };
                desk.give(Outgoing::Text(FromViewer::from(close).encode()));
            }
            (Wish::Close, None) => {}
            (Wish::Create, _) => {
                desk.give(Outgoing::Text(FromViewer::from(relayspec::terminal::CreateSession {}).encode()));
            }
            (Wish::Next, _) => {
                let at = self.sessions.iter().position(|id| Some(id) == self.shown.as_ref());
                let next = at.map_or(0, |at| (at + 1) % self.sessions.len());
                self.shown = self.sessions.get(next).cloned();
            }
            (Wish::End, _) => desk.stop(),
        }
    }
}

fn give(session_id: SessionId, payload: Vec<u8>, desk: &mut Desk) {
    desk.give(Outgoing::Binary(TerminalFrame { session_id, payload }.encode()));
}

impl Role for Viewer {
    fn greet(&mut self, desk: &mut Desk) {
        self.has_asked = true;
        desk.say(Outgoing::Text(FromViewer::from(Auth { session_code: self.code.clone() }).encode())); // TERM-V1
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        let message = match ToViewer::decode(text) {
            Ok(message) => message,
            Err(error) => return ignore(&error), // TERM-V3
        };
        self.was_refused = matches!(message, ToViewer::Error(_));
        match message {
            ToViewer::AuthSuccess(AuthSuccess {}) => {
                desk.report(Event::Joined {});
                desk.succeed();
            }
            ToViewer::AuthFailed(AuthFailed { reason }) => {
                desk.report(Event::Error { code: "auth_failed".to_owned(), message: reason.to_string() });
                desk.give_up(); // TERM-V1, RECON-11
            }
            ToViewer::SessionList(SessionList { sessions }) => {
                self.sessions = sessions.into_iter().map(|Session { id, .. }| id).collect();
                self.settle(desk);
            }
            ToViewer::SessionConnected(SessionConnected { session_id, .. }) => {
                if !self.sessions.contains(&session_id) {
                    self.sessions.push(session_id);
                }
                self.settle(desk);
            }
            ToViewer::SessionDisconnected(SessionDisconnected { session_id }) => {
                self.sessions.retain(|id| *id != session_id);
                self.settle(desk);
            }
            ToViewer::SessionResize(_) => {}
            ToViewer::Error(error) => report(&error, desk),
        }
    }

    fn binary(&mut self, bytes: &[u8], desk: &mut Desk) {
        let Ok(frame) = TerminalFrame::decode(bytes) else { return }; // TERM-V3
        self.was_refused = false;
        if self.sessions.is_empty() {
            self.sessions.push(frame.session_id.to_string());
            self.settle(desk);
        }
        deliver(frame, desk);
    }

    fn command(&mut self, command: Command, desk: &mut Desk) {
        match command {
            Command::Send { payload, .. } => match Payload::read(payload) {
                Ok(payload) => self.send(payload, desk),
                Err(why) => desk.refuse("INVALID_COMMAND", why),
            },
            Command::Join { code } => self.change(code, desk),
            command => desk.unsupported(&command),
        }
    }

    fn typed(&mut self, bytes: &[u8], desk: &mut Desk) {
        for wish in self.keys.read(bytes) {
            self.wish(wish, desk);
        }
    }

    fn forget(&mut self) -> usize {
        std::mem::take(&mut self.early).len()
    }

    fn shows(&self, session_id: &str) -> bool {
        self.shown.as_deref() == Some(session_id)
    }

    fn comes_back(&mut self, close_code: Option<u16>, _: &mut Desk) -> bool {
        self.has_asked = false;
        self.sessions.clear();
        // A lost host is told by `error` and code 1000 (TERM-V2, TERM-40).
        !(std::mem::take(&mut self.was_refused) && close_code == Some(CLOSE_HOST_LOST))
    }
}
