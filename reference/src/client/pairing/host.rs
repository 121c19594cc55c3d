//! The host: gets its code from the relay, reports it, and exchanges data (PAIR-H1 to PAIR-H6).

use relayspec::driver::{Command, Event};
use relayspec::pairing::{Data, FromHost, Pong, Register, Registered, SessionCode, ToHost};
use relayspec::text::Uuid;

use super::{deliver, line_text, payload, report};
use crate::client::Outgoing;
use crate::client::context::{ClientContext, ClientRole, Transition, ignore_invalid};

#[derive(Debug)]
pub(crate) struct PairingHost {
    /// Sent once on each connection, if any.
    client_id: Option<Uuid>,
    code: Option<SessionCode>,
}

impl PairingHost {
    pub(crate) fn new(client_id: Option<Uuid>) -> Self {
        Self { client_id, code: None }
    }
}

impl ClientRole for PairingHost {
    fn greet(&mut self, ctx: &mut ClientContext) {
        self.code = None;
        if let Some(client_id) = self.client_id.clone() {
            ctx.send(Outgoing::Text(FromHost::from(Register { client_id }).encode())); // PAIR-H1
        }
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        match ToHost::decode(text) {
            Ok(ToHost::Registered(Registered { code, .. })) => {
                let is_first = self.code.is_none();
                if self.code.as_ref() != Some(&code) {
                    ctx.report(Event::Registered { code: code.to_string() }); // PAIR-H2
                    self.code = Some(code);
                }
                if is_first {
                    ctx.transit(Transition::Succeed);
                }
            }
            Ok(ToHost::Data(Data { payload })) => deliver(payload, ctx), // PAIR-H3
            Ok(ToHost::Pong(Pong { .. })) => {}
            Ok(ToHost::Error(error)) => report(&error, ctx),
            Err(error) => ignore_invalid("relay", &error),
        }
    }

    fn binary(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        match command {
            Command::Send { payload: text, .. } => {
                if let Some(payload) = payload(text, ctx) {
                    ctx.give(Outgoing::Text(FromHost::from(Data { payload }).encode())); // PAIR-H4
                }
            }
            command => ctx.unsupported(&command),
        }
    }

    fn typed(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        if let Some(payload) = line_text(bytes, ctx) {
            ctx.give(Outgoing::Text(FromHost::from(Data { payload }).encode()));
        }
    }

    fn comes_back(&mut self, _: Option<u16>, _: &mut ClientContext) -> bool {
        true
    }
}
