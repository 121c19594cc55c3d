//! Mutants of a viewer.

use serde_json::Value;

use super::fragile;
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Link, Said, Way};
use crate::mutant::wire::{BINARY, Frame};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["TERM-V1"], "sends terminal bytes before `auth`").starving(),
    Mutant::new("another-code", &["TERM-V1"], "opens with a code of its own"),
    Mutant::new("tries-again", &["TERM-V1"], "tries a code again that was refused").causing(&["RECON-11"]),
    Mutant::new("hides-refusals", &["TERM-V1"], "does not report a refusal").causing(&["DRV-02", "RECON-11"]),
    Mutant::new("comes-back-anyhow", &["TERM-V2"], "comes back when its host is lost").causing(&["WIRE-06"]),
    Mutant::new("closes-on-unknown", &["TERM-V3"], "closes for a message of unknown type")
        .causing(&["TERM-H5", "WIRE-06"]),
    Mutant::new("fragile-to-bytes", &["TERM-V3"], "closes for a malformed binary message")
        .causing(&["TERM-H5", "WIRE-06"]),
    Mutant::new("alters-what-it-says", &["TERM-H5"], "alters bytes of its user"),
    Mutant::new("alters-what-it-hears", &["TERM-H5"], "alters bytes for its user"),
    Mutant::new("hears-twice", &["TERM-H5"], "hears binary messages twice").causing(&["TERM-V3"]),
    Mutant::new("stays-away", &["TERM-V2"], "does not come back").causing(&["RECON-01"]).starving(),
];

/// One connection.
#[derive(Debug)]
pub(crate) struct Viewer {
    mutant: &'static str,
    number: usize,
}

impl Viewer {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number }
    }
}

impl Link for Viewer {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut House) -> link::Admission {
        match self.mutant {
            "stays-away" if self.number > 1 => link::Admission::Ignored,
            _ => link::Admission::Onward,
        }
    }

    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let said = match way {
            Way::In => self.heard(kind, &message, &frame),
            Way::Out => self.told(kind, &message, &frame),
        };
        said.unwrap_or_else(|| Said::whole(&frame))
    }
}

impl Viewer {
    fn heard(&self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        Some(match (self.mutant, kind) {
            ("speaks-first", "auth") => super::early(frame),
            ("another-code", "auth") => Said::with(message, "session_code", "ZZZZZZ".into(), frame),
            ("alters-what-it-says", _) if frame.head == BINARY => Said::altered(frame),
            _ => return None,
        })
    }

    fn told(&self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let is_binary = frame.head == BINARY;
        Some(match (self.mutant, kind) {
            ("tries-again", "auth_failed") => Said { ends: true, ..Said::nothing() },
            ("comes-back-anyhow", "error") => Said::nothing(),
            ("comes-back-anyhow", _) if frame.close_code() == 1000 => Said::closed(1001),
            ("alters-what-it-hears", _) if is_binary => Said::altered(frame),
            ("hears-twice", _) if is_binary => Said::times(frame, 2),
            _ => return fragile(self.mutant, message, frame),
        })
    }
}
