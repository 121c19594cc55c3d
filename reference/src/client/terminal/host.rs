//! The host: registers, shows its code, and shares its terminal sessions (TERM-H1 to TERM-H5).

use relayspec::driver::{Command, Event};
use relayspec::terminal::{
    FromHost, Register, Registered, Session, SessionCode, SessionConnected, SessionDisconnected, SessionId,
    SessionList, TerminalFrame, ToHost,
};

use super::payload::Payload;
use super::{deliver, ignore, report};
use crate::client::desk::{Desk, Role};
use crate::client::{Change, Outgoing};

/// The most sessions that viewers may have opened.
const MOST_SESSIONS: usize = 64;

/// A host.
#[derive(Debug)]
pub struct Host {
    /// The same on every connection (TERM-H1).
    client_id: String,
    sessions: Vec<Session>,
    /// Of the sessions that viewers have asked for.
    last_number: u32,
    /// The code of this connection.
    code: Option<SessionCode>,
}

impl Host {
    /// A host with one session.
    #[must_use]
    pub fn new(client_id: String, session: Session) -> Self {
        Self { client_id, sessions: vec![session], last_number: 1, code: None }
    }

    fn list(&self, desk: &mut Desk) {
        let list = SessionList { sessions: self.sessions.clone() };
        desk.say(Outgoing::Text(FromHost::from(list).encode())); // TERM-H2
    }

    /// A viewer wants one more session.
    fn create(&mut self, desk: &mut Desk) {
        if self.sessions.len() >= MOST_SESSIONS {
            return desk.refuse("TOO_MUCH", "A viewer wants one more session than there may be.");
        }
        let is_taken = |id: &str| self.sessions.iter().any(|session| session.id == id);
        let mut number = self.last_number;
        let id = loop {
            number += 1;
            let id = number.to_string();
            if !is_taken(&id) {
                break id;
            }
        };
        self.last_number = number;
        desk.change(Change::Open { session_id: id.clone() });
        self.tell(SessionConnected { session_id: id.clone(), name: format!("session {id}") }.into(), desk);
    }

    /// Tells the viewers of something, and keeps the list by it.
    fn tell(&mut self, message: FromHost, desk: &mut Desk) {
        match &message {
            FromHost::SessionList(list) => self.sessions = list.sessions.clone(),
            FromHost::SessionConnected(SessionConnected { session_id, name }) => {
                self.sessions.retain(|session| session.id != *session_id);
                self.sessions.push(Session { id: session_id.clone(), name: name.clone() });
            }
            FromHost::SessionDisconnected(SessionDisconnected { session_id }) => {
                self.sessions.retain(|session| session.id != *session_id);
            }
            FromHost::SessionResize(_) | FromHost::Register(_) => {}
        }
        desk.give(Outgoing::Text(message.encode()));
    }

    fn send(&mut self, payload: Payload, desk: &mut Desk) {
        match payload {
            Payload::Text(text) => {
                match self.sessions.first().and_then(|session| SessionId::new(session.id.as_str())) {
                    Some(session_id) => show(session_id, text.into_bytes(), desk),
                    None => desk.refuse("NO_SESSION", "There is no session: this was not sent."),
                }
            }
            Payload::Bytes(session_id, bytes) => show(session_id, bytes, desk),
            Payload::Control(text) => match FromHost::decode(&text) {
                Ok(FromHost::Register(_)) => {
                    desk.refuse("INVALID_COMMAND", "The client registers by itself: this was not sent.");
                }
                Ok(message) => self.tell(message, desk),
                Err(error) => desk.refuse("INVALID_COMMAND", error.to_string()),
            },
        }
    }
}

fn show(session_id: SessionId, payload: Vec<u8>, desk: &mut Desk) {
    desk.give(Outgoing::Binary(TerminalFrame { session_id, payload }.encode()));
}

impl Role for Host {
    fn greet(&mut self, desk: &mut Desk) {
        self.code = None;
        let register = Register { client_id: self.client_id.clone() };
        desk.say(Outgoing::Text(FromHost::from(register).encode())); // TERM-H1, TERM-H4
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        match ToHost::decode(text) {
            Ok(ToHost::Registered(Registered { code })) => {
                let is_first = self.code.is_none();
                if self.code.as_ref() != Some(&code) {
                    desk.report(Event::Registered { code: code.to_string() });
                    self.code = Some(code);
                }
                if is_first {
                    desk.succeed();
                }
            }
            Ok(ToHost::BrowserConnected(_)) => self.list(desk),
            Ok(ToHost::BrowserDisconnected(_)) => {}
            Ok(ToHost::CreateSession(_)) => self.create(desk),
            Ok(ToHost::Error(error)) => report(&error, desk),
            Err(error) => ignore(&error),
        }
    }

    fn binary(&mut self, bytes: &[u8], desk: &mut Desk) {
        let Ok(frame) = TerminalFrame::decode(bytes) else { return }; // TERM-H3
        let is_known = self.sessions.iter().any(|session| session.id == frame.session_id.as_str());
        if is_known && frame == TerminalFrame::close_session(frame.session_id.clone()) {
            let session_id = frame.session_id.to_string();
            desk.change(Change::Close { session_id: session_id.clone() });
            self.tell(SessionDisconnected { session_id }.into(), desk);
        } else {
            deliver(frame, desk);
        }
    }

    fn command(&mut self, command: Command, desk: &mut Desk) {
        match command {
            Command::Send { payload, .. } => match Payload::read(payload) {
                Ok(payload) => self.send(payload, desk),
                Err(why) => desk.refuse("INVALID_COMMAND", why),
            },
            command => desk.unsupported(&command),
        }
    }

    fn typed(&mut self, _: &[u8], _: &mut Desk) {}

    fn written(&mut self, session_id: &str, bytes: Vec<u8>, desk: &mut Desk) {
        match SessionId::new(session_id) {
            Some(session_id) => show(session_id, bytes, desk),
            None => desk.refuse("NOT_SENT", "A session id has 1 to 255 bytes: what the session shows was not sent."),
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut Desk) -> bool {
        true
    }
}
