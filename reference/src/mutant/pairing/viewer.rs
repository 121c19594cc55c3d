//! Mutants of a pairing viewer.

use serde_json::{Value, json};

use super::Payloads;
use crate::mutant::Mutant;
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links};
use crate::mutant::wire::{BINARY, Frame, TEXT};

const ANOTHER: &str = "YYYYYY";

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("wrong-path", &["PAIR-V1"], "connects to a different path").starving(),
    Mutant::new("joins-with-another", &["PAIR-V1"], "joins with a different code")
        .causing(&["PAIR-V2", "PAIR-V5", "PAIR-V6"]),
    Mutant::new("joins-in-small-letters", &["PAIR-V1", "PAIR-V2"], "joins with the code in lower case")
        .causing(&["PAIR-V5", "PAIR-V6"]),
    Mutant::new("pings-first", &["PAIR-V1"], "sends a `ping` before `join`").starving(),
    Mutant::new("forgets-its-code", &["PAIR-V6"], "joins with a different code after reconnecting")
        .causing(&["PAIR-V2"]),
    Mutant::new("retries-refused", &["PAIR-V2"], "joins again with a code that was refused")
        .causing(&["PAIR-V3", "PAIR-V6"]),
    Mutant::new("hangs-up-when-refused", &["PAIR-V2"], "closes the connection when its code is refused")
        .causing(&["PAIR-V3", "PAIR-V6", "RECON-11"]),
    Mutant::new("does-not-hear-refusals", &["PAIR-V2"], "does not notice that its code is refused")
        .causing(&["PAIR-V6", "RECON-11", "DRV-02"]),
    Mutant::new("hides-errors", &["PAIR-V2", "PAIR-V5", "RECON-11"], "does not report errors")
        .causing(&["DRV-02", "PAIR-H4"]),
    Mutant::new("one-code-only", &["PAIR-V2"], "accepts no second code from its user").causing(&["PAIR-V5", "PAIR-V6"]),
    Mutant::new("gives-in", &["PAIR-V2"], "gives up a code that it held on ALREADY_JOINED").causing(&["PAIR-V6"]),
    Mutant::new("insists", &["PAIR-V2"], "retries a code that it held at once"),
    Mutant::new("does-not-hear-of-losses", &["PAIR-V5"], "does not notice that the host is gone").causing(&["PAIR-V6"]),
    Mutant::new("joins-the-dead", &["PAIR-V5"], "joins again with the code of a lost host").causing(&["PAIR-V6"]),
    Mutant::new("sends-early", &["PAIR-V3"], "sends data before it has joined").causing(&[
        "DRV-02", "PAIR-H4", "PAIR-V2", "PAIR-V4", "PAIR-V6", "RECON-02", "RECON-03", "RECON-04", "RECON-05",
        "RECON-09", "RECON-11", "RECON-12",
    ]),
    Mutant::new("cuts-at-nul", &["PAIR-V4"], "truncates received payloads at NUL").causing(&["PAIR-H3"]),
    Mutant::new("loses-astral", &["PAIR-V4"], "shows a question mark for characters outside the basic plane")
        .causing(&["PAIR-H3"]),
    Mutant::new("loses-empty", &["PAIR-V4"], "does not show empty payloads").causing(&["PAIR-H3"]),
    Mutant::new("shows-twice", &["PAIR-V4"], "shows each payload twice").causing(&["DRV-02", "PAIR-H3"]),
    Mutant::new("trims", &["PAIR-V4"], "trims its user's payloads").causing(&["PAIR-H3"]),
    Mutant::new("sends-twice", &["PAIR-V4"], "sends each payload twice").causing(&["PAIR-H3", "PAIR-H4"]),
    Mutant::new("swaps", &["PAIR-V4"], "swaps neighbouring payloads of its user").causing(&["PAIR-H3", "PAIR-V5"]),
    Mutant::new("repeats-the-1000th", &["PAIR-V4"], "sends its user's 1000th payload twice").causing(&["PAIR-H3"]),
    Mutant::new("loses-each-97th", &["PAIR-V4"], "loses every 97th payload of its user").causing(&["PAIR-H3"]),
    Mutant::new("closes-on-unknown", &["PAIR-V4"], "disconnects on a message of unknown type")
        .causing(&["PAIR-H5", "WIRE-06"]),
    Mutant::new("closes-on-binary", &["PAIR-V4"], "disconnects on a binary message").causing(&["PAIR-H5", "WIRE-06"]),
];

#[derive(Debug)]
pub(crate) struct PairingViewerMutant {
    mutant: &'static str,
    number: usize,
    payloads: Payloads,
    join: Option<Frame>,
    has_joined: bool,
}

impl PairingViewerMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, payloads: Payloads::default(), join: None, has_joined: false }
    }
}

impl Link for PairingViewerMutant {
    fn asks(&mut self, head: &mut Vec<u8>, _: &mut Links) -> Admission {
        super::elsewhere(self.mutant, head)
    }

    fn opens(&mut self) -> Vec<Frame> {
        let joined = json!({ "type": "joined", "sessionId": "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11" });
        let payload = joined.to_string().into_bytes();
        if self.mutant == "sends-early" { vec![Frame { head: TEXT, masked: false, payload }] } else { Vec::new() }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        if flow == Flow::In && kind == "join" {
            self.join = Some(frame.clone());
        }
        let action = match flow {
            Flow::In if kind == "data" => self.payloads.given(self.mutant, self.number, &frame),
            Flow::In => self.incoming(kind, &message, &frame, state),
            Flow::Out => self.outgoing(kind, &message, &frame),
        };
        if flow == Flow::Out && kind == "joined" {
            self.has_joined = true;
            state.count += 1;
        }
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl PairingViewerMutant {
    fn incoming(&self, kind: &str, message: &Value, frame: &Frame, state: &Links) -> Option<Effect> {
        let code = message["code"].as_str().unwrap_or_default();
        Some(match (self.mutant, kind) {
            ("joins-with-another", "join") => Effect::with(message, "code", ANOTHER.into(), frame),
            ("joins-in-small-letters", "join") => Effect::with(message, "code", code.to_lowercase().into(), frame),
            ("forgets-its-code", "join") if state.count > 0 && self.number > 1 => {
                Effect::with(message, "code", ANOTHER.into(), frame)
            }
            ("pings-first", "join") => Effect::text(&json!({ "type": "ping", "ts": 1 }), frame).then(frame.clone()),
            _ => return None,
        })
    }

    fn outgoing(&self, kind: &str, message: &Value, frame: &Frame) -> Option<Effect> {
        let code = message["code"].as_str().unwrap_or_default();
        let is_refusal = kind == "error" && !self.has_joined && code.ends_with("_CODE");
        let again = || self.join.iter().fold(Effect::whole(frame), |action, join| action.answered(join.clone()));
        Some(match (self.mutant, code) {
            ("retries-refused", _) if is_refusal => again(),
            ("hangs-up-when-refused", _) if is_refusal => Effect::ended(frame, 1000),
            ("does-not-hear-refusals", _) if is_refusal => Effect::nothing(),
            ("gives-in", "ALREADY_JOINED") => Effect::with(message, "code", "INVALID_CODE".into(), frame),
            ("insists", "ALREADY_JOINED") => again(),
            ("does-not-hear-of-losses", "MAC_DISCONNECTED") => Effect::nothing(),
            ("joins-the-dead", "MAC_DISCONNECTED") => again(),
            ("closes-on-binary", _) if frame.head == BINARY => Effect::ended(frame, 1003),
            ("closes-on-unknown", _) if super::is_unknown(message, &["joined", "data", "pong", "error"]) => {
                Effect::ended(frame, 1008)
            }
            _ => return None,
        })
    }
}
