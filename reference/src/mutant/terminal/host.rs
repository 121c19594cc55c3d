//! Mutants of a host.

use serde_json::Value;

use super::fragile;
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Link, Said, Way};
use crate::mutant::wire::{BINARY, Frame};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["TERM-H1"], "sends terminal bytes before `register`").starving(),
    Mutant::new("another-client-id", &["TERM-H1"], "has another `client_id` on each connection").causing(&["TERM-H4"]),
    Mutant::new("registers-once", &["TERM-H4", "TERM-H1"], "does not register again")
        .causing(&["RECON-01", "RECON-04", "RECON-09", "RECON-12", "TERM-H2", "TERM-H5", "WIRE-06", "WIRE-09"]),
    Mutant::new("no-list", &["TERM-H2"], "sends no list of sessions").causing(&["TERM-H3", "TERM-H5"]),
    Mutant::new("no-list-again", &["TERM-H2"], "sends a list of sessions to its first viewer only"),
    Mutant::new("closes-on-unknown", &["TERM-H3"], "closes for a message of unknown type").causing(&["WIRE-06"]),
    Mutant::new("fragile-to-bytes", &["TERM-H3"], "closes for a malformed binary message").causing(&["WIRE-06"]),
    Mutant::new("keeps-its-code", &["TERM-H4"], "shows its old code when it comes back"),
    Mutant::new("alters-what-it-says", &["TERM-H5"], "alters bytes of its user"),
    Mutant::new("alters-what-it-hears", &["TERM-H5"], "alters bytes for its user"),
    Mutant::new("hears-twice", &["TERM-H5"], "hears binary messages twice"),
    Mutant::new("loses-empty", &["TERM-H5"], "sends no empty payload"),
    Mutant::new("one-session-for-all", &["TERM-H5"], "sends all bytes under one session id"),
];

/// One connection.
#[derive(Debug)]
pub(crate) struct Host {
    mutant: &'static str,
    number: usize,
    lists: usize,
}

impl Host {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, lists: 0 }
    }
}

impl Link for Host {
    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let said = match way {
            Way::In => self.heard(kind, &message, &frame),
            Way::Out => self.told(kind, &message, &frame, house),
        };
        said.unwrap_or_else(|| Said::whole(&frame))
    }
}

impl Host {
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let is_binary = frame.head == BINARY;
        self.lists += usize::from(kind == "session_list");
        Some(match (self.mutant, kind) {
            ("speaks-first", "register") => super::early(frame),
            ("another-client-id", "register") => {
                Said::with(message, "client_id", self.number.to_string().into(), frame)
            }
            ("registers-once", "register") if self.number > 1 => Said::nothing(),
            ("no-list", "session_list") => Said::nothing(),
            ("no-list-again", "session_list") if self.lists > 1 => Said::nothing(),
            ("alters-what-it-says", _) if is_binary => Said::altered(frame),
            ("loses-empty", _) if is_binary && super::payload(&frame.payload).is_some_and(<[u8]>::is_empty) => {
                Said::nothing()
            }
            ("one-session-for-all", _) if is_binary => {
                let payload = super::payload(&frame.payload).unwrap_or_default();
                Said::payload([b"\x01x", payload].concat(), frame)
            }
            _ => return None,
        })
    }

    fn told(&self, kind: &str, message: &Value, frame: &Frame, house: &mut House) -> Option<Said> {
        let is_binary = frame.head == BINARY;
        Some(match (self.mutant, kind) {
            ("keeps-its-code", "registered") => {
                let first = house.known.entry("code".to_owned()).or_insert_with(|| message["code"].clone()).clone();
                Said::with(message, "code", first, frame)
            }
            ("alters-what-it-hears", _) if is_binary => Said::altered(frame),
            ("hears-twice", _) if is_binary => Said::times(frame, 2),
            _ => return fragile(self.mutant, message, frame),
        })
    }
}
