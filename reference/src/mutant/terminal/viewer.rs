//! Mutants of a terminal viewer.

use serde_json::Value;

use super::fragile;
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Link, Links};
use crate::mutant::wire::{BINARY, Frame};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["TERM-V1"], "sends terminal bytes before `auth`").starving(),
    Mutant::new("another-code", &["TERM-V1"], "authenticates with a different code"),
    Mutant::new("tries-again", &["TERM-V1"], "retries a code that was refused").causing(&["RECON-11"]),
    Mutant::new("hides-refusals", &["TERM-V1"], "does not report a refusal").causing(&["DRV-02", "RECON-11"]),
    Mutant::new("comes-back-anyhow", &["TERM-V2"], "reconnects after its host is lost").causing(&["WIRE-06"]),
    Mutant::new("closes-on-unknown", &["TERM-V3"], "disconnects on a message of unknown type")
        .causing(&["TERM-H5", "WIRE-06"]),
    Mutant::new("fragile-to-bytes", &["TERM-V3"], "disconnects on a malformed binary message")
        .causing(&["TERM-H5", "WIRE-06"]),
    Mutant::new("alters-what-it-says", &["TERM-H5"], "alters bytes that it sends"),
    Mutant::new("alters-what-it-hears", &["TERM-H5"], "alters bytes that it receives"),
    Mutant::new("hears-twice", &["TERM-H5"], "reports binary messages twice").causing(&["TERM-V3"]),
    Mutant::new("stays-away", &["TERM-V2"], "does not reconnect").causing(&["RECON-01"]).starving(),
];

#[derive(Debug)]
pub(crate) struct TerminalViewerMutant {
    mutant: &'static str,
    number: usize,
}

impl TerminalViewerMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number }
    }
}

impl Link for TerminalViewerMutant {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut Links) -> link::Admission {
        match self.mutant {
            "stays-away" if self.number > 1 => link::Admission::Ignored,
            _ => link::Admission::Onward,
        }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, _: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let action = match flow {
            Flow::In => self.incoming(kind, &message, &frame),
            Flow::Out => self.outgoing(kind, &message, &frame),
        };
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl TerminalViewerMutant {
    fn incoming(&self, kind: &str, message: &Value, frame: &Frame) -> Option<Effect> {
        Some(match (self.mutant, kind) {
            ("speaks-first", "auth") => super::early(frame),
            ("another-code", "auth") => Effect::with(message, "session_code", "ZZZZZZ".into(), frame),
            ("alters-what-it-says", _) if frame.head == BINARY => Effect::altered(frame),
            _ => return None,
        })
    }

    fn outgoing(&self, kind: &str, message: &Value, frame: &Frame) -> Option<Effect> {
        let is_binary = frame.head == BINARY;
        Some(match (self.mutant, kind) {
            ("tries-again", "auth_failed") => Effect { ends: true, ..Effect::nothing() },
            ("comes-back-anyhow", "error") => Effect::nothing(),
            ("comes-back-anyhow", _) if frame.close_code() == 1000 => Effect::closed(1001),
            ("alters-what-it-hears", _) if is_binary => Effect::altered(frame),
            ("hears-twice", _) if is_binary => Effect::times(frame, 2),
            _ => return fragile(self.mutant, message, frame),
        })
    }
}
