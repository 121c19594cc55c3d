//! Mutants of the pairing family.

pub(super) mod host;
pub(super) mod relay;
pub(super) mod viewer;

use serde_json::Value;

use super::link::{Admission, Effect};
use super::wire::Frame;

/// What mutants do with the payloads of a client's user.
#[derive(Debug, Default)]
struct Payloads {
    count: usize,
    held: Option<Frame>,
}

impl Payloads {
    fn given(&mut self, mutant: &str, number: usize, frame: &Frame) -> Option<Effect> {
        self.count += 1;
        Some(match mutant {
            "loses-each-97th" if self.count.is_multiple_of(97) => Effect::nothing(),
            "repeats-the-1000th" if self.count == 1000 => Effect::times(frame, 2),
            "loses-the-first" if self.count == 1 => Effect::nothing(),
            "reorders" if number == 1 || self.count > 2 => return None,
            "swaps" | "reorders" => match self.held.take() {
                Some(held) => Effect::whole(frame).then(held),
                None => {
                    self.held = Some(frame.clone());
                    Effect::nothing()
                }
            },
            _ => return None,
        })
    }
}

fn is_unknown(message: &Value, known: &[&str]) -> bool {
    message["type"].as_str().is_some_and(|kind| !known.contains(&kind))
}

fn elsewhere(mutant: &str, head: &mut Vec<u8>) -> Admission {
    if mutant == "wrong-path" {
        let target = head.iter().position(|byte| *byte == b' ').map_or(0, |at| at + 1);
        head.splice(target..target, *b"/elsewhere");
    }
    Admission::Onward
}
