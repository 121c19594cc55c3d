//! Mutants of a terminal host.

use serde_json::Value;

use super::fragile;
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Link, Links};
use crate::mutant::wire::{BINARY, Frame};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["TERM-H1"], "sends terminal bytes before `register`").starving(),
    Mutant::new("another-client-id", &["TERM-H1"], "uses a different `client_id` on each connection")
        .causing(&["TERM-H4"]),
    Mutant::new("registers-once", &["TERM-H4", "TERM-H1"], "does not register again")
        .causing(&["RECON-01", "RECON-04", "RECON-09", "RECON-12", "TERM-H2", "TERM-H5", "WIRE-06", "WIRE-09"]),
    Mutant::new("no-list", &["TERM-H2"], "sends no session list").causing(&["TERM-H3", "TERM-H5"]),
    Mutant::new("no-list-again", &["TERM-H2"], "sends a session list only to its first viewer"),
    Mutant::new("closes-on-unknown", &["TERM-H3"], "disconnects on a message of unknown type").causing(&["WIRE-06"]),
    Mutant::new("fragile-to-bytes", &["TERM-H3"], "disconnects on a malformed binary message").causing(&["WIRE-06"]),
    Mutant::new("keeps-its-code", &["TERM-H4"], "shows its old code after reconnecting"),
    Mutant::new("alters-what-it-says", &["TERM-H5"], "alters bytes that it sends"),
    Mutant::new("alters-what-it-hears", &["TERM-H5"], "alters bytes that it receives"),
    Mutant::new("hears-twice", &["TERM-H5"], "reports binary messages twice"),
    Mutant::new("loses-empty", &["TERM-H5"], "sends no empty payloads"),
    Mutant::new("one-session-for-all", &["TERM-H5"], "sends all bytes under one session id"),
];

#[derive(Debug)]
pub(crate) struct TerminalHostMutant {
    mutant: &'static str,
    number: usize,
    lists: usize,
}

impl TerminalHostMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, lists: 0 }
    }
}

impl Link for TerminalHostMutant {
    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let action = match flow {
            Flow::In => self.incoming(kind, &message, &frame),
            Flow::Out => self.outgoing(kind, &message, &frame, state),
        };
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl TerminalHostMutant {
    fn incoming(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Effect> {
        let is_binary = frame.head == BINARY;
        self.lists += usize::from(kind == "session_list");
        Some(match (self.mutant, kind) {
            ("speaks-first", "register") => super::early(frame),
            ("another-client-id", "register") => {
                Effect::with(message, "client_id", self.number.to_string().into(), frame)
            }
            ("registers-once", "register") if self.number > 1 => Effect::nothing(),
            ("no-list", "session_list") => Effect::nothing(),
            ("no-list-again", "session_list") if self.lists > 1 => Effect::nothing(),
            ("alters-what-it-says", _) if is_binary => Effect::altered(frame),
            ("loses-empty", _) if is_binary && super::payload(&frame.payload).is_some_and(<[u8]>::is_empty) => {
                Effect::nothing()
            }
            ("one-session-for-all", _) if is_binary => {
                let payload = super::payload(&frame.payload).unwrap_or_default();
                Effect::payload([b"\x01x", payload].concat(), frame)
            }
            _ => return None,
        })
    }

    fn outgoing(&self, kind: &str, message: &Value, frame: &Frame, state: &mut Links) -> Option<Effect> {
        let is_binary = frame.head == BINARY;
        Some(match (self.mutant, kind) {
            ("keeps-its-code", "registered") => {
                let first = state.known.entry("code".to_owned()).or_insert_with(|| message["code"].clone()).clone();
                Effect::with(message, "code", first, frame)
            }
            ("alters-what-it-hears", _) if is_binary => Effect::altered(frame),
            ("hears-twice", _) if is_binary => Effect::times(frame, 2),
            _ => return fragile(self.mutant, message, frame),
        })
    }
}
