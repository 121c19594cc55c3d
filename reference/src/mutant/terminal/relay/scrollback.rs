//! Mutants of the scrollback: TERM-30, TERM-31.

use std::time::Duration;

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::terminal::session_id;
use crate::mutant::wire::{BINARY, Frame};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-scrollback", &["TERM-30"], "keeps no scrollback for later viewers")
        .causing(&["TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-25", "TERM-31", "TERM-41", "WIRE-06"]),
    Mutant::new("scrollback-first", &["TERM-30"], "sends the scrollback before `auth_success`")
        .causing(&["TERM-02", "TERM-20", "WIRE-03"]),
    Mutant::new("cuts-oldest", &["TERM-30"], "truncates the oldest message in the scrollback").causing(&[
        "TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-25", "TERM-31", "TERM-41", "TERM-50", "WIRE-06", "WIRE-10",
        "WIRE-12",
    ]),
    Mutant::new("scrollback-for-one", &["TERM-30"], "sends the scrollback only to the first viewer")
        .causing(&["TERM-25", "TERM-31", "TERM-41"]),
    Mutant::new("replays-to-all", &["TERM-30"], "sends the scrollback to connected viewers when another joins"),
    Mutant::new("keeps-what-viewers-type", &["TERM-30"], "keeps bytes of viewers in the scrollback"),
    Mutant::new("repeats-the-last", &["TERM-30"], "repeats the last of 600 messages during which a viewer joined"),
    Mutant::new("large-crowds-out", &["TERM-30"], "keeps nothing after a message of 1 MiB"),
    Mutant::new("keeps-with-gaps", &["TERM-30"], "loses the 1000th message of the scrollback"),
    Mutant::new("late-to-live", &["TERM-30"], "loses the first live message after a scrollback of a thousand"),
    Mutant::new("moves-all", &["TERM-30"], "takes a millisecond for each message beyond 600,000"),
    Mutant::new("full-is-slow", &["TERM-30"], "takes 40 ms for a live message after 600,000 in the scrollback"),
    Mutant::new("full-is-mute", &["TERM-30"], "sends nothing live to viewers that join after 600,000 messages"),
    Mutant::new("keeps-each-in-a-box", &["TERM-30"], "uses a hundred times the memory for each kept message"),
    Mutant::new("keeps-what-is-long", &["TERM-30"], "keeps all messages of more than 60,000 bytes")
        .causing(&["WIRE-11"]),
    Mutant::new("closed-for-good", &["TERM-30"], "keeps no scrollback for an id that was closed once"),
    Mutant::new("forgets-nothing", &["TERM-31"], "keeps the scrollback of a closed session").causing(&["WIRE-06"]),
    Mutant::new("forgets-one", &["TERM-31"], "keeps the scrollback of the second closed session").causing(&["WIRE-06"]),
    Mutant::new("revives", &["TERM-31"], "sends the scrollback of a closed session when its id is used again"),
];

/// The message that reports a session closed to the reference.
const HIDDEN: &str = "~";
/// The number of messages from which the scrollback is full.
const FULL: usize = 600_000;
/// The memory that is wasted for each message, in bytes.
const BOX: usize = 200;

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "session_disconnected") if relay.is_host() => {
            let is_hidden = match relay.mutant {
                "forgets-nothing" => true,
                "forgets-one" => relay.session(state)?.closings == 2,
                _ => false,
            };
            is_hidden.then(|| observed.with("session_id", format!("{}{HIDDEN}", observed.text("session_id"))))
        }
        (Flow::Out, "session_disconnected") if matches!(relay.mutant, "forgets-nothing" | "forgets-one") => {
            Some(observed.with("session_id", observed.text("session_id").trim_end_matches(HIDDEN)))
        }
        (Flow::In, "") if observed.frame.head == BINARY && relay.is_host() => action(relay, observed.frame, state),
        (Flow::Out, "auth_success") => comes(relay, observed.frame, state),
        (Flow::Out, "") if observed.frame.head == BINARY && relay.is_viewer() => shown(relay, observed.frame, state),
        _ => None,
    }
}

fn action(relay: &TerminalLink, frame: &Frame, state: &mut Links) -> Option<Effect> {
    let session = relay.session(state)?;
    match relay.mutant {
        "moves-all" if session.action > FULL => return Some(Effect::late(frame, Duration::from_millis(1))),
        "keeps-each-in-a-box" if frame.payload.len() < BOX => {
            session.hoard.push(vec![1; BOX]);
        }
        "keeps-what-is-long" if frame.payload.len() > 60_000 => session.hoard.push(frame.payload.clone()),
        _ => {}
    }
    None
}

fn comes(relay: &mut TerminalLink, frame: &Frame, state: &mut Links) -> Option<Effect> {
    let number = relay.number;
    let (backlog, mutant) = (relay.backlog, relay.mutant);
    let session = relay.session(state)?;
    let whole = Effect::whole(frame);
    Some(match mutant {
        "scrollback-first" if backlog > 0 => {
            relay.held = Some(frame.clone());
            Effect::nothing()
        }
        "replays-to-all" => {
            let others: Vec<_> = session.viewers.iter().copied().filter(|viewer| *viewer != number).collect();
            let first = session.kept.first()?.1.as_ref().map(link::unmasked)?;
            others.into_iter().for_each(|viewer| state.post(viewer, first.clone()));
            whole
        }
        "keeps-what-viewers-type" if backlog == 0 => whole.then(link::unmasked(session.typed.as_ref()?)),
        "revives" => session.revived.iter().map(link::unmasked).fold(whole, Effect::then),
        _ => return None,
    })
}

fn shown(relay: &mut TerminalLink, frame: &Frame, state: &mut Links) -> Option<Effect> {
    let (is_replayed, shown, backlog) = (relay.is_replayed(), relay.shown, relay.backlog);
    let (mutant, ordinal, is_marked, sent_before) = (relay.mutant, relay.ordinal, relay.is_marked, relay.sent_before);
    let session = relay.session(state)?;
    let is_live = session.action > sent_before && frame.payload == session.latest;
    let lost = match mutant {
        "no-scrollback" => is_replayed,
        "scrollback-for-one" => is_replayed && ordinal > 1,
        "large-crowds-out" if is_marked => !is_live,
        "large-crowds-out" => {
            relay.is_marked = frame.payload.len() >= 1 << 20;
            false
        }
        "keeps-with-gaps" => is_replayed && shown == 1000,
        "late-to-live" => is_live && shown > 1000 && !std::mem::replace(&mut relay.is_marked, true),
        "full-is-mute" => is_live && sent_before > FULL,
        "closed-for-good" => is_replayed && session.closed.contains_key(session_id(&frame.payload)?),
        "viewers-close-sessions" => is_replayed && session.ended.contains(session_id(&frame.payload)?),
        "full-is-slow" if is_live && session.action > FULL => {
            return Some(Effect::late(frame, Duration::from_millis(40)));
        }
        "cuts-oldest" if shown == 1 => {
            return Some(Effect::payload(frame.payload.iter().copied().take(3).collect(), frame));
        }
        "keeps-what-viewers-type" if shown == backlog => {
            return Some(Effect::whole(frame).then(link::unmasked(session.typed.as_ref()?)));
        }
        "repeats-the-last" if shown == 600 && session.viewers.len() == 1 => return Some(Effect::times(frame, 2)),
        "scrollback-first" => {
            let held = relay.held.take()?;
            return Some(Effect::whole(frame).then(held));
        }
        _ => false,
    };
    lost.then(Effect::nothing)
}
