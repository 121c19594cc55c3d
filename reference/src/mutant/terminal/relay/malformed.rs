//! Mutants of malformed binary messages: TERM-41. Those that close are of what viewers send.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::terminal::is_whole;
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("malformed-ends", &["TERM-41"], "closes the connection for a malformed binary message"),
    Mutant::new("malformed-passes", &["TERM-41"], "passes on malformed binary messages of hosts").causing(&["TERM-20"]),
    Mutant::new("passes-on-no-id", &["TERM-41"], "passes on bytes of hosts with no id and a payload")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-lengths", &["TERM-41"], "passes on bytes of hosts with nothing behind the length")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-short-ids", &["TERM-41"], "passes on bytes of hosts that are shorter than their id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-shorter-ids", &["TERM-41"], "passes on bytes of hosts that are far shorter than their id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-surrogates", &["TERM-41"], "passes on bytes of hosts with a surrogate in their id")
        .causing(&["TERM-20"]),
    Mutant::new("passes-on-halves", &["TERM-41"], "passes on bytes of hosts with half a character for an id")
        .causing(&["TERM-20"]),
    Mutant::new("closes-for-no-id", &["TERM-41"], "closes for bytes of a viewer with no id and a payload"),
    Mutant::new("closes-for-lengths", &["TERM-41"], "closes for bytes of a viewer with nothing behind the length"),
    Mutant::new("closes-for-short-ids", &["TERM-41"], "closes for bytes of a viewer that are shorter than their id"),
    Mutant::new("closes-for-shorter-ids", &["TERM-41"], "closes for bytes of a viewer that are far shorter"),
    Mutant::new("closes-for-no-utf-8", &["TERM-41"], "closes for bytes of a viewer whose id is no UTF-8"),
    Mutant::new("closes-for-surrogates", &["TERM-41"], "closes for bytes of a viewer with a surrogate in their id"),
    Mutant::new("closes-for-halves", &["TERM-41"], "closes for bytes of a viewer with half a character for an id"),
    Mutant::new("keeps-malformed", &["TERM-41"], "keeps malformed binary messages for viewers that come later")
        .causing(&["TERM-20"]),
    Mutant::new("malformed-ends-later", &["WIRE-06", "TERM-41"], "closes the connection long after malformed messages"),
];

/// What is wrong with a message, as the mutants call it.
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

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let frame = seen.frame;
    match (seen.way, relay.mutant, seen.kind) {
        (Way::Out, "keeps-malformed", "auth_success") => {
            let malformed = relay.session(house)?.malformed.iter().map(link::unmasked);
            Some(malformed.fold(Said::whole(frame), Said::then))
        }
        (Way::Out, "malformed-ends-later", "browser_connected") if !relay.session(house)?.malformed.is_empty() => {
            Some(Said::ended(frame, 1007))
        }
        (Way::In, mutant, _) if frame.head == BINARY && relay.side.is_some() && !is_whole(&frame.payload) => {
            let case = case(&frame.payload);
            if mutant == "malformed-ends" || relay.is_viewer() && mutant.strip_prefix("closes-for-") == Some(case) {
                return Some(Said::ended(frame, 1007));
            }
            if relay.is_host() && (mutant == "malformed-passes" || mutant.strip_prefix("passes-on-") == Some(case)) {
                let viewers = relay.session(house)?.viewers.clone();
                viewers.into_iter().for_each(|viewer| house.post(viewer, link::unmasked(frame)));
            }
            None
        }
        _ => None,
    }
}
