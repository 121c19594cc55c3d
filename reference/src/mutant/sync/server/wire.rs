//! Mutants of decoding, speed, back-pressure and shutdown: SYNC-51, WIRE-01 to WIRE-12.

use std::time::{Duration, Instant};

use super::{Observed, SyncLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("slow-writers", &["SYNC-51"], "delays senders while a client does not read"),
    Mutant::new("slow-readers", &["SYNC-51"], "pushes nothing to any client while one does not read")
        .causing(&["SYNC-20"]),
    Mutant::new("keeps-who-does-not-read", &["SYNC-51"], "keeps the connection of a client that does not read"),
    Mutant::new("not-reading-otherwise", &["SYNC-51"], "closes with 1000 a client that does not read"),
    Mutant::new("strict-space", &["WIRE-01"], "rejects messages with leading white space"),
    Mutant::new("strict-members", &["WIRE-02"], "rejects unknown members").starving(),
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["WIRE-06", "WIRE-07"]),
    Mutant::new("no-early-pongs", &["WIRE-04"], "answers no Ping frame before the first message"),
    Mutant::new("invalid-ends", &["WIRE-06"], "disconnects on text that is not a message").causing(&["SYNC-60"]),
    Mutant::new("tolerates-no-mask-at-first", &["WIRE-06"], "accepts an unmasked first frame"),
    Mutant::new("depth-deafens", &["WIRE-06"], "pushes nothing to other clients after deep nesting"),
    Mutant::new("depth-refuses-connections", &["WIRE-06"], "refuses connections after deep nesting"),
    Mutant::new("small-limit", &["WIRE-07"], "disconnects on a message of nearly 1 MiB").causing(&["WIRE-06"]),
    Mutant::new("small-text-limit", &["WIRE-07"], "disconnects on a message to a chat of half a mebibyte"),
    Mutant::new("few-fragments", &["WIRE-07", "WIRE-03"], "disconnects on more than a thousand fragments"),
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes subscribers with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-the-idle", &["WIRE-08"], "closes unsubscribed clients with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-strangers", &["WIRE-08"], "closes unauthenticated clients with 1000 on shutdown"),
    Mutant::new("takes-more", &["WIRE-08"], "accepts connections after shutdown began"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections on shutdown, but does not exit"),
    Mutant::new("ends-late", &["WIRE-08"], "shuts down 7 s late"),
    Mutant::new("slow-others", &["WIRE-10", "SYNC-51"], "pushes nothing to others while a client does not read")
        .causing(&["SYNC-20"]),
    Mutant::new("no-new-ones", &["WIRE-10"], "answers no subscriptions while a client does not read"),
    Mutant::new("new-ones-hear-nothing", &["WIRE-10"], "pushes nothing to new clients while one does not read"),
    Mutant::new("hoards", &["WIRE-11"], "buffers without limit what a client does not read")
        .causing(&["SYNC-51", "WIRE-10"]),
    Mutant::new("slow-answers", &["WIRE-12"], "delays an answer after an idle period by 40 ms"),
    Mutant::new("slow-pushes", &["WIRE-12"], "delays a push after an idle period by 40 ms"),
];

const SLOW: Duration = Duration::from_millis(40);
/// The bytes of one connection that make a flood.
const FLOOD: usize = 192 << 10;
const PIECE: usize = 512 << 10;
/// A client that needs this long for this many bytes does not read.
const STUCK: Duration = Duration::from_millis(300);
const MANY: usize = 128 << 10;

pub(super) fn bars(server: &SyncLink, state: &Links) -> bool {
    let hostile = state.clients.hostile;
    server.mutant == "depth-refuses-connections" && hostile > 0 && server.number == hostile + 1
}

/// Whether the server's end of the connection is hidden from the peer.
pub(super) fn lingers(server: &SyncLink) -> bool {
    server.mutant == "keeps-who-does-not-read" && !server.framing.has_closed()
}

pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match observed.flow {
        Flow::In => incoming(server, observed, state),
        Flow::Out => outgoing(server, observed, state),
    }
}

fn incoming(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let (frame, length) = (observed.frame, observed.frame.payload.len());
    if length < PIECE && !frame.is_fragment() {
        server.poured += length;
        state.clients.is_flooded |= server.poured > FLOOD;
    }
    if frame.is_fragment() {
        server.fragments = if frame.head & 0x0F == 0 { server.fragments + 1 } else { 0 };
    }
    if frame.head == TEXT && observed.raw().starts_with("[[[[") {
        state.clients.hostile = server.number;
    }
    if server.mutant == "tolerates-no-mask-at-first" && !frame.masked && server.successes == 0 {
        return Some(Effect { onward: vec![link::masked(frame)], ..Effect::default() });
    }
    let is_nonsense = frame.head == TEXT && !observed.message.is_object();
    let code = match server.mutant {
        "invalid-ends" if is_nonsense => 1007,
        "small-limit" if length > 1_000_000 && frame.head == TEXT && observed.kind != "dance" => 1009,
        "small-text-limit" if length > 500_000 && observed.kind == "send" => 1009,
        "few-fragments" if server.fragments > 1000 && length < 10_000 => 1009,
        "strict-space" if frame.head == TEXT && observed.raw().starts_with(' ') => return Some(Effect::nothing()),
        "strict-members" if !observed.message["more"].is_null() => return Some(Effect::nothing()),
        _ => return None,
    };
    Some(Effect::ended(frame, code))
}

fn outgoing(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let code = observed.frame.close_code();
    let is_push = observed.is_push();
    let is_sent = observed.message["data"]["sent"] == true;
    let hostile = state.clients.hostile;
    let is_near = hostile > server.number && hostile - server.number <= 2;
    let (is_in, is_subscriber) = {
        let known = server.known(state);
        (known.is_in, !known.topics.is_empty())
    };
    let is_flooded = state.clients.is_flooded && server.poured < FLOOD;
    let waited = server.last_out.replace(Instant::now()).map(|last| last.elapsed()).unwrap_or_default();
    let is_late = is_push && observed.frame.payload.len() > MANY && waited > STUCK;
    let is_full = matches!(code, 1008 | 1013) && server.failures == 0;
    Some(match server.mutant {
        "slow-writers" if is_sent && server.poured > 10 * FLOOD => Effect::nothing(),
        "slow-readers" if is_push && state.clients.is_flooded => Effect::nothing(),
        "slow-others" if is_push && is_flooded => Effect::nothing(),
        "no-new-ones" if observed.kind == "subscribed" && state.clients.is_flooded => Effect::nothing(),
        "new-ones-hear-nothing" if observed.kind == "auth_success" => {
            server.marked |= state.clients.is_flooded;
            return None;
        }
        "new-ones-hear-nothing" if is_push && server.marked => Effect::nothing(),
        "keeps-who-does-not-read" if is_full => Effect::nothing(),
        "not-reading-otherwise" if is_full || is_late => Effect::ended(observed.frame, 1000),
        "no-early-pongs" if observed.frame.head == PONG && server.successes == 0 => Effect::nothing(),
        "depth-deafens" if is_push && is_near => Effect::nothing(),
        _ if is_push && crate::mutant::framing::deafens(server.mutant, server.number, state) => Effect::nothing(),
        "stops-otherwise" if code == 1001 && is_subscriber => Effect::closed(1000),
        "stops-otherwise-for-the-idle" if code == 1001 && is_in && !is_subscriber => Effect::closed(1000),
        "stops-otherwise-for-strangers" if code == 1001 && !is_in => Effect::closed(1000),
        "slow-answers" if observed.message["id"].is_string() => Effect::slow(observed.frame, SLOW),
        "slow-pushes" if is_push => Effect::slow(observed.frame, SLOW),
        _ => return None,
    })
}
