//! The host: takes its code from the relay, shows it, and exchanges data (PAIR-H1 to PAIR-H6).

use relayspec::driver::{Command, Event};
use relayspec::pairing::{Data, FromHost, Pong, Register, Registered, SessionCode, ToHost};
use relayspec::text::Uuid;

use super::{deliver, ignore, line, other, payload, report};
use crate::client::Outgoing;
use crate::client::desk::{Desk, Role};

/// A host.
#[derive(Debug)]
pub struct Host {
    /// Sent once on each connection, where it is given.
    client_id: Option<Uuid>,
    /// The code of this connection.
    code: Option<SessionCode>,
}

impl Host {
    /// A host that names itself, where it has an id.
    #[must_use]
    pub fn new(client_id: Option<Uuid>) -> Self {
        Self { client_id, code: None }
    }
}

impl Role for Host {
    fn greet(&mut self, desk: &mut Desk) {
        self.code = None;
        if let Some(client_id) = self.client_id.clone() {
            desk.say(Outgoing::Text(FromHost::from(Register { client_id }).encode())); // PAIR-H1
        }
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        match ToHost::decode(text) {
            Ok(ToHost::Registered(Registered { code, .. })) => {
                let is_first = self.code.is_none();
                if self.code.as_ref() != Some(&code) {
                    desk.report(Event::Registered { code: code.to_string() }); // PAIR-H2
                    self.code = Some(code);
                }
                if is_first {
                    desk.succeed();
                }
            }
            Ok(ToHost::Data(Data { payload })) => deliver(payload, desk), // PAIR-H3
            Ok(ToHost::Pong(Pong { .. })) => {}
            Ok(ToHost::Error(error)) => report(&error, desk),
            Err(error) => ignore(&error),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut Desk) {}

    fn command(&mut self, command: Command, desk: &mut Desk) {
        match command {
            Command::Send { payload: text, .. } => {
                if let Some(payload) = payload(text, desk) {
                    desk.give(Outgoing::Text(FromHost::from(Data { payload }).encode())); // PAIR-H4
                }
            }
            command => other(&command, desk),
        }
    }

    fn typed(&mut self, bytes: &[u8], desk: &mut Desk) {
        if let Some(payload) = line(bytes, desk) {
            desk.give(Outgoing::Text(FromHost::from(Data { payload }).encode()));
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut Desk) -> bool {
        true
    }
}
