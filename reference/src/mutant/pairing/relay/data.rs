//! Mutants of data: PAIR-40 to PAIR-44.

use std::time::Duration;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::Frame;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("loses-empty", &["PAIR-40"], "loses empty payloads to viewers"),
    Mutant::new("loses-empty-to-hosts", &["PAIR-40"], "loses empty payloads to hosts"),
    Mutant::new("loses-astral", &["PAIR-40"], "replaces astral characters in data to viewers"),
    Mutant::new("loses-astral-to-hosts", &["PAIR-40"], "replaces astral characters in data to hosts")
        .causing(&["WIRE-03"]),
    Mutant::new("strips-nul", &["PAIR-40"], "truncates payloads to viewers at NUL"),
    Mutant::new("strips-nul-to-hosts", &["PAIR-40"], "truncates payloads to hosts at NUL"),
    Mutant::new("escapes-html", &["PAIR-40"], "escapes < as an entity in data to viewers"),
    Mutant::new("escapes-html-to-hosts", &["PAIR-40"], "escapes < as an entity in data to hosts"),
    Mutant::new("composes", &["PAIR-40"], "normalizes characters in data to viewers"),
    Mutant::new("composes-to-hosts", &["PAIR-40"], "normalizes characters in data to hosts"),
    Mutant::new("trims", &["PAIR-40"], "trims payloads to viewers"),
    Mutant::new("trims-to-hosts", &["PAIR-40"], "trims payloads to hosts"),
    Mutant::new("keeps-escapes", &["PAIR-40"], "forwards the backslash of an escaped slash"),
    Mutant::new("unwraps-json", &["PAIR-40"], "forwards JSON in a payload as a message").causing(&["PAIR-65"]),
    Mutant::new("small-limit-to-viewers", &["PAIR-40"], "loses messages of 1 MiB to viewers"),
    Mutant::new("small-limit-to-hosts", &["PAIR-40"], "loses messages of 1 MiB to hosts"),
    Mutant::new("limit-as-escaped", &["PAIR-40"], "loses messages that are longer than 1 MiB when escaped"),
    Mutant::new("few-fragments", &["PAIR-40"], "loses messages of more than a hundred fragments"),
    Mutant::new("cuts-124", &["PAIR-40"], "loses messages of 124 bytes to viewers"),
    Mutant::new("cuts-124-to-hosts", &["PAIR-40"], "loses messages of 124 bytes to hosts"),
    Mutant::new("cuts-125", &["PAIR-40"], "loses messages of 125 bytes to viewers"),
    Mutant::new("cuts-125-to-hosts", &["PAIR-40"], "loses messages of 125 bytes to hosts"),
    Mutant::new("cuts-126", &["PAIR-40"], "loses messages of 126 bytes to viewers"),
    Mutant::new("cuts-126-to-hosts", &["PAIR-40"], "loses messages of 126 bytes to hosts"),
    Mutant::new("cuts-127", &["PAIR-40"], "loses messages of 127 bytes to viewers"),
    Mutant::new("cuts-127-to-hosts", &["PAIR-40"], "loses messages of 127 bytes to hosts"),
    Mutant::new("cuts-65535", &["PAIR-40"], "loses messages of 65,535 bytes to viewers"),
    Mutant::new("cuts-65535-to-hosts", &["PAIR-40"], "loses messages of 65,535 bytes to hosts"),
    Mutant::new("cuts-65536", &["PAIR-40"], "loses messages of 65,536 bytes to viewers"),
    Mutant::new("cuts-65536-to-hosts", &["PAIR-40"], "loses messages of 65,536 bytes to hosts"),
    Mutant::new("repeats-each-tenth", &["PAIR-41"], "forwards every tenth message to a viewer twice"),
    Mutant::new("loses-each-97th", &["PAIR-41"], "loses every 97th message to a viewer"),
    Mutant::new("loses-each-97th-to-hosts", &["PAIR-41"], "loses every 97th message to a host"),
    Mutant::new("swaps", &["PAIR-41"], "swaps the 200th message to a viewer with the next"),
    Mutant::new("echoes", &["PAIR-41"], "sends data back to its sender too").starving(),
    Mutant::new("repeats-the-500th", &["PAIR-41"], "forwards every 500th message to a viewer twice"),
    Mutant::new("repeats-the-500th-to-hosts", &["PAIR-41"], "forwards every 500th message to a host twice"),
    Mutant::new("loses-last-words", &["PAIR-41"], "loses data in flight to a viewer when its host leaves"),
    Mutant::new("leaks-to-viewers", &["PAIR-42"], "forwards data of a host to viewers of other hosts")
        .causing(&["PAIR-90"]),
    Mutant::new("leaks-to-hosts", &["PAIR-42"], "forwards data of a viewer to hosts of other viewers")
        .causing(&["PAIR-90"]),
    Mutant::new("leaks-to-waiting-hosts", &["PAIR-42"], "forwards data to hosts that wait for a viewer"),
    Mutant::new("leaks-to-waiting-viewers", &["PAIR-42"], "forwards data to viewers that have not joined")
        .causing(&["PAIR-22"]),
    Mutant::new("keeps-for-the-next-viewer", &["PAIR-43"], "keeps data of a host without a viewer for the next viewer"),
    Mutant::new("hands-over-before-joined", &["PAIR-43"], "delivers data kept for a viewer before it has joined")
        .causing(&["PAIR-42"]),
    Mutant::new("keeps-for-the-host", &["PAIR-43"], "keeps data of a viewer until it has a host"),
    Mutant::new("keeps-for-another-host", &["PAIR-43"], "keeps data of a viewer without a host until it has another"),
    Mutant::new("alone-ends-hosts", &["PAIR-43"], "disconnects a host that sends data without a viewer")
        .causing(&["WIRE-06"]),
    Mutant::new("alone-ends-viewers", &["PAIR-43"], "disconnects a viewer that sends data before it has joined")
        .causing(&["PAIR-44"]),
    Mutant::new("alone-ends-later-hosts", &["PAIR-43"], "disconnects a host that sends data after its viewer left"),
    Mutant::new("silent-not-found", &["PAIR-44"], "does not answer data of a viewer that has not joined"),
    Mutant::new("not-found-as-invalid", &["PAIR-44"], "answers data of an unjoined viewer with INVALID_MESSAGE"),
];

/// Connections that opened this shortly before or after are near.
const NEAR: usize = 5;

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "data") => from_sender(relay, observed, state),
        (Flow::Out, "data") => to_receiver(relay, observed, state),
        (Flow::Out, "joined") => joined(relay, observed, state),
        (Flow::Out, "error") if observed.error() == "NOT_FOUND" => match relay.mutant {
            "silent-not-found" => Some(Effect::nothing()),
            "not-found-as-invalid" => Some(observed.replaced("INVALID_MESSAGE")),
            _ => None,
        },
        (Flow::In, _) if relay.mutant == "few-fragments" && observed.frame.is_fragment() => {
            relay.count = if observed.frame.head & 0x0F == 0 { relay.count + 1 } else { 0 };
            (relay.count > 100).then(|| Effect::ended(observed.frame, 1009))
        }
        _ => None,
    }
}

fn from_sender(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let is_alone = relay.partner(state).is_none() && observed.message["payload"].is_string();
    let had_viewer = relay.is_host && relay.session(state).is_some_and(|session| session.viewers > 0);
    Some(match relay.mutant {
        "echoes" if relay.partner(state).is_some() => {
            Effect::whole(observed.frame).answered(link::unmasked(observed.frame))
        }
        "keeps-escapes" if observed.raw().contains("\\/") => {
            observed.with("payload", observed.text("payload").replace('/', "\\/"))
        }
        "keeps-for-the-next-viewer" | "hands-over-before-joined" if relay.is_host && is_alone => {
            relay.session(state)?.kept = Some(link::unmasked(observed.frame));
            Effect::nothing()
        }
        "keeps-for-the-host" if !relay.is_host && is_alone && !relay.is_orphaned => relay.keep(observed.frame),
        "keeps-for-another-host" if !relay.is_host && is_alone && relay.is_orphaned => relay.keep(observed.frame),
        "alone-ends-hosts" if relay.is_host && is_alone => Effect::ended(observed.frame, 1008),
        "alone-ends-viewers" if !relay.is_host && is_alone && !relay.is_orphaned => Effect::ended(observed.frame, 1008),
        "alone-ends-later-hosts" if had_viewer && is_alone => Effect::ended(observed.frame, 1008),
        _ => {
            leak(relay, observed, state);
            return None;
        }
    })
}

impl PairingLink {
    fn keep(&mut self, frame: &Frame) -> Effect {
        self.held = Some(frame.clone());
        Effect::whole(frame)
    }
}

/// Sends data to a nearby connection of another session.
fn leak(relay: &PairingLink, observed: &Observed<'_>, state: &mut Links) {
    let (to_hosts, to_paired, from_hosts) = match relay.mutant {
        "leaks-to-viewers" => (false, true, true),
        "leaks-to-hosts" => (true, true, false),
        "leaks-to-waiting-hosts" => (true, false, relay.is_host),
        "leaks-to-waiting-viewers" => (false, false, relay.is_host),
        _ => return,
    };
    let partner = relay.partner(state);
    if partner.is_none() || from_hosts != relay.is_host {
        return;
    }
    let near = relay.number.saturating_sub(NEAR)..=relay.number + NEAR;
    let present = state.sessions.present.range(near).filter(|(number, present)| {
        let is_other = **number != relay.number && Some(**number) != partner;
        is_other && present.is_host == to_hosts && present.is_paired == to_paired
    });
    let present = present.map(|(number, _)| *number).collect::<Vec<_>>();
    present.into_iter().for_each(|number| state.post(number, link::unmasked(observed.frame)));
}

fn to_receiver(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    relay.count += 1;
    let (mutant, is_theirs) = match relay.mutant.strip_suffix("-to-hosts") {
        Some(mutant) => (mutant, relay.is_host),
        None => (relay.mutant, !relay.is_host),
    };
    if !is_theirs {
        return None;
    }
    let payload = observed.text("payload");
    let length = observed.frame.payload.len();
    let changed = match mutant {
        "loses-empty" if payload.is_empty() => return Some(Effect::nothing()),
        "loses-astral" => payload.replace(|it: char| u32::from(it) > 0xFFFF, "\u{FFFD}"),
        "strips-nul" => payload.split('\0').next().unwrap_or_default().to_owned(),
        "escapes-html" => payload.replace('<', "&lt;"),
        "composes" => payload.replace("e\u{301}", "\u{e9}"),
        "trims" => payload.trim().to_owned(),
        "unwraps-json" if payload.starts_with('{') => {
            return Some(Effect::payload(payload.as_bytes().to_vec(), observed.frame));
        }
        "small-limit-to-viewers" | "small-limit" if length >= 1 << 20 => return Some(Effect::nothing()),
        "limit-as-escaped" if length >= 1 << 20 && !payload.is_ascii() => return Some(Effect::nothing()),
        "cuts-124" if length == 124 => return Some(Effect::nothing()),
        "cuts-125" if length == 125 => return Some(Effect::nothing()),
        "cuts-126" if length == 126 => return Some(Effect::nothing()),
        "cuts-127" if length == 127 => return Some(Effect::nothing()),
        "cuts-65535" if length == 65_535 => return Some(Effect::nothing()),
        "cuts-65536" if length == 65_536 => return Some(Effect::nothing()),
        "repeats-each-tenth" if relay.count.is_multiple_of(10) => return Some(Effect::times(observed.frame, 2)),
        "loses-each-97th" if relay.count.is_multiple_of(97) => return Some(Effect::nothing()),
        "repeats-the-500th" if relay.count.is_multiple_of(500) => return Some(Effect::times(observed.frame, 2)),
        "swaps" if relay.count == 200 => return Some(Effect { onward: Vec::new(), ..relay.keep(observed.frame) }),
        "swaps" => return Some(Effect::whole(observed.frame).then(relay.held.take()?)),
        "loses-last-words" if relay.count < 40 => return Some(Effect::late(observed.frame, Duration::from_millis(2))),
        "loses-last-words" if relay.session(state)?.lost == Some(Flow::In) => return Some(Effect::nothing()),
        _ => return None,
    };
    (changed != payload).then(|| observed.with("payload", changed))
}

fn joined(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let whole = Effect::whole(observed.frame);
    Some(match relay.mutant {
        "keeps-for-the-next-viewer" => whole.then(relay.session(state)?.kept.take()?),
        "hands-over-before-joined" => {
            let kept = relay.session(state)?.kept.take()?;
            Effect { onward: vec![kept, observed.frame.clone()], ..Effect::default() }
        }
        "keeps-for-the-host" | "keeps-for-another-host" => whole.answered(relay.held.take()?),
        _ => return None,
    })
}
