//! Mutants of malformed binary messages: TERM-41. Those that close alter what viewers send.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::terminal::is_whole;
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("malformed-ends", &["TERM-41"], "disconnects on a malformed binary message"),
    Mutant::new("malformed-passes", &["TERM-41"], "forwards malformed binary messages of hosts").causing(&["TERM-20"]),
    Mutant::new("passes-on-no-id", &["TERM-41"], "forwards bytes of hosts with an empty session id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-lengths", &["TERM-41"], "forwards bytes of hosts that end after the length")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-short-ids", &["TERM-41"], "forwards bytes of hosts shorter than their id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-shorter-ids", &["TERM-41"], "forwards bytes of hosts far shorter than their id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-surrogates", &["TERM-41"], "forwards bytes of hosts with a surrogate in their session id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-halves", &["TERM-41"], "forwards bytes of hosts with an incomplete character as session id")
        .causing(&["TERM-20"]),
    Mutant::new("closes-for-no-id", &["TERM-41"], "disconnects on bytes of a viewer with an empty id"),
    Mutant::new("closes-for-lengths", &["TERM-41"], "disconnects on bytes of a viewer that end after the length"),
    Mutant::new("closes-for-short-ids", &["TERM-41"], "disconnects on bytes of a viewer shorter than their id"),
    Mutant::new("closes-for-shorter-ids", &["TERM-41"], "disconnects on bytes of a viewer far shorter than their id"),
    Mutant::new("closes-for-no-utf-8", &["TERM-41"], "disconnects on bytes of a viewer with a non-UTF-8 id"),
    Mutant::new("closes-for-surrogates", &["TERM-41"], "disconnects on bytes of a viewer with a surrogate id"),
    Mutant::new("closes-for-halves", &["TERM-41"], "disconnects on bytes of a viewer with half a character as id"),
    Mutant::new("keeps-malformed", &["TERM-41"], "keeps malformed binary messages for later viewers")
        .causing(&["TERM-20"]),
    Mutant::new("malformed-ends-later", &["WIRE-06", "TERM-41"], "disconnects long after a malformed message"),
];

/// The name that mutants use for a malformed message.
fn case(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "nothing",
        [0] => "no-id-alone",
        [0, ..] => "no-id",
        [_] => "lengths",
        [1, ..] => "halves",
        [_, 0xED, second, ..] if *second >= 0xA0 => "surrogates",
        [0xFF, ..] => "shorter-ids",
        [length, rest @ ..] if rest.len() < usize::from(*length) => "short-ids",
        _ => "no-utf-8",
    }
}

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::Out, "keeps-malformed", "auth_success") => {
            let malformed = relay.session(state)?.malformed.iter().map(link::unmasked);
            Some(malformed.fold(Effect::whole(frame), Effect::then))
        }
        (Flow::Out, "malformed-ends-later", "browser_connected") if !relay.session(state)?.malformed.is_empty() => {
            Some(Effect::ended(frame, 1007))
        }
        (Flow::In, mutant, _) if frame.head == BINARY && relay.side.is_some() && !is_whole(&frame.payload) => {
            let case = case(&frame.payload);
            if mutant == "malformed-ends" || relay.is_viewer() && mutant.strip_prefix("closes-for-") == Some(case) {
                return Some(Effect::ended(frame, 1007));
            }
            if relay.is_host() && (mutant == "malformed-passes" || mutant.strip_prefix("passes-on-") == Some(case)) {
                let viewers = relay.session(state)?.viewers.clone();
                viewers.into_iter().for_each(|viewer| state.post(viewer, link::unmasked(frame)));
            }
            None
        }
        _ => None,
    }
}
