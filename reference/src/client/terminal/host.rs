//! The host: registers, reports its code, and shares its terminal sessions (TERM-H1 to TERM-H5).

use relayspec::driver::{Command, Event};
use relayspec::terminal::{
    FromHost, Register, Registered, Session, SessionCode, SessionConnected, SessionDisconnected, SessionId,
    SessionList, TerminalFrame, ToHost,
};

use super::payload::Payload;
use super::{deliver, report};
use crate::client::action::ClientAction;
use crate::client::context::{ClientContext, ClientRole, Transition, ignore_invalid};
use crate::client::{Outgoing, SessionChange};

/// The most sessions that viewers may open.
const MOST_SESSIONS: usize = 64;

#[derive(Debug)]
pub(crate) struct TerminalHost {
    /// The same on every connection (TERM-H1).
    client_id: String,
    sessions: Vec<Session>,
    /// The last number given to a session that a viewer asked for.
    last_number: u32,
    code: Option<SessionCode>,
}

impl TerminalHost {
    pub(crate) fn new(client_id: String, session: Session) -> Self {
        Self { client_id, sessions: vec![session], last_number: 1, code: None }
    }

    fn list(&self, ctx: &mut ClientContext) {
        let list = SessionList { sessions: self.sessions.clone() };
        ctx.send(Outgoing::Text(FromHost::from(list).encode())); // TERM-H2
    }

    fn create(&mut self, ctx: &mut ClientContext) {
        if self.sessions.len() >= MOST_SESSIONS {
            return ctx.refuse("TOO_MUCH", "A viewer asked for a session beyond the limit.");
        }
        let is_taken = |id: &str| self.sessions.iter().any(|session| session.id == id);
        let id = loop {
            self.last_number += 1;
            let id = self.last_number.to_string();
            if !is_taken(&id) {
                break id;
            }
        };
        ctx.act(ClientAction::Session(SessionChange::Open { session_id: id.clone() }));
        self.announce(SessionConnected { session_id: id.clone(), name: format!("session {id}") }.into(), ctx);
    }

    /// Sends a message to the viewers, and updates the session list from it.
    fn announce(&mut self, message: FromHost, ctx: &mut ClientContext) {
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
        ctx.give(Outgoing::Text(message.encode()));
    }

    fn send(&mut self, payload: Payload, ctx: &mut ClientContext) {
        match payload {
            Payload::Text(text) => {
                match self.sessions.first().and_then(|session| SessionId::new(session.id.as_str())) {
                    Some(session_id) => show(session_id, text.into_bytes(), ctx),
                    None => ctx.refuse("NO_SESSION", "There is no session: this was not sent."),
                }
            }
            Payload::Bytes(session_id, bytes) => show(session_id, bytes, ctx),
            Payload::Control(text) => match FromHost::decode(&text) {
                Ok(FromHost::Register(_)) => {
                    ctx.refuse("INVALID_COMMAND", "The client itself registers: this was not sent.");
                }
                Ok(message) => self.announce(message, ctx),
                Err(error) => ctx.refuse("INVALID_COMMAND", error.to_string()),
            },
        }
    }
}

fn show(session_id: SessionId, payload: Vec<u8>, ctx: &mut ClientContext) {
    ctx.give(Outgoing::Binary(TerminalFrame { session_id, payload }.encode()));
}

impl ClientRole for TerminalHost {
    fn greet(&mut self, ctx: &mut ClientContext) {
        self.code = None;
        let register = Register { client_id: self.client_id.clone() };
        ctx.send(Outgoing::Text(FromHost::from(register).encode())); // TERM-H1, TERM-H4
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        match ToHost::decode(text) {
            Ok(ToHost::Registered(Registered { code })) => {
                let is_first = self.code.is_none();
                if self.code.as_ref() != Some(&code) {
                    ctx.report(Event::Registered { code: code.to_string() });
                    self.code = Some(code);
                }
                if is_first {
                    ctx.transit(Transition::Succeed);
                }
            }
            Ok(ToHost::BrowserConnected(_)) => self.list(ctx),
            Ok(ToHost::BrowserDisconnected(_)) => {}
            Ok(ToHost::CreateSession(_)) => self.create(ctx),
            Ok(ToHost::Error(error)) => report(&error, ctx),
            Err(error) => ignore_invalid("relay", &error),
        }
    }

    fn binary(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        let Ok(frame) = TerminalFrame::decode(bytes) else { return }; // TERM-H3
        let is_known = self.sessions.iter().any(|session| session.id == frame.session_id.as_str());
        if is_known && frame == TerminalFrame::close_session(frame.session_id.clone()) {
            let session_id = frame.session_id.to_string();
            ctx.act(ClientAction::Session(SessionChange::Close { session_id: session_id.clone() }));
            self.announce(SessionDisconnected { session_id }.into(), ctx);
        } else {
            deliver(frame, ctx);
        }
    }

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        match command {
            Command::Send { payload, .. } => match Payload::read(payload) {
                Ok(payload) => self.send(payload, ctx),
                Err(why) => ctx.refuse("INVALID_COMMAND", why),
            },
            command => ctx.unsupported(&command),
        }
    }

    fn typed(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn written(&mut self, session_id: &str, bytes: Vec<u8>, ctx: &mut ClientContext) {
        match SessionId::new(session_id) {
            Some(session_id) => show(session_id, bytes, ctx),
            None => ctx.refuse("NOT_SENT", "A session id has 1 to 255 bytes: the output of this session was not sent."),
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut ClientContext) -> bool {
        true
    }
}
