//! Mutants of sessions: RPC-10 to RPC-13.

use relayspec::rpc::{Frame, Message, Response, SessionEnd};
use serde_json::{Value, json};

use super::{DaemonLink, DaemonState, ack};
use crate::mutant::Mutant;
use crate::mutant::rpc::pass::{RpcAction, locked};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("keeps-old-attrs", &["RPC-10"], "ignores the attrs of a session that starts again")
        .causing(&["RPC-11"]),
    Mutant::new("keeps-attrs-of-others", &["RPC-10"], "ignores the attrs of a session restarted elsewhere"),
    Mutant::new("silent-about-second-starts", &["RPC-10", "RPC-01"], "does not answer when a session starts again"),
    Mutant::new("doubles-sessions", &["RPC-10"], "lists a session once for each start")
        .causing(&["RPC-01", "RPC-11", "RPC-12", "RPC-13"]),
    Mutant::new("ended-for-good", &["RPC-11"], "does not let an ended session start again"),
    Mutant::new("no-commands-after-an-end", &["RPC-11"], "keeps no commands of a session that has once ended"),
    Mutant::new("end-is-ignored", &["RPC-12"], "ends no sessions").causing(&["RPC-11", "RPC-13"]),
    Mutant::new("loss-ends", &["RPC-12"], "ends the sessions of a lost connection").causing(&["RPC-13"]),
    Mutant::new("second-loss-ends", &["RPC-12"], "ends a session when its connection is lost for the second time"),
    Mutant::new("forgets-all", &["RPC-13"], "loses its state on restart"),
    Mutant::new("forgets-when-they-return", &["RPC-13", "RPC-10"], "drops earlier commands of sessions on restart"),
    Mutant::new("never-comes-back", &["RPC-13"], "does not start a second time").causing(&["RPC-14"]),
];

pub(super) fn asked(
    connection: &mut DaemonLink,
    Frame { id, message }: &Frame,
    state: &mut DaemonState,
    action: &mut RpcAction,
) -> Option<Vec<u8>> {
    let (is_acknowledged, is_passed) = (Some(true), None);
    let swallowed = match (connection.mutant, message) {
        ("end-is-ignored", Message::SessionEnd(_)) => is_acknowledged,
        ("no-commands-after-an-end", Message::CommandComplete(command))
            if state.ended.contains(&command.session_id) =>
        {
            is_acknowledged
        }
        (mutant, Message::SessionStart(start)) => {
            let is_known = state.started.contains(&start.session_id);
            let is_own = connection.own.contains(&start.session_id);
            let has_ended = state.ended.contains(&start.session_id);
            match mutant {
                "keeps-old-attrs" if is_known => is_acknowledged,
                "keeps-attrs-of-others" if is_known && !is_own => is_acknowledged,
                "silent-about-second-starts" if is_own && !has_ended => Some(false),
                "ended-for-good" if has_ended => is_acknowledged,
                _ => is_passed,
            }
        }
        _ => is_passed,
    };
    noted(connection, *id, message, state);
    if swallowed? {
        action.back.extend(ack(*id));
    }
    Some(Vec::new())
}

fn noted(connection: &mut DaemonLink, id: u64, message: &Message, state: &mut DaemonState) {
    match message {
        Message::SessionStart(start) => {
            let is_new = state.started.insert(start.session_id.clone());
            if !is_new && !connection.own.contains(&start.session_id) {
                connection.back.insert(start.session_id.clone());
            }
            connection.own.insert(start.session_id.clone());
            connection.starts.insert(id);
        }
        Message::SessionEnd(end) => _ = state.ended.insert(end.session_id.clone()),
        _ => {}
    }
}

pub(super) fn answered(connection: &DaemonLink, Frame { id, message }: &Frame) -> Option<Vec<u8>> {
    let Message::Response(response) = message else { return None };
    let mut sessions: Vec<Value> = serde_json::from_str(&response.content).unwrap_or_default();
    let state = locked(&connection.state);
    match connection.mutant {
        "doubles-sessions" => sessions.extend(sessions.clone()),
        "forgets-when-they-return" if state.is_restored => {
            let is_back =
                |session: &&mut Value| state.started.contains(session["session_id"].as_str().unwrap_or_default());
            sessions.iter_mut().filter(is_back).for_each(|session| session["commands"] = json!([]));
        }
        _ => return None,
    }
    let response = Response { content: Value::from(sessions).to_string(), ..response.clone() };
    Some(Frame { id: *id, message: Message::Response(response) }.encode())
}

pub(super) fn lost(connection: &DaemonLink) -> Vec<u8> {
    let gone = match connection.mutant {
        "loss-ends" => &connection.own,
        "second-loss-ends" => &connection.back,
        _ => return Vec::new(),
    };
    let end = |id: &String| {
        let end = SessionEnd { session_id: id.clone(), timestamp_ms: 0, exit_code: None };
        Frame { id: 0, message: Message::SessionEnd(end) }.encode()
    };
    gone.iter().flat_map(end).collect()
}
