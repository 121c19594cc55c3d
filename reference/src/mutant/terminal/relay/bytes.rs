//! Mutants of terminal bytes: TERM-20, TERM-21. Those with `-to-hosts` alter what viewers send.

use super::{NEAR, Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::terminal::{is_closing, payload, session_id};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("twice", &["TERM-20"], "forwards bytes to viewers twice").causing(&[
        "TERM-11", "TERM-12", "TERM-25", "TERM-30", "TERM-31", "TERM-40", "TERM-41", "WIRE-03", "WIRE-07", "WIRE-09",
        "WIRE-12",
    ]),
    Mutant::new("twice-to-host", &["TERM-21"], "forwards bytes to the host twice")
        .causing(&["TERM-24", "TERM-41", "TERM-50", "WIRE-03", "WIRE-12"]),
    Mutant::new("repeats-each-600th", &["TERM-20"], "forwards every 600th message to a viewer twice")
        .causing(&["TERM-30"]),
    Mutant::new("repeats-each-300th-to-hosts", &["TERM-21"], "forwards every 300th message to a host twice"),
    Mutant::new("loses-one", &["TERM-20"], "loses the seventh binary message to a viewer")
        .causing(&["TERM-30", "TERM-41", "WIRE-12"]),
    Mutant::new("loses-each-97th", &["TERM-20"], "loses every 97th binary message to a viewer").causing(&["TERM-30"]),
    Mutant::new("swaps", &["TERM-20"], "swaps neighbouring messages to viewers").causing(&[
        "TERM-12", "TERM-21", "TERM-24", "TERM-30", "TERM-31", "TERM-40", "TERM-41", "TERM-50", "WIRE-03", "WIRE-06",
        "WIRE-10", "WIRE-12",
    ]),
    Mutant::new("alters-bytes", &["TERM-20"], "alters bytes to viewers").causing(&[
        "TERM-12", "TERM-21", "TERM-24", "TERM-25", "TERM-30", "TERM-31", "TERM-40", "TERM-41", "TERM-50", "WIRE-03",
        "WIRE-06", "WIRE-10", "WIRE-12",
    ]),
    Mutant::new("alters-bytes-to-host", &["TERM-21"], "alters bytes to the host")
        .causing(&["TERM-24", "TERM-41", "TERM-42", "WIRE-03", "WIRE-06", "WIRE-10", "WIRE-12"]),
    Mutant::new("loses-empty", &["TERM-20", "TERM-21"], "loses empty payloads").causing(&["TERM-30"]),
    Mutant::new("loses-foreign-ids", &["TERM-20"], "loses bytes to viewers for non-ASCII session ids"),
    Mutant::new("loses-foreign-ids-to-hosts", &["TERM-21"], "loses bytes to hosts for non-ASCII session ids"),
    Mutant::new("loses-long-ids", &["TERM-20"], "loses bytes to viewers for session ids of 255 bytes"),
    Mutant::new("loses-long-ids-to-hosts", &["TERM-21"], "loses bytes to hosts for session ids of 255 bytes"),
    Mutant::new("ends-ids-at-nul", &["TERM-20"], "loses bytes to viewers for session ids that start with NUL"),
    Mutant::new("ends-ids-at-nul-to-hosts", &["TERM-21"], "loses bytes to hosts for session ids that start with NUL"),
    Mutant::new("heeds-xoff", &["TERM-20"], "swallows XON and XOFF on the way to viewers"),
    Mutant::new("heeds-xoff-to-hosts", &["TERM-21"], "swallows XON and XOFF on the way to hosts"),
    Mutant::new("unwraps-json", &["TERM-20"], "sends viewers payloads that look like a message as text"),
    Mutant::new("unwraps-json-to-hosts", &["TERM-21"], "sends hosts payloads that look like a message as text"),
    Mutant::new("mends-characters", &["TERM-20"], "replaces an incomplete character in bytes to viewers"),
    Mutant::new("mends-characters-to-hosts", &["TERM-21"], "replaces an incomplete character in bytes to hosts"),
    Mutant::new("cuts-65536", &["TERM-20"], "loses the last of 65,536 bytes to viewers").causing(&["TERM-30"]),
    Mutant::new("cuts-65536-to-hosts", &["TERM-21"], "loses the last of 65,536 bytes to hosts"),
    Mutant::new("echoes", &["TERM-21"], "sends bytes of a viewer back to it")
        .causing(&["TERM-20", "TERM-30", "TERM-41", "TERM-50", "WIRE-03", "WIRE-06", "WIRE-07", "WIRE-12"]),
    Mutant::new("leaks-bytes", &["TERM-20"], "forwards bytes to all connections").causing(&[
        "TERM-02", "TERM-03", "TERM-10", "TERM-11", "TERM-12", "TERM-21", "TERM-22", "TERM-25", "TERM-31", "TERM-40",
        "TERM-41", "TERM-50", "WIRE-03", "WIRE-06", "WIRE-09", "WIRE-10", "WIRE-12",
    ]),
    Mutant::new("leaks-to-other-hosts", &["TERM-21"], "forwards bytes of viewers to hosts with another client id"),
    Mutant::new("leaks-to-other-viewers", &["TERM-20"], "forwards bytes of hosts to viewers of another client id")
        .causing(&["TERM-40", "WIRE-06"]),
    Mutant::new("leaks-to-the-silent", &["TERM-20"], "forwards bytes of hosts to connections that have sent nothing")
        .causing(&["TERM-05", "TERM-30"]),
];

/// The longest payload that is leaked.
const SHORT: usize = 1000;

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    if frame.head != BINARY || relay.side.is_none() {
        return None;
    }
    match observed.flow {
        Flow::In => {
            match relay.mutant {
                "echoes" if relay.is_viewer() => return Some(Effect::whole(frame).answered(link::unmasked(frame))),
                "leaks-bytes" => return Some(Effect::broadcast(frame)),
                "leaks-to-other-hosts" if relay.is_viewer() => relay.tell_other_hosts(frame, state),
                "leaks-to-other-viewers" if relay.is_host() => relay.tell_other_viewers(frame, state),
                "leaks-to-the-silent" if relay.is_host() && frame.payload.len() < SHORT => {
                    let near = relay.number..=relay.number + NEAR;
                    let silent: Vec<_> = state.terminals.silent.range(near).copied().collect();
                    silent.into_iter().for_each(|number| state.post(number, link::unmasked(frame)));
                }
                _ => {}
            }
            None
        }
        Flow::Out if !is_closing(&frame.payload) => outgoing(relay, frame),
        Flow::Out => None,
    }
}

impl TerminalLink {
    /// Sends a short payload of a viewer to nearby hosts with another client id.
    pub(super) fn tell_other_hosts(&self, frame: &Frame, state: &mut Links) {
        let Some(client) = self.session(state).map(|session| session.client.clone()) else { return };
        let near = self.number.saturating_sub(NEAR)..=self.number + NEAR;
        let others = state.terminals.all().filter(|other| {
            other.client != client && other.lost.is_none() && near.contains(&other.host) && frame.payload.len() < SHORT
        });
        let others: Vec<_> = others.map(|other| other.host).collect();
        others.into_iter().for_each(|host| state.post(host, link::unmasked(frame)));
    }

    /// Sends a short payload of a host to viewers of nearby hosts with another client id.
    fn tell_other_viewers(&self, frame: &Frame, state: &mut Links) {
        let near = self.number.saturating_sub(NEAR)..=self.number + NEAR;
        let others = state
            .terminals
            .all()
            .filter(|other| other.client != self.client && near.contains(&other.host) && frame.payload.len() < SHORT);
        let viewers: Vec<_> = others.flat_map(|other| other.viewers.clone()).collect();
        viewers.into_iter().for_each(|viewer| state.post(viewer, link::unmasked(frame)));
    }
}

fn outgoing(relay: &mut TerminalLink, frame: &Frame) -> Option<Effect> {
    let shown = relay.shown;
    let (mutant, is_theirs) = match relay.mutant.strip_suffix("-to-hosts").or(relay.mutant.strip_suffix("-to-host")) {
        Some(mutant) => (mutant, relay.is_host()),
        None => (relay.mutant, relay.is_viewer()),
    };
    let bytes = &*frame.payload;
    let (id, payload) = (session_id(bytes)?, payload(bytes)?);
    let head = &bytes[..bytes.len() - payload.len()];
    let with = |payload: &[u8]| Effect::payload([head, payload].concat(), frame);
    Some(match mutant {
        "loses-empty" if payload.is_empty() => Effect::nothing(),
        _ if !is_theirs => return None,
        "twice" => Effect::times(frame, 2),
        "repeats-each-600th" if shown.is_multiple_of(600) => Effect::times(frame, 2),
        "repeats-each-300th" if shown.is_multiple_of(300) => Effect::times(frame, 2),
        "loses-one" if shown == 7 => Effect::nothing(),
        "loses-each-97th" if shown.is_multiple_of(97) => Effect::nothing(),
        "swaps" => match relay.held.take() {
            Some(held) => Effect::whole(frame).then(held),
            None => {
                relay.held = Some(frame.clone());
                Effect::nothing()
            }
        },
        "alters-bytes" => Effect::altered(frame),
        "loses-foreign-ids" if !id.is_ascii() => Effect::nothing(),
        "loses-long-ids" if id.len() == 255 => Effect::nothing(),
        "ends-ids-at-nul" if id.first() == Some(&0) => Effect::nothing(),
        "heeds-xoff" if payload.contains(&0x13) => {
            let heeded: Vec<u8> = payload.iter().copied().filter(|byte| !matches!(byte, 0x11 | 0x13)).collect();
            with(&heeded)
        }
        "unwraps-json" if payload.starts_with(b"{\"type\":\"error\"") => {
            Effect { onward: vec![Frame { head: TEXT, payload: payload.to_vec(), ..*frame }], ..Effect::default() }
        }
        "mends-characters" if str::from_utf8(payload).is_err_and(|error| error.error_len().is_none()) => {
            with(String::from_utf8_lossy(payload).as_bytes())
        }
        "cuts-65536" if payload.len() == 65_536 => with(&payload[..65_535]),
        _ => return None,
    })
}
