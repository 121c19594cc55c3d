//! The viewer: joins with the user's code, and shows the terminal sessions of the host (TERM-V1 to TERM-V3, TERM-H5).

use relayspec::driver::{Command, Event};
use relayspec::terminal::{
    Auth, AuthFailed, AuthSuccess, CLOSE_HOST_LOST, FromViewer, Session, SessionConnected, SessionDisconnected,
    SessionId, SessionList, TerminalFrame, ToViewer, ViewerCode,
};

use super::keys::{KeyCommand, Keys};
use super::payload::Payload;
use super::{deliver, report};
use crate::client::Outgoing;
use crate::client::context::{ClientContext, ClientRole, Transition, ignore_invalid};

/// The most bytes of text that wait for a first session.
const MOST_EARLY: usize = 1 << 20;
/// What each text costs besides its bytes.
const OVERHEAD: usize = 64;

#[derive(Debug)]
pub(crate) struct TerminalViewer {
    code: ViewerCode,
    /// `auth` was sent on this connection, perhaps with an earlier code.
    has_asked: bool,
    sessions: Vec<String>,
    /// The session that a person sees.
    shown: Option<String>,
    /// Texts that wait for a first session.
    early: Vec<String>,
    /// The last message received was `error`.
    was_refused: bool,
    keys: Keys,
}

impl TerminalViewer {
    pub(crate) fn new(code: ViewerCode) -> Self {
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

    fn settle(&mut self, ctx: &mut ClientContext) {
        if self.shown.as_ref().is_none_or(|shown| !self.sessions.contains(shown)) {
            self.shown = self.sessions.first().cloned();
        }
        if self.first().is_some() {
            for text in std::mem::take(&mut self.early) {
                self.send_text(text, ctx);
            }
        }
    }

    fn early_cost(&self) -> usize {
        self.early.iter().map(|text| text.len() + OVERHEAD).sum()
    }

    fn first(&self) -> Option<SessionId> {
        self.sessions.first().and_then(|id| SessionId::new(id.as_str()))
    }

    fn send_text(&mut self, text: String, ctx: &mut ClientContext) {
        match self.first() {
            Some(session_id) => give(session_id, text.into_bytes(), ctx),
            None if self.early_cost() + text.len() <= MOST_EARLY => self.early.push(text),
            None => {
                ctx.refuse(
                    "NO_SESSION",
                    "There is no session yet, and too much text waits for one: this was not sent.",
                );
            }
        }
    }

    fn send(&mut self, payload: Payload, ctx: &mut ClientContext) {
        match payload {
            Payload::Text(text) => self.send_text(text, ctx),
            Payload::Bytes(session_id, bytes) => give(session_id, bytes, ctx),
            Payload::Control(text) => match FromViewer::decode(&text) {
                Ok(FromViewer::Auth(_)) => {
                    ctx.refuse("INVALID_COMMAND", "Use `join` to give another code: this was not sent.");
                }
                Ok(message) => ctx.give(Outgoing::Text(message.encode())),
                Err(error) => ctx.refuse("INVALID_COMMAND", error.to_string()),
            },
        }
    }

    /// The user gave another code. It needs another connection, since a connection has one session.
    fn change(&mut self, code: String, ctx: &mut ClientContext) {
        let Some(code) = ViewerCode::new(code) else { return };
        ctx.send_back(self.forget(), "Another code was given");
        self.code = code;
        if self.has_asked {
            ctx.transit(Transition::Reconnect);
        }
    }

    fn run_key(&mut self, command: KeyCommand, ctx: &mut ClientContext) {
        let shown = self.shown.as_deref().and_then(SessionId::new);
        match (command, shown) {
            (KeyCommand::Type(bytes), Some(session_id)) => give(session_id, bytes, ctx),
            (KeyCommand::Type(_), None) => {}
            (KeyCommand::Close, Some(id)) => {
                let close = relayspec::terminal::CloseSession { session_id: id.to_string() };
                ctx.give(Outgoing::Text(FromViewer::from(close).encode()));
            }
            (KeyCommand::Close, None) => {}
            (KeyCommand::Create, _) => {
                ctx.give(Outgoing::Text(FromViewer::from(relayspec::terminal::CreateSession {}).encode()));
            }
            (KeyCommand::Next, _) => {
                let at = self.sessions.iter().position(|id| Some(id) == self.shown.as_ref());
                let next = at.map_or(0, |at| (at + 1) % self.sessions.len());
                self.shown = self.sessions.get(next).cloned();
            }
            (KeyCommand::End, _) => ctx.transit(Transition::Stop),
        }
    }
}

fn give(session_id: SessionId, payload: Vec<u8>, ctx: &mut ClientContext) {
    ctx.give(Outgoing::Binary(TerminalFrame { session_id, payload }.encode()));
}

impl ClientRole for TerminalViewer {
    fn greet(&mut self, ctx: &mut ClientContext) {
        self.has_asked = true;
        ctx.send(Outgoing::Text(FromViewer::from(Auth { session_code: self.code.clone() }).encode())); // TERM-V1
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        let message = match ToViewer::decode(text) {
            Ok(message) => message,
            Err(error) => return ignore_invalid("relay", &error), // TERM-V3
        };
        self.was_refused = matches!(message, ToViewer::Error(_));
        match message {
            ToViewer::AuthSuccess(AuthSuccess {}) => {
                ctx.report(Event::Joined {});
                ctx.transit(Transition::Succeed);
            }
            ToViewer::AuthFailed(AuthFailed { reason }) => {
                ctx.report(Event::Error { code: "auth_failed".to_owned(), message: reason.to_string() });
                ctx.transit(Transition::GiveUp); // TERM-V1, RECON-11
            }
            ToViewer::SessionList(SessionList { sessions }) => {
                self.sessions = sessions.into_iter().map(|Session { id, .. }| id).collect();
                self.settle(ctx);
            }
            ToViewer::SessionConnected(SessionConnected { session_id, .. }) => {
                if !self.sessions.contains(&session_id) {
                    self.sessions.push(session_id);
                }
                self.settle(ctx);
            }
            ToViewer::SessionDisconnected(SessionDisconnected { session_id }) => {
                self.sessions.retain(|id| *id != session_id);
                self.settle(ctx);
            }
            ToViewer::SessionResize(_) => {}
            ToViewer::Error(error) => report(&error, ctx),
        }
    }

    fn binary(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        let Ok(frame) = TerminalFrame::decode(bytes) else { return }; // TERM-V3
        self.was_refused = false;
        if self.sessions.is_empty() {
            self.sessions.push(frame.session_id.to_string());
            self.settle(ctx);
        }
        deliver(frame, ctx);
    }

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        match command {
            Command::Send { payload, .. } => match Payload::read(payload) {
                Ok(payload) => self.send(payload, ctx),
                Err(why) => ctx.refuse("INVALID_COMMAND", why),
            },
            Command::Join { code } => self.change(code, ctx),
            command => ctx.unsupported(&command),
        }
    }

    fn typed(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        for command in self.keys.read(bytes) {
            self.run_key(command, ctx);
        }
    }

    fn forget(&mut self) -> usize {
        std::mem::take(&mut self.early).len()
    }

    fn shows(&self, session_id: &str) -> bool {
        self.shown.as_deref() == Some(session_id)
    }

    fn comes_back(&mut self, close_code: Option<u16>, _: &mut ClientContext) -> bool {
        self.has_asked = false;
        self.sessions.clear();
        // `error` and code 1000 mean that the host is lost (TERM-V2, TERM-40).
        !(std::mem::take(&mut self.was_refused) && close_code == Some(CLOSE_HOST_LOST))
    }
}
