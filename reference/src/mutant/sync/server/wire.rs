//! Mutants of reading, speed, pressure and of the end: SYNC-51, WIRE-01 to WIRE-12.

use std::time::{Duration, Instant};

use super::{Seen, Server};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("slow-writers", &["SYNC-51"], "lets senders wait while somebody does not read"),
    Mutant::new("slow-readers", &["SYNC-51"], "pushes nothing to anybody while somebody does not read")
        .causing(&["SYNC-20"]),
    Mutant::new("keeps-who-does-not-read", &["SYNC-51"], "leaves the connection open of who does not read"),
    Mutant::new("not-reading-otherwise", &["SYNC-51"], "closes with 1000 for who does not read"),
    Mutant::new("strict-space", &["WIRE-01"], "knows no message that begins with a blank"),
    Mutant::new("strict-members", &["WIRE-02"], "refuses members that it does not know").starving(),
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["WIRE-06", "WIRE-07"]),
    Mutant::new("no-early-pongs", &["WIRE-04"], "answers no Ping frame before the first message"),
    Mutant::new("invalid-ends", &["WIRE-06"], "closes the connection for text that is no message")
        .causing(&["SYNC-60"]),
    Mutant::new("tolerates-no-mask-at-first", &["WIRE-06"], "reads a first frame without mask"),
    Mutant::new("depth-deafens", &["WIRE-06"], "pushes nothing to others after lists that are nested deeply"),
    Mutant::new("depth-closes-the-door", &["WIRE-06"], "takes nobody after lists that are nested deeply"),
    Mutant::new("small-limit", &["WIRE-07"], "closes the connection for a message of nearly 1 MiB")
        .causing(&["WIRE-06"]),
    Mutant::new("small-text-limit", &["WIRE-07"], "closes the connection for a message to a chat of half a mebibyte"),
    Mutant::new("few-fragments", &["WIRE-07", "WIRE-03"], "closes the connection for more than a thousand fragments"),
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes subscribers with 1000 when it is told to end"),
    Mutant::new(
        "stops-otherwise-for-the-idle",
        &["WIRE-08"],
        "closes clients without a subscription with 1000 when it is told to end",
    ),
    Mutant::new(
        "stops-otherwise-for-strangers",
        &["WIRE-08"],
        "closes who has not authenticated with 1000 when it is told to end",
    ),
    Mutant::new("takes-more", &["WIRE-08"], "takes connections after it was told to end"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections when it is told to end, and stays"),
    Mutant::new("ends-late", &["WIRE-08"], "ends 7 s after it was told to"),
    Mutant::new(
        "slow-others",
        &["WIRE-10", "SYNC-51"],
        "pushes nothing to others while somebody asks and does not read",
    )
    .causing(&["SYNC-20"]),
    Mutant::new("no-new-ones", &["WIRE-10"], "answers no subscription while somebody does not read"),
    Mutant::new("new-ones-hear-nothing", &["WIRE-10"], "pushes nothing to who connects while somebody does not read"),
    Mutant::new("hoards", &["WIRE-11"], "keeps without bound what a client does not read")
        .causing(&["SYNC-51", "WIRE-10"]),
    Mutant::new("slow-answers", &["WIRE-12"], "takes 40 ms for an answer when nothing came before it"),
    Mutant::new("slow-pushes", &["WIRE-12"], "takes 40 ms for a push when nothing came before it"),
];

const SLOW: Duration = Duration::from_millis(40);
/// So much of one connection is a flood.
const FLOOD: usize = 192 << 10;
/// Pieces of a flood are no larger.
const PIECE: usize = 512 << 10;
/// Who takes so long for so many bytes does not read.
const STUCK: Duration = Duration::from_millis(300);
const MANY: usize = 128 << 10;

/// Whether nobody may connect.
pub(super) fn bars(server: &Server, house: &House) -> bool {
    let hostile = house.clients.hostile;
    server.mutant == "depth-closes-the-door" && hostile > 0 && server.number == hostile + 1
}

/// Whether the peer is not told that the server has ended the connection.
pub(super) fn lingers(server: &Server) -> bool {
    server.mutant == "keeps-who-does-not-read" && !server.framing.has_closed()
}

pub(super) fn alters(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match seen.way {
        Way::In => heard(server, seen, house),
        Way::Out => told(server, seen, house),
    }
}

fn heard(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let (frame, length) = (seen.frame, seen.frame.payload.len());
    if length < PIECE && !frame.is_fragment() {
        server.poured += length;
        house.clients.is_flooded |= server.poured > FLOOD;
    }
    if frame.is_fragment() {
        server.fragments = if frame.head & 0x0F == 0 { server.fragments + 1 } else { 0 };
    }
    if frame.head == TEXT && seen.raw().starts_with("[[[[") {
        house.clients.hostile = server.number;
    }
    if server.mutant == "tolerates-no-mask-at-first" && !frame.masked && server.successes == 0 {
        return Some(Said { onward: vec![link::masked(frame)], ..Said::default() });
    }
    let is_nonsense = frame.head == TEXT && !seen.message.is_object();
    let code = match server.mutant {
        "invalid-ends" if is_nonsense => 1007,
        "small-limit" if length > 1_000_000 && frame.head == TEXT && seen.kind != "dance" => 1009,
        "small-text-limit" if length > 500_000 && seen.kind == "send" => 1009,
        "few-fragments" if server.fragments > 1000 && length < 10_000 => 1009,
        "strict-space" if frame.head == TEXT && seen.raw().starts_with(' ') => return Some(Said::nothing()),
        "strict-members" if !seen.message["more"].is_null() => return Some(Said::nothing()),
        _ => return None,
    };
    Some(Said::ended(frame, code))
}

fn told(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let code = seen.frame.close_code();
    let is_push = seen.is_push();
    let is_sent = seen.message["data"]["sent"] == true;
    let hostile = house.clients.hostile;
    let is_near = hostile > server.number && hostile - server.number <= 2;
    let (is_in, is_subscriber) = {
        let known = server.known(house);
        (known.is_in, !known.topics.is_empty())
    };
    let is_flooded = house.clients.is_flooded && server.poured < FLOOD;
    let waited = server.last_out.replace(Instant::now()).map(|last| last.elapsed()).unwrap_or_default();
    let is_late = is_push && seen.frame.payload.len() > MANY && waited > STUCK;
    let is_full = matches!(code, 1008 | 1013) && server.failures == 0;
    Some(match server.mutant {
        "slow-writers" if is_sent && server.poured > 10 * FLOOD => Said::nothing(),
        "slow-readers" if is_push && house.clients.is_flooded => Said::nothing(),
        "slow-others" if is_push && is_flooded => Said::nothing(),
        "no-new-ones" if seen.kind == "subscribed" && house.clients.is_flooded => Said::nothing(),
        "new-ones-hear-nothing" if seen.kind == "auth_success" => {
            server.marked |= house.clients.is_flooded;
            return None;
        }
        "new-ones-hear-nothing" if is_push && server.marked => Said::nothing(),
        "keeps-who-does-not-read" if is_full => Said::nothing(),
        "not-reading-otherwise" if is_full || is_late => Said::ended(seen.frame, 1000),
        "no-early-pongs" if seen.frame.head == PONG && server.successes == 0 => Said::nothing(),
        "depth-deafens" if is_push && is_near => Said::nothing(),
        _ if is_push && crate::mutant::framing::deafens(server.mutant, server.number, house) => Said::nothing(),
        "stops-otherwise" if code == 1001 && is_subscriber => Said::closed(1000),
        "stops-otherwise-for-the-idle" if code == 1001 && is_in && !is_subscriber => Said::closed(1000),
        "stops-otherwise-for-strangers" if code == 1001 && !is_in => Said::closed(1000),
        "slow-answers" if seen.message["id"].is_string() => Said::slow(seen.frame, SLOW),
        "slow-pushes" if is_push => Said::slow(seen.frame, SLOW),
        _ => return None,
    })
}
