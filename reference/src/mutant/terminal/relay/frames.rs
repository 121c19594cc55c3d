//! Mutants of frames, texts and hostile input: WIRE-01 to WIRE-07.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::framing;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("strict-space", &["WIRE-01"], "rejects messages with leading white space"),
    Mutant::new("strict-members", &["WIRE-02"], "rejects unknown members").causing(&["TERM-02", "TERM-24"]),
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["WIRE-06"]),
    Mutant::new("invalid-ends", &["WIRE-06"], "disconnects on text that is not a message").causing(&["WIRE-01"]),
    Mutant::new("tolerates-last-bit", &["WIRE-06"], "ignores the last reserved bit"),
    Mutant::new("tolerates-no-mask-first", &["WIRE-06"], "accepts an unmasked first frame"),
    Mutant::new("eight-strikes", &["WIRE-06"], "refuses connections after eight violations in a row"),
    Mutant::new("depth-blocks-registration", &["WIRE-06"], "registers no hosts after deep nesting"),
    Mutant::new("small-limit", &["WIRE-07", "TERM-20", "TERM-21"], "disconnects on a message of 1 MiB")
        .causing(&["TERM-30"]),
    Mutant::new("small-text-limit", &["WIRE-07"], "disconnects on a text of 1 MiB"),
];

/// Connections that opened this shortly after a hostile one are affected.
const NEAR: usize = 3;

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let (mutant, frame, number) = (relay.mutant, observed.frame, relay.number);
    let (length, is_text) = (frame.payload.len(), frame.head == TEXT);
    if observed.flow == Flow::In && is_text && frame.payload.starts_with(b"[[[[") {
        state.terminals.hostile = Some(number);
    }
    match (observed.flow, mutant, observed.kind) {
        (Flow::In, "strict-space", _) if is_text && frame.payload.starts_with(b" ") => Some(Effect::nothing()),
        (Flow::In, "strict-members", _) if !observed.message["more"].is_null() => Some(Effect::nothing()),
        (Flow::In, "invalid-ends", "") if is_text && relay.side.is_some() => Some(Effect::ended(frame, 1007)),
        (Flow::In, "small-limit", _) if length >= 1 << 20 => Some(Effect::ended(frame, 1009)),
        (Flow::In, "small-text-limit", _) if is_text && length >= 1 << 20 => Some(Effect::ended(frame, 1009)),
        (Flow::In, "tolerates-no-mask-first", _) if relay.side.is_none() && !frame.masked => {
            Some(Effect { onward: vec![link::masked(frame)], ..Effect::default() })
        }
        (Flow::Out, "depth-blocks-registration", "registered") => {
            let near = state.terminals.hostile.is_some_and(|hostile| (hostile + 1..=hostile + NEAR).contains(&number));
            near.then(Effect::nothing)
        }
        (Flow::Out, ..) if frame.head == BINARY && framing::deafens(mutant, number, state) => Some(Effect::nothing()),
        _ => relay.framing.alters(mutant, number, observed.flow, frame, state),
    }
}
