//! Mutants of a pairing host.

use serde_json::{Value, json};

use super::Payloads;
use crate::mutant::Mutant;
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links};
use crate::mutant::wire::{BINARY, Frame, TEXT};

const ANOTHER: &str = "YYYYYY";

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("wrong-path", &["PAIR-H1"], "connects to a different path").starving(),
    Mutant::new("registers-twice", &["PAIR-H1"], "sends `register` twice"),
    Mutant::new("shows-one-code", &["PAIR-H2"], "shows only its first code").causing(&["PAIR-H6"]),
    Mutant::new("keeps-its-code", &["PAIR-H2"], "shows its old code after reconnecting").causing(&["PAIR-H6"]),
    Mutant::new("cuts-at-nul", &["PAIR-H3"], "truncates received payloads at NUL"),
    Mutant::new("loses-astral", &["PAIR-H3"], "shows a question mark for characters outside the basic plane"),
    Mutant::new("loses-empty", &["PAIR-H3"], "does not show empty payloads"),
    Mutant::new("shows-twice", &["PAIR-H3"], "shows each payload twice").causing(&["DRV-02", "PAIR-H5"]),
    Mutant::new("trims", &["PAIR-H3"], "trims its user's payloads"),
    Mutant::new("sends-twice", &["PAIR-H3"], "sends each payload twice").causing(&["PAIR-H4"]),
    Mutant::new("swaps", &["PAIR-H3"], "swaps neighbouring payloads of its user").causing(&["PAIR-H4"]),
    Mutant::new("repeats-the-1000th", &["PAIR-H3"], "sends its user's 1000th payload twice"),
    Mutant::new("loses-each-97th", &["PAIR-H3"], "loses every 97th payload of its user").causing(&["PAIR-H4"]),
    Mutant::new("sends-early", &["PAIR-H4"], "sends data before it is registered").causing(&[
        "DRV-02", "PAIR-H2", "PAIR-H6", "RECON-02", "RECON-03", "RECON-04", "RECON-05", "RECON-09", "RECON-12",
    ]),
    Mutant::new("loses-the-first", &["PAIR-H4"], "loses the first payload on each connection").causing(&["PAIR-H3"]),
    Mutant::new("reorders", &["PAIR-H4"], "sends payloads that it kept in a different order").causing(&["PAIR-H3"]),
    Mutant::new("closes-on-unknown", &["PAIR-H5"], "disconnects on a message of unknown type").causing(&["WIRE-06"]),
    Mutant::new("closes-on-binary", &["PAIR-H5"], "disconnects on a binary message").causing(&["WIRE-06"]),
    Mutant::new("closes-on-errors", &["PAIR-H5"], "disconnects on an `error`").causing(&["DRV-02"]),
];

#[derive(Debug)]
pub(crate) struct PairingHostMutant {
    mutant: &'static str,
    number: usize,
    payloads: Payloads,
}

impl PairingHostMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, payloads: Payloads::default() }
    }
}

impl Link for PairingHostMutant {
    fn asks(&mut self, head: &mut Vec<u8>, _: &mut Links) -> Admission {
        super::elsewhere(self.mutant, head)
    }

    fn opens(&mut self) -> Vec<Frame> {
        let registered = json!({ "type": "registered", "code": ANOTHER, "expiresAt": 4_102_444_800_000_u64 });
        let payload = registered.to_string().into_bytes();
        if self.mutant == "sends-early" { vec![Frame { head: TEXT, masked: false, payload }] } else { Vec::new() }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let action = match flow {
            Flow::In if kind == "data" => self.payloads.given(self.mutant, self.number, &frame),
            Flow::In => None,
            Flow::Out => self.outgoing(kind, &message, &frame, state),
        };
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl PairingHostMutant {
    fn outgoing(&mut self, kind: &str, message: &Value, frame: &Frame, state: &mut Links) -> Option<Effect> {
        Some(match (self.mutant, kind) {
            ("registers-twice", "registered") => {
                let register = json!({ "type": "register", "clientId": "2f9d1e0c-6f0b-4c8e-9f57-0a6a3d2b1c44" });
                let register = link::masked(&link::text(&register, frame));
                Effect::whole(frame).answered(register.clone()).answered(register)
            }
            ("keeps-its-code", "registered") => {
                let first = state.known.entry("code".to_owned()).or_insert_with(|| message["code"].clone()).clone();
                Effect::with(message, "code", first, frame)
            }
            ("closes-on-errors", "error") => Effect::ended(frame, 1008),
            ("closes-on-binary", _) if frame.head == BINARY => Effect::ended(frame, 1003),
            ("closes-on-unknown", _) if super::is_unknown(message, &["registered", "data", "pong", "error"]) => {
                Effect::ended(frame, 1008)
            }
            _ => return None,
        })
    }
}
