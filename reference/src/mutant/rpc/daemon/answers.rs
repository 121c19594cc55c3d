//! Mutants of answers: RPC-01 and RPC-02.

use std::time::Duration;

use relayspec::rpc::{EventType, Frame, Message, Scope};

use super::{DaemonLink, DaemonState, ack};
use crate::mutant::Mutant;
use crate::mutant::rpc::pass::RpcAction;

/// The position from which a request counts as one of many at once.
const MANY: usize = 60;

const fn silent(name: &'static str, line: &'static str) -> Mutant {
    Mutant::new(name, &["RPC-01"], line)
}

pub(super) const MUTANTS: &[Mutant] = &[
    silent("no-answer-to-events", "answers no `Event`"),
    silent("silent-about-patterns", "does not answer an `Event` about a pattern"),
    silent("silent-about-boundaries", "does not answer an `Event` about the boundary of a command"),
    silent("silent-about-commands", "does not answer `CommandComplete`"),
    silent("silent-about-questions", "does not answer a `Request` whose query it does not know"),
    silent("silent-about-some", "does not answer a `Request` about some sessions"),
    silent("silent-about-ends", "does not answer the `SessionEnd` of a known session"),
    silent("silent-about-bytes-of-others", "does not answer bytes of unknown sessions once a session has started"),
    silent("silent-about-ends-of-others", "does not answer ends of unknown sessions once a session has started"),
    silent("silent-about-the-smallest-id", "does not answer the request id 0"),
    silent("silent-about-the-largest-id", "does not answer the largest request id"),
    silent("silent-about-ids-of-starts", "does not answer the request id that a `SessionStart` had before"),
    silent("silent-about-acks", "does not answer an `Ack`"),
    silent("silent-about-responses", "does not answer a `Response`"),
    Mutant::new("answers-responses-twice", &["RPC-01"], "answers a `Response` twice"),
    Mutant::new("acks-requests", &["RPC-01"], "answers a `Request` with an `Ack`").starving(),
    Mutant::new("another-id", &["RPC-01"], "answers with a different request id").starving(),
    Mutant::new("one-id-for-two-requests", &["RPC-01"], "answers one of many requests with the previous id"),
    Mutant::new("answers-twice", &["RPC-01"], "sends each `Ack` twice")
        .causing(&["RPC-02", "RPC-03", "RPC-04", "RPC-05", "RPC-06", "RPC-10"]),
    Mutant::new("silent-above-100", &["RPC-01"], "answers nothing after a hundred frames on a connection")
        .causing(&["RPC-02", "RPC-03"]),
    Mutant::new("late-answers", &["RPC-01"], "answers after notify_deadline").starving(),
    Mutant::new("one-by-one", &["RPC-02"], "delays each `Request` until the previous one is answered"),
];

pub(super) fn is_ignored(connection: &DaemonLink, Frame { id, message }: &Frame, state: &DaemonState) -> bool {
    let is_other = |session: &String| !connection.own.is_empty() && !state.started.contains(session);
    match (connection.mutant, message) {
        ("no-answer-to-events", Message::Event(_))
        | ("silent-about-commands", Message::CommandComplete(_))
        | ("silent-about-acks", Message::Ack)
        | ("silent-about-responses", Message::Response(_)) => true,
        ("silent-about-patterns", Message::Event(event)) => matches!(event.event_type, EventType::PatternMatch(_)),
        ("silent-about-boundaries", Message::Event(event)) => {
            matches!(event.event_type, EventType::CommandBoundary(_))
        }
        ("silent-about-questions", Message::Request(request)) => request.query != "sessions",
        ("silent-about-some", Message::Request(request)) => matches!(request.scope, Scope::Sessions(_)),
        ("silent-about-ends", Message::SessionEnd(end)) => state.started.contains(&end.session_id),
        ("silent-about-bytes-of-others", Message::IoData(data)) => is_other(&data.session_id),
        ("silent-about-ends-of-others", Message::SessionEnd(end)) => is_other(&end.session_id),
        ("silent-about-the-smallest-id", _) => *id == u64::MIN,
        ("silent-about-the-largest-id", _) => *id == u64::MAX,
        ("silent-about-ids-of-starts", _) => connection.starts.contains(id),
        _ => false,
    }
}

pub(super) fn asked(
    connection: &DaemonLink,
    Frame { id, message }: &Frame,
    place: usize,
    action: &mut RpcAction,
) -> Option<Vec<u8>> {
    match (connection.mutant, message) {
        ("one-by-one", Message::Request(_)) => {
            action.delay += Duration::from_millis(30);
            None
        }
        ("answers-responses-twice", Message::Response(_)) => {
            action.back.extend(ack(*id));
            None
        }
        ("one-id-for-two-requests", Message::Request(_)) | ("one-id-for-two-at-once", Message::IoData(_))
            if place == MANY =>
        {
            Some(Frame { id: connection.latest, message: message.clone() }.encode())
        }
        _ => None,
    }
}

pub(super) fn answered(
    connection: &DaemonLink,
    Frame { id, message }: &Frame,
    bytes: &[u8],
    action: &mut RpcAction,
) -> Option<Vec<u8>> {
    match (connection.mutant, message) {
        ("acks-requests", Message::Response(_)) => Some(ack(*id)),
        ("another-id", Message::Ack) => Some(ack(id.wrapping_add(1))),
        ("answers-twice", Message::Ack) => Some([bytes, bytes].concat()),
        ("silent-above-100", _) if connection.answers > 100 => Some(Vec::new()),
        ("late-answers", _) => {
            action.delay = Duration::from_millis(1500);
            None
        }
        _ => None,
    }
}
