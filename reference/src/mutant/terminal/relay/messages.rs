//! Mutants of forwarded control messages: TERM-22, TERM-23, TERM-25.

use serde_json::{Value, json};

use super::sessions::text;
use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("leaks-messages", &["TERM-22"], "forwards messages of a host to all connections")
        .causing(&["TERM-25", "WIRE-01", "WIRE-06"]),
    Mutant::new("alters-sizes", &["TERM-22"], "alters sizes in messages to viewers").causing(&["WIRE-12"]),
    Mutant::new("keeps-empty-lists", &["TERM-22"], "does not forward empty session lists to viewers")
        .causing(&["TERM-12", "TERM-23"]),
    Mutant::new("plain-names", &["TERM-22"], "replaces characters outside the basic plane in session names"),
    Mutant::new("ends-names-at-nul", &["TERM-22"], "truncates session names at NUL"),
    Mutant::new("sizes-from-one", &["TERM-22"], "replaces a size of 0 with 1"),
    Mutant::new("signed-sizes", &["TERM-22"], "replaces a size above 32,767 with 32,767"),
    Mutant::new("strict-numbers", &["TERM-22"], "loses sizes that are written with an exponent"),
    Mutant::new("keeps-wishes", &["TERM-23"], "does not forward `create_session` to the host")
        .causing(&["TERM-12", "TERM-25", "WIRE-04", "WIRE-06", "WIRE-12"]),
    Mutant::new("leaks-wishes", &["TERM-23"], "forwards `create_session` to hosts with another client id"),
    Mutant::new("forwards-anything", &["TERM-25"], "forwards session lists of viewers to their host")
        .causing(&["TERM-22", "WIRE-01", "WIRE-06"]),
    Mutant::new("forwards-to-other-viewers", &["TERM-25"], "forwards session lists of viewers to the other viewers")
        .causing(&["TERM-22"]),
    Mutant::new("forwards-errors", &["TERM-25"], "forwards errors of hosts to their viewers").causing(&["TERM-22"]),
    Mutant::new("viewers-close-sessions", &["TERM-25"], "drops the scrollback of a session a viewer reports closed")
        .causing(&["TERM-30"]),
];

const LARGEST: u64 = 32_767;

pub(super) fn alters(relay: &TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match observed.flow {
        Flow::In => incoming(relay, observed, state),
        Flow::Out if relay.is_viewer() => outgoing(relay, observed),
        Flow::Out => None,
    }
}

fn incoming(relay: &TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let number = relay.number;
    let reported: Vec<usize> = match (relay.mutant, observed.kind) {
        ("leaks-messages", "session_connected") => return Some(Effect::broadcast(observed.frame)),
        ("strict-numbers", "session_resize") if observed.raw().contains("8e1") => return Some(Effect::nothing()),
        ("keeps-wishes", "create_session") => return Some(Effect::nothing()),
        ("leaks-wishes", "create_session") if relay.is_viewer() => {
            relay.tell_other_hosts(observed.frame, state);
            return None;
        }
        ("forwards-anything", "session_list") if relay.is_viewer() => vec![relay.session(state)?.host],
        ("forwards-to-other-viewers", "session_list") if relay.is_viewer() => {
            let viewers = relay.session(state)?.viewers.iter().copied();
            viewers.filter(|viewer| *viewer != number).collect()
        }
        ("forwards-errors", "error") if relay.is_host() => relay.session(state)?.viewers.clone(),
        _ => return None,
    };
    reported.into_iter().for_each(|number| state.post(number, link::unmasked(observed.frame)));
    None
}

fn outgoing(relay: &TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    let message = observed.message;
    let size = |of: &dyn Fn(u64) -> u64| {
        let mut sized = message.clone();
        for name in ["cols", "rows"] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are small and whole")]
            let old = message[name].as_f64().unwrap_or_default() as u64;
            sized[name] = of(old).into();
        }
        Effect::text(&sized, observed.frame)
    };
    Some(match (relay.mutant, observed.kind) {
        ("alters-sizes", "session_resize") => observed.with("cols", 81),
        ("keeps-empty-lists", "session_list") if message["sessions"] == json!([]) => Effect::nothing(),
        ("plain-names", "session_list") => {
            let plain = |name: &str| name.replace(|it: char| u32::from(it) > 0xFFFF, "?");
            let sessions = message["sessions"].as_array()?.iter().map(|session| {
                let mut session = session.clone();
                session["name"] = plain(text(&session["name"])).into();
                session
            });
            observed.with("sessions", sessions.collect::<Value>())
        }
        ("ends-names-at-nul", "session_connected") => {
            observed.with("name", observed.text("name").split('\0').next().unwrap_or_default())
        }
        ("sizes-from-one", "session_resize") => size(&|old| old.max(1)),
        ("signed-sizes", "session_resize") => size(&|old| old.min(LARGEST)),
        _ => return None,
    })
}
