//! The viewer: joins with the user's code, and exchanges data (PAIR-V1 to PAIR-V6).

use std::collections::VecDeque;

use relayspec::driver::{Command, Event};
use relayspec::pairing::{Data, Error, ErrorCode, FromViewer, Join, JoinCode, Joined, Pong, ToViewer};

use super::{deliver, line_text, payload, report};
use crate::client::Outgoing;
use crate::client::context::{ClientContext, ClientRole, Transition, ignore_invalid};

#[derive(Debug)]
pub(crate) struct PairingViewer {
    code: JoinCode,
    code_state: CodeState,
    is_joined: bool,
    /// The codes that await an answer on this connection, in order.
    asked: VecDeque<JoinCode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodeState {
    /// Not answered by the relay yet.
    Fresh,
    /// The viewer has joined with it, or had when the connection was lost.
    Held,
    /// CommandError, or its host is gone: it is not sent again (PAIR-V2, PAIR-V5).
    Dead,
}

impl PairingViewer {
    pub(crate) fn new(code: JoinCode) -> Self {
        Self { code, code_state: CodeState::Fresh, is_joined: false, asked: VecDeque::new() }
    }

    fn ask(&mut self, code: JoinCode, ctx: &mut ClientContext) {
        ctx.send(Outgoing::Text(FromViewer::from(Join { code: code.clone() }).encode())); // PAIR-V1
        self.asked.push_back(code);
    }

    fn change(&mut self, code: &str, ctx: &mut ClientContext) {
        let Some(code) = JoinCode::new(code) else {
            return ctx.refuse("INVALID_CODE", "A code has 6 characters: this one was not sent.");
        };
        if !self.is_joined {
            ctx.send_back(0, "Another code was given");
            (self.code, self.code_state) = (code.clone(), CodeState::Fresh);
        }
        if ctx.is_open {
            self.ask(code, ctx);
            ctx.transit(Transition::Attempt);
        }
    }

    fn joined(&mut self, ctx: &mut ClientContext) {
        self.code = self.asked.pop_front().unwrap_or(self.code.clone());
        self.code_state = CodeState::Held;
        self.is_joined = true;
        ctx.report(Event::Joined {});
        ctx.transit(Transition::Succeed);
    }

    fn refused(&mut self, error: &Error, ctx: &mut ClientContext) {
        report(error, ctx);
        match error.code {
            ErrorCode::InvalidCode | ErrorCode::ExpiredCode | ErrorCode::AlreadyJoined => {
                self.answered(error.code, ctx);
            }
            // A viewer that has not joined can only have sent an invalid `join` (PAIR-24).
            ErrorCode::InvalidMessage if !self.is_joined => self.answered(error.code, ctx),
            ErrorCode::MacDisconnected if self.is_joined => {
                self.is_joined = false;
                self.settle(ctx);
            }
            ErrorCode::MacDisconnected => self.answered(error.code, ctx),
            ErrorCode::NotFound | ErrorCode::InvalidMessage => {}
        }
    }

    /// A `join` was refused, if any was sent.
    fn answered(&mut self, why: ErrorCode, ctx: &mut ClientContext) {
        let Some(code) = self.asked.pop_front() else { return };
        if self.is_joined || code != self.code {
            return; // The pairing continues, or the user has given another code since.
        }
        if why == ErrorCode::AlreadyJoined && self.code_state == CodeState::Held && self.asked.is_empty() {
            ctx.transit(Transition::Retry); // The relay may not have noticed the loss yet (PAIR-V2).
        } else {
            self.settle(ctx);
        }
    }

    /// The code is dead; if the user has given another one, its answer is awaited.
    fn settle(&mut self, ctx: &mut ClientContext) {
        ctx.send_back(0, "There is no host to send to");
        match self.asked.back() {
            Some(code) => {
                (self.code, self.code_state) = (code.clone(), CodeState::Fresh);
                ctx.transit(Transition::Attempt);
            }
            None => {
                self.code_state = CodeState::Dead;
                ctx.transit(Transition::Rest);
            }
        }
    }
}

impl ClientRole for PairingViewer {
    fn greet(&mut self, ctx: &mut ClientContext) {
        self.ask(self.code.clone(), ctx);
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        match ToViewer::decode(text) {
            Ok(ToViewer::Joined(Joined { .. })) => self.joined(ctx),
            Ok(ToViewer::Data(Data { payload })) => deliver(payload, ctx), // PAIR-V4
            Ok(ToViewer::Pong(Pong { .. })) => {}
            Ok(ToViewer::Error(error)) => self.refused(&error, ctx),
            Err(error) => ignore_invalid("relay", &error),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        match command {
            Command::Send { .. } if self.code_state == CodeState::Dead => {
                ctx.refuse("NOT_JOINED", "There is no host to send to: give another code first."); // PAIR-V5
            }
            Command::Send { payload: text, .. } => {
                if let Some(payload) = payload(text, ctx) {
                    ctx.give(Outgoing::Text(FromViewer::from(Data { payload }).encode())); // PAIR-V3
                }
            }
            Command::Join { code } => self.change(&code, ctx),
            command => ctx.unsupported(&command),
        }
    }

    fn typed(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        let Some(text) = line_text(bytes, ctx) else { return };
        if self.code_state == CodeState::Dead {
            self.change(text.trim(), ctx);
        } else {
            ctx.give(Outgoing::Text(FromViewer::from(Data { payload: text }).encode()));
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut ClientContext) -> bool {
        self.is_joined = false;
        if let Some(code) = self.asked.drain(..).next_back()
            && code != self.code
        {
            (self.code, self.code_state) = (code, CodeState::Fresh);
        }
        self.code_state != CodeState::Dead // PAIR-V6
    }
}
