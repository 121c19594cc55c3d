//! The daemon's core against its chapter.

use std::collections::BTreeMap;

use proptest::prelude::*;
use relayspec::rpc::{CommandComplete, CommandRecord, IoData, IoDirection, Scope, SessionEnd, SessionStart};
use serde_json::{Value, json};

use super::*;

fn start(id: &str, attr: &str) -> Message {
    let attrs = BTreeMap::from([("attr".to_owned(), attr.to_owned())]);
    Message::SessionStart(SessionStart { session_id: id.to_owned(), parent_session_id: None, timestamp_ms: 1, attrs })
}

fn end(id: &str) -> Message {
    Message::SessionEnd(SessionEnd { session_id: id.to_owned(), timestamp_ms: 2, exit_code: Some(0) })
}

fn command(id: &str, line: &str) -> Message {
    let record = CommandRecord {
        command_id: format!("id of {line}"),
        session_id: id.to_owned(),
        command_line: Some(line.to_owned()),
        cwd: None,
        started_at: 0,
        ended_at: None,
        output_summary: String::new(),
        stream_offset: 0,
        stream_length: 0,
        exit_code: None,
    };
    Message::CommandComplete(CommandComplete { session_id: id.to_owned(), record })
}

fn data() -> Message {
    let (session_id, direction) = ("unknown".to_owned(), IoDirection::Input);
    Message::IoData(IoData { session_id, direction, timestamp_ms: 0, data: vec![1] })
}

fn send(daemon: &mut DaemonCore, message: Message) -> Message {
    let mut out = Vec::new();
    daemon.answer(Frame { id: 7, message }, &mut out);
    let answer = Frame::decode(&out).expect("one frame");
    assert_eq!(answer.id, 7);
    answer.message
}

fn asked(daemon: &mut DaemonCore, query: &str, scope: Scope) -> String {
    let request = Request { request_id: "q".to_owned(), session_id: "a".to_owned(), query: query.to_owned(), scope };
    match send(daemon, Message::Request(request)) {
        Message::Response(response) if response.request_id == "q" && response.is_final => response.content,
        other => panic!("{other:?}"),
    }
}

fn sessions(daemon: &mut DaemonCore) -> Value {
    serde_json::from_str(&asked(daemon, SESSIONS, Scope::AllSessions)).expect("JSON")
}

fn summary(id: &str, active: bool, attr: &str, commands: &[&str]) -> Value {
    json!({
        "session_id": id, "parent_session_id": null, "active": active, "attrs": { "attr": attr }, "commands": commands,
    })
}

fn write(daemon: &mut DaemonCore, journal: &mut Vec<u8>) {
    match daemon.journal_write() {
        Some(JournalWrite::Append(records)) => journal.extend(records),
        Some(JournalWrite::Replace(whole)) => *journal = whole,
        None => {}
    }
}

#[test]
fn sessions_start_once_end_and_resume() {
    let mut daemon = DaemonCore::default();
    for (message, after) in [
        (start("a", "1"), json!([summary("a", true, "1", &[])])),
        (command("a", "ls"), json!([summary("a", true, "1", &["ls"])])),
        (command("a", "ls"), json!([summary("a", true, "1", &["ls"])])),
        (start("a", "2"), json!([summary("a", true, "2", &["ls"])])),
        (end("a"), json!([summary("a", false, "2", &["ls"])])),
        (end("a"), json!([summary("a", false, "2", &["ls"])])),
        (end("b"), json!([summary("a", false, "2", &["ls"])])),
        (command("b", "ls"), json!([summary("a", false, "2", &["ls"])])),
        (data(), json!([summary("a", false, "2", &["ls"])])),
        (Message::Ack, json!([summary("a", false, "2", &["ls"])])),
        (start("a", "3"), json!([summary("a", true, "3", &["ls"])])),
        (start("b", "4"), json!([summary("a", true, "3", &["ls"]), summary("b", true, "4", &[])])),
    ] {
        assert_eq!(send(&mut daemon, message.clone()), Message::Ack, "{message:?}");
        assert_eq!(sessions(&mut daemon), after, "{message:?}");
    }
    let mut ids = |scope| {
        let sessions: Value = serde_json::from_str(&asked(&mut daemon, SESSIONS, scope)).expect("JSON");
        sessions.as_array().expect("a list").iter().map(|session| session["session_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Scope::CurrentSession), ["a"]);
    assert_eq!(ids(Scope::Sessions(vec!["b".to_owned(), "c".to_owned()])), ["b"]);
    assert_eq!(asked(&mut daemon, "why?", Scope::AllSessions), "");
}

#[test]
fn writes_only_what_changes_something() {
    let (mut daemon, mut journal) = (DaemonCore::default(), Vec::new());
    send(&mut daemon, start("a", "1"));
    write(&mut daemon, &mut journal);
    for message in [start("a", "1"), end("b"), command("b", "ls"), data(), Message::Ack] {
        send(&mut daemon, message);
        assert_eq!(daemon.journal_write(), None);
    }
}

#[test]
fn memory_and_journal_are_bounded() {
    let (mut daemon, mut journal) = (DaemonCore::default(), Vec::new());
    send(&mut daemon, start("a", "1"));
    for number in 0..100 {
        send(&mut daemon, command("a", &format!("{number} {}", "\u{1}".repeat(64 << 10))));
        write(&mut daemon, &mut journal);
    }
    assert!(journal.len() < 40 << 20, "{} bytes of journal", journal.len());
    let content = asked(&mut daemon, SESSIONS, Scope::AllSessions);
    assert!((3 << 20..16 << 20).contains(&content.len()), "{} bytes", content.len());
    let commands = sessions(&mut daemon)[0]["commands"].as_array().expect("a list").clone();
    assert!(commands.last().and_then(Value::as_str).is_some_and(|line| line.starts_with("99 ")));

    for number in 0..120_000 {
        send(&mut daemon, start(&number.to_string(), ""));
        write(&mut daemon, &mut journal);
    }
    assert!(asked(&mut daemon, SESSIONS, Scope::AllSessions).len() < 16 << 20);
    send(&mut daemon, start(&"x".repeat(15 << 20), ""));
    assert!(asked(&mut daemon, SESSIONS, Scope::AllSessions).len() < 16 << 20);
}

fn any_message() -> impl Strategy<Value = Message> {
    let id = || prop::sample::select(&["a", "b", "c"][..]);
    prop_oneof![
        (id(), "[0-3]").prop_map(|(id, attr)| start(id, &attr)),
        id().prop_map(end),
        (id(), "[a-z]{1,2}").prop_map(|(id, line)| command(id, &line)),
        Just(data()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Killed at any moment, the daemon keeps everything written before.
    #[test]
    fn a_killed_daemon_is_restored(messages in prop::collection::vec((any_message(), 0..10_u8), 0..60)) {
        let (mut daemon, mut journal) = (DaemonCore::default(), Vec::new());
        for (message, fate) in messages {
            send(&mut daemon, message);
            write(&mut daemon, &mut journal);
            if fate == 0 {
                let before = sessions(&mut daemon);
                // An incomplete, unacknowledged record.
                send(&mut daemon, command("a", "never acknowledged"));
                let mut torn = journal.clone();
                if let Some(JournalWrite::Append(records)) = daemon.journal_write() {
                    torn.extend(&records[..records.len() - 1]);
                }
                daemon = DaemonCore::restore(&torn).expect("no damage");
                prop_assert_eq!(sessions(&mut daemon), before);
                write(&mut daemon, &mut journal);
            }
        }
    }
}
