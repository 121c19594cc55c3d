//! Mutants of control messages that are passed on: TERM-22, TERM-23, TERM-25.

use serde_json::{Value, json};

use super::sessions::text;
use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("leaks-messages", &["TERM-22"], "passes on messages of a host to everybody")
        .causing(&["TERM-25", "WIRE-01", "WIRE-06"]),
    Mutant::new("alters-sizes", &["TERM-22"], "alters sizes on the way to viewers").causing(&["WIRE-12"]),
    Mutant::new("keeps-empty-lists", &["TERM-22"], "keeps empty lists of sessions from viewers")
        .causing(&["TERM-12", "TERM-23"]),
    Mutant::new("plain-names", &["TERM-22"], "replaces what is astral in the names of sessions"),
    Mutant::new("ends-names-at-nul", &["TERM-22"], "cuts the name of a session at NUL"),
    Mutant::new("sizes-from-one", &["TERM-22"], "makes a size of 0 one of 1"),
    Mutant::new("signed-sizes", &["TERM-22"], "makes a size of more than 32,767 one of 32,767"),
    Mutant::new("strict-numbers", &["TERM-22"], "loses sizes that are written with an exponent"),
    Mutant::new("keeps-wishes", &["TERM-23"], "does not tell the host of the wish for a session")
        .causing(&["TERM-12", "TERM-25", "WIRE-04", "WIRE-06", "WIRE-12"]),
    Mutant::new("leaks-wishes", &["TERM-23"], "passes on wishes for a session to hosts of another client id"),
    Mutant::new("forwards-anything", &["TERM-25"], "passes on lists of viewers to their host")
        .causing(&["TERM-22", "WIRE-01", "WIRE-06"]),
    Mutant::new("tells-other-viewers", &["TERM-25"], "passes on lists of viewers to the other viewers")
        .causing(&["TERM-22"]),
    Mutant::new("forwards-errors", &["TERM-25"], "passes on errors of hosts to their viewers").causing(&["TERM-22"]),
    Mutant::new("viewers-close-sessions", &["TERM-25"], "keeps nothing of a session that a viewer says is closed")
        .causing(&["TERM-30"]),
];

/// The largest number of 15 bits.
const LARGEST: u64 = 32_767;

pub(super) fn alters(relay: &Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match seen.way {
        Way::In => heard(relay, seen, house),
        Way::Out if relay.is_viewer() => told(relay, seen),
        Way::Out => None,
    }
}

fn heard(relay: &Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let number = relay.number;
    let told: Vec<usize> = match (relay.mutant, seen.kind) {
        ("leaks-messages", "session_connected") => return Some(Said::told_to_all(seen.frame)),
        ("strict-numbers", "session_resize") if seen.raw().contains("8e1") => return Some(Said::nothing()),
        ("keeps-wishes", "create_session") => return Some(Said::nothing()),
        ("leaks-wishes", "create_session") if relay.is_viewer() => {
            relay.tell_other_hosts(seen.frame, house);
            return None;
        }
        ("forwards-anything", "session_list") if relay.is_viewer() => vec![relay.session(house)?.host],
        ("tells-other-viewers", "session_list") if relay.is_viewer() => {
            let viewers = relay.session(house)?.viewers.iter().copied();
            viewers.filter(|viewer| *viewer != number).collect()
        }
        ("forwards-errors", "error") if relay.is_host() => relay.session(house)?.viewers.clone(),
        _ => return None,
    };
    told.into_iter().for_each(|number| house.post(number, link::unmasked(seen.frame)));
    None
}

fn told(relay: &Relay, seen: &Seen<'_>) -> Option<Said> {
    let message = seen.message;
    let size = |of: &dyn Fn(u64) -> u64| {
        let mut sized = message.clone();
        for name in ["cols", "rows"] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are small and whole")]
            let old = message[name].as_f64().unwrap_or_default() as u64;
            sized[name] = of(old).into();
        }
        Said::text(&sized, seen.frame)
    };
    Some(match (relay.mutant, seen.kind) {
        ("alters-sizes", "session_resize") => seen.with("cols", 81),
        ("keeps-empty-lists", "session_list") if message["sessions"] == json!([]) => Said::nothing(),
        ("plain-names", "session_list") => {
            let plain = |name: &str| name.replace(|it: char| u32::from(it) > 0xFFFF, "?");
            let sessions = message["sessions"].as_array()?.iter().map(|session| {
                let mut session = session.clone();
                session["name"] = plain(text(&session["name"])).into();
                session
            });
            seen.with("sessions", sessions.collect::<Value>())
        }
        ("ends-names-at-nul", "session_connected") => {
            seen.with("name", seen.text("name").split('\0').next().unwrap_or_default())
        }
        ("sizes-from-one", "session_resize") => size(&|old| old.max(1)),
        ("signed-sizes", "session_resize") => size(&|old| old.min(LARGEST)),
        _ => return None,
    })
}
