//! Mutants of what is kept for viewers that come late: TERM-30, TERM-31.

use std::time::Duration;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::terminal::session_id;
use crate::mutant::wire::{BINARY, Frame};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-scrollback", &["TERM-30"], "keeps nothing for viewers that come later")
        .causing(&["TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-25", "TERM-31", "TERM-41", "WIRE-06"]),
    Mutant::new("scrollback-first", &["TERM-30"], "sends what is kept before success")
        .causing(&["TERM-02", "TERM-20", "WIRE-03"]),
    Mutant::new("cuts-oldest", &["TERM-30"], "cuts the oldest message that it has kept").causing(&[
        "TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-25", "TERM-31", "TERM-41", "TERM-50", "WIRE-06", "WIRE-10",
        "WIRE-12",
    ]),
    Mutant::new("scrollback-for-one", &["TERM-30"], "hands what is kept to the first viewer alone")
        .causing(&["TERM-25", "TERM-31", "TERM-41"]),
    Mutant::new("replays-to-all", &["TERM-30"], "sends what is kept to those that are there when another comes"),
    Mutant::new("keeps-what-viewers-type", &["TERM-30"], "keeps bytes of viewers for those that come later"),
    Mutant::new("repeats-the-last", &["TERM-30"], "sends the last message of 600 again that a viewer has come amid"),
    Mutant::new("large-crowds-out", &["TERM-30"], "keeps nothing behind a message of 1 MiB"),
    Mutant::new("keeps-with-gaps", &["TERM-30"], "loses the 1000th message of what it has kept"),
    Mutant::new("late-to-live", &["TERM-30"], "loses the first live message behind a thousand that were kept"),
    Mutant::new("moves-all", &["TERM-30"], "takes a millisecond for each message above 600,000"),
    Mutant::new("full-is-slow", &["TERM-30"], "takes 40 ms for a live message once 600,000 were kept"),
    Mutant::new("full-is-mute", &["TERM-30"], "shows nothing live to who comes once 600,000 were kept"),
    Mutant::new("keeps-each-in-a-box", &["TERM-30"], "keeps every message in a hundred times its memory"),
    Mutant::new("keeps-what-is-long", &["TERM-30"], "keeps all messages of more than 60,000 bytes")
        .causing(&["WIRE-11"]),
    Mutant::new("closed-for-good", &["TERM-30"], "keeps nothing of an id that was closed once"),
    Mutant::new("forgets-nothing", &["TERM-31"], "keeps what a closed session has shown").causing(&["WIRE-06"]),
    Mutant::new("forgets-one", &["TERM-31"], "keeps what the second closed session has shown").causing(&["WIRE-06"]),
    Mutant::new("revives", &["TERM-31"], "sends what a closed session has shown when its id is used again"),
];

/// What is told of closed sessions to the reference, behind their ids.
const HIDDEN: &str = "~";
/// What is full has more messages.
const FULL: usize = 600_000;
/// What a message is kept in that takes much memory, in bytes.
const BOX: usize = 200;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, "session_disconnected") if relay.is_host() => {
            let is_hidden = match relay.mutant {
                "forgets-nothing" => true,
                "forgets-one" => relay.session(house)?.closings == 2,
                _ => false,
            };
            is_hidden.then(|| seen.with("session_id", format!("{}{HIDDEN}", seen.text("session_id"))))
        }
        (Way::Out, "session_disconnected") if matches!(relay.mutant, "forgets-nothing" | "forgets-one") => {
            Some(seen.with("session_id", seen.text("session_id").trim_end_matches(HIDDEN)))
        }
        (Way::In, "") if seen.frame.head == BINARY && relay.is_host() => said(relay, seen.frame, house),
        (Way::Out, "auth_success") => comes(relay, seen.frame, house),
        (Way::Out, "") if seen.frame.head == BINARY && relay.is_viewer() => shown(relay, seen.frame, house),
        _ => None,
    }
}

fn said(relay: &Relay, frame: &Frame, house: &mut House) -> Option<Said> {
    let session = relay.session(house)?;
    match relay.mutant {
        "moves-all" if session.said > FULL => return Some(Said::late(frame, Duration::from_millis(1))),
        "keeps-each-in-a-box" if frame.payload.len() < BOX => {
            session.hoard.push(vec![1; BOX]);
        }
        "keeps-what-is-long" if frame.payload.len() > 60_000 => session.hoard.push(frame.payload.clone()),
        _ => {}
    }
    None
}

/// A viewer is let in.
fn comes(relay: &mut Relay, frame: &Frame, house: &mut House) -> Option<Said> {
    let number = relay.number;
    let (backlog, mutant) = (relay.backlog, relay.mutant);
    let session = relay.session(house)?;
    let whole = Said::whole(frame);
    Some(match mutant {
        "scrollback-first" if backlog > 0 => {
            relay.held = Some(frame.clone());
            Said::nothing()
        }
        "replays-to-all" => {
            let others: Vec<_> = session.viewers.iter().copied().filter(|viewer| *viewer != number).collect();
            let first = session.kept.first()?.1.as_ref().map(link::unmasked)?;
            others.into_iter().for_each(|viewer| house.post(viewer, first.clone()));
            whole
        }
        "keeps-what-viewers-type" if backlog == 0 => whole.then(link::unmasked(session.typed.as_ref()?)),
        "revives" => session.revived.iter().map(link::unmasked).fold(whole, Said::then),
        _ => return None,
    })
}

/// Something is sent to a viewer, live or of what was kept.
fn shown(relay: &mut Relay, frame: &Frame, house: &mut House) -> Option<Said> {
    let (is_replayed, shown, backlog) = (relay.is_replayed(), relay.shown, relay.backlog);
    let (mutant, ordinal, is_marked, said_before) = (relay.mutant, relay.ordinal, relay.is_marked, relay.said_before);
    let session = relay.session(house)?;
    let is_live = session.said > said_before && frame.payload == session.latest;
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
        "full-is-mute" => is_live && said_before > FULL,
        "closed-for-good" => is_replayed && session.closed.contains_key(session_id(&frame.payload)?),
        "viewers-close-sessions" => is_replayed && session.ended.contains(session_id(&frame.payload)?),
        "full-is-slow" if is_live && session.said > FULL => {
            return Some(Said::late(frame, Duration::from_millis(40)));
        }
        "cuts-oldest" if shown == 1 => {
            return Some(Said::payload(frame.payload.iter().copied().take(3).collect(), frame));
        }
        "keeps-what-viewers-type" if shown == backlog => {
            return Some(Said::whole(frame).then(link::unmasked(session.typed.as_ref()?)));
        }
        "repeats-the-last" if shown == 600 && session.viewers.len() == 1 => return Some(Said::times(frame, 2)),
        "scrollback-first" => {
            let held = relay.held.take()?;
            return Some(Said::whole(frame).then(held));
        }
        _ => false,
    };
    lost.then(Said::nothing)
}
