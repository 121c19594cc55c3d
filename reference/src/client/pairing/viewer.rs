//! The viewer: joins with the code that its user gives, and exchanges data (PAIR-V1 to PAIR-V6).

use std::collections::VecDeque;

use relayspec::driver::{Command, Event};
use relayspec::pairing::{Data, Error, ErrorCode, FromViewer, Join, JoinCode, Joined, Pong, ToViewer};

use super::{deliver, ignore, line, other, payload, report};
use crate::client::Outgoing;
use crate::client::desk::{Desk, Role};

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    code: JoinCode,
    standing: Standing,
    /// On this connection it is joined.
    is_joined: bool,
    /// The codes that were sent and not answered on this connection, in their order.
    asked: VecDeque<JoinCode>,
}

/// What is known of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The user gave it, and the relay has not answered.
    Fresh,
    /// The viewer was joined with it when it was lost, or is.
    Held,
    /// Refused, or its host is gone: it is not sent again (PAIR-V2, PAIR-V5).
    Dead,
}

impl Viewer {
    /// A viewer that joins with a code.
    #[must_use]
    pub fn new(code: JoinCode) -> Self {
        Self { code, standing: Standing::Fresh, is_joined: false, asked: VecDeque::new() }
    }

    fn ask(&mut self, code: JoinCode, desk: &mut Desk) {
        desk.say(Outgoing::Text(FromViewer::from(Join { code: code.clone() }).encode())); // PAIR-V1
        self.asked.push_back(code);
    }

    /// The user gave another code.
    fn change(&mut self, code: &str, desk: &mut Desk) {
        let Some(code) = JoinCode::new(code) else {
            return desk.refuse("INVALID_CODE", "A code has 6 characters: this one was not sent.");
        };
        if !self.is_joined {
            desk.send_back(0, "Another code was given");
            (self.code, self.standing) = (code.clone(), Standing::Fresh);
        }
        if desk.is_open() {
            self.ask(code, desk);
            desk.attempt();
        }
    }

    fn joined(&mut self, desk: &mut Desk) {
        self.code = self.asked.pop_front().unwrap_or(self.code.clone());
        self.standing = Standing::Held;
        self.is_joined = true;
        desk.report(Event::Joined {});
        desk.succeed();
    }

    fn refused(&mut self, error: &Error, desk: &mut Desk) {
        report(error, desk);
        match error.code {
            ErrorCode::InvalidCode | ErrorCode::ExpiredCode | ErrorCode::AlreadyJoined => {
                self.answered(error.code, desk);
            }
            // Of a viewer that has not joined, only its `join` can be meant (PAIR-24).
            ErrorCode::InvalidMessage if !self.is_joined => self.answered(error.code, desk),
            ErrorCode::MacDisconnected if self.is_joined => {
                self.is_joined = false;
                self.settle(desk);
            }
            ErrorCode::MacDisconnected => self.answered(error.code, desk),
            ErrorCode::NotFound | ErrorCode::InvalidMessage => {}
        }
    }

    /// A `join` was refused, unless none was sent.
    fn answered(&mut self, why: ErrorCode, desk: &mut Desk) {
        let Some(code) = self.asked.pop_front() else { return };
        if self.is_joined || code != self.code {
            return; // The pairing goes on; or the user has given another code since.
        }
        if why == ErrorCode::AlreadyJoined && self.standing == Standing::Held && self.asked.is_empty() {
            desk.try_again(); // The relay may not have noticed the loss yet (PAIR-V2).
        } else {
            self.settle(desk);
        }
    }

    /// The code is dead. If the user has given another one meanwhile, its answer is awaited.
    fn settle(&mut self, desk: &mut Desk) {
        desk.send_back(0, "There is nobody to send it to");
        match self.asked.back() {
            Some(code) => {
                (self.code, self.standing) = (code.clone(), Standing::Fresh);
                desk.attempt();
            }
            None => {
                self.standing = Standing::Dead;
                desk.rest();
            }
        }
    }
}

impl Role for Viewer {
    fn greet(&mut self, desk: &mut Desk) {
        self.ask(self.code.clone(), desk);
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        match ToViewer::decode(text) {
            Ok(ToViewer::Joined(Joined { .. })) => self.joined(desk),
            Ok(ToViewer::Data(Data { payload })) => deliver(payload, desk), // PAIR-V4
            Ok(ToViewer::Pong(Pong { .. })) => {}
            Ok(ToViewer::Error(error)) => self.refused(&error, desk),
            Err(error) => ignore(&error),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut Desk) {}

    fn command(&mut self, command: Command, desk: &mut Desk) {
        match command {
            Command::Send { .. } if self.standing == Standing::Dead => {
                desk.refuse("NOT_JOINED", "There is nobody to send this to: give another code first."); // PAIR-V5
            }
            Command::Send { payload: text, .. } => {
                if let Some(payload) = payload(text, desk) {
                    desk.give(Outgoing::Text(FromViewer::from(Data { payload }).encode())); // PAIR-V3
                }
            }
            Command::Join { code } => self.change(&code, desk),
            command => other(&command, desk),
        }
    }

    fn typed(&mut self, bytes: &[u8], desk: &mut Desk) {
        let Some(text) = line(bytes, desk) else { return };
        if self.standing == Standing::Dead {
            self.change(text.trim(), desk); // The only thing that helps.
        } else {
            desk.give(Outgoing::Text(FromViewer::from(Data { payload: text }).encode()));
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut Desk) -> bool {
        self.is_joined = false;
        if let Some(code) = self.asked.drain(..).next_back()
            && code != self.code
        {
            (self.code, self.standing) = (code, Standing::Fresh);
        }
        self.standing != Standing::Dead // PAIR-V6
    }
}
