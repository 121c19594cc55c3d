//! The daemon against its chapter, without sockets.

use std::collections::BTreeMap;

use proptest::prelude::*;
use relayspec::rpc::{CommandComplete, CommandRecord, Direction, IoData, Scope, SessionEnd, SessionStart};
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
    let (session_id, direction) = ("nobody's".to_owned(), Direction::Input);
    Message::IoData(IoData { session_id, direction, timestamp_ms: 0, data: vec![1] })
}

/// Says something; the answer.
fn say(daemon: &mut Daemon, message: Message) -> Message {
    let mut out = Vec::new();
    daemon.answer(Frame { id: 7, message }, &mut out);
    let answer = Frame::decode(&out).expect("one frame");
    assert_eq!(answer.id, 7);
    answer.message
}

fn asked(daemon: &mut Daemon, query: &str, scope: Scope) -> String {
    let request = Request { request_id: "q".to_owned(), session_id: "a".to_owned(), query: query.to_owned(), scope };
    match say(daemon, Message::Request(request)) {
        Message::Response(response) if response.request_id == "q" && response.is_final => response.content,
        other => panic!("{other:?}"),
    }
}

fn sessions(daemon: &mut Daemon) -> Value {
    serde_json::from_str(&asked(daemon, SESSIONS, Scope::AllSessions)).expect("JSON")
}

fn told(id: &str, active: bool, attr: &str, commands: &[&str]) -> Value {
    json!({
        "session_id": id, "parent_session_id": null, "active": active, "attrs": { "attr": attr }, "commands": commands,
    })
}

/// A journal on a disk.
fn write(daemon: &mut Daemon, journal: &mut Vec<u8>) {
    match daemon.writing() {
        Some(Writing::Append(records)) => journal.extend(records),
        Some(Writing::Replace(whole)) => *journal = whole,
        None => {}
    }
}

#[test]
fn sessions_begin_once_end_and_come_back() {
    let mut daemon = Daemon::default();
    for (message, after) in [
        (start("a", "1"), json!([told("a", true, "1", &[])])),
        (command("a", "ls"), json!([told("a", true, "1", &["ls"])])),
        (command("a", "ls"), json!([told("a", true, "1", &["ls"])])),
        (start("a", "2"), json!([told("a", true, "2", &["ls"])])),
        (end("a"), json!([told("a", false, "2", &["ls"])])),
        (end("a"), json!([told("a", false, "2", &["ls"])])),
        (end("b"), json!([told("a", false, "2", &["ls"])])),
        (command("b", "ls"), json!([told("a", false, "2", &["ls"])])),
        (data(), json!([told("a", false, "2", &["ls"])])),
        (Message::Ack, json!([told("a", false, "2", &["ls"])])),
        (start("a", "3"), json!([told("a", true, "3", &["ls"])])),
        (start("b", "4"), json!([told("a", true, "3", &["ls"]), told("b", true, "4", &[])])),
    ] {
        assert_eq!(say(&mut daemon, message.clone()), Message::Ack, "{message:?}");
        assert_eq!(sessions(&mut daemon), after, "{message:?}");
    }
    let ids = |scope| {
        let told: Value = serde_json::from_str(&asked(&mut daemon, SESSIONS, scope)).expect("JSON");
        told.as_array().expect("a list").iter().map(|session| session["session_id"].clone()).collect::<Vec<_>>()
    };
    let mut ids = ids;
    assert_eq!(ids(Scope::CurrentSession), ["a"]);
    assert_eq!(ids(Scope::Sessions(vec!["b".to_owned(), "c".to_owned()])), ["b"]);
    assert_eq!(asked(&mut daemon, "why?", Scope::AllSessions), "");
}

#[test]
fn what_changes_nothing_is_not_written() {
    let (mut daemon, mut journal) = (Daemon::default(), Vec::new());
    say(&mut daemon, start("a", "1"));
    write(&mut daemon, &mut journal);
    for message in [start("a", "1"), end("b"), command("b", "ls"), data(), Message::Ack] {
        say(&mut daemon, message);
        assert_eq!(daemon.writing(), None);
    }
}

#[test]
fn memory_and_journal_are_bounded() {
    let (mut daemon, mut journal) = (Daemon::default(), Vec::new());
    say(&mut daemon, start("a", "1"));
    for number in 0..100 {
        say(&mut daemon, command("a", &format!("{number} {}", "\u{1}".repeat(64 << 10))));
        write(&mut daemon, &mut journal);
    }
    assert!(journal.len() < 40 << 20, "{} bytes of journal", journal.len());
    let content = asked(&mut daemon, SESSIONS, Scope::AllSessions);
    assert!((3 << 20..16 << 20).contains(&content.len()), "{} bytes", content.len());
    let commands = sessions(&mut daemon)[0]["commands"].as_array().expect("a list").clone();
    assert!(commands.last().and_then(Value::as_str).is_some_and(|line| line.starts_with("99 ")));

    for number in 0..120_000 {
        say(&mut daemon, start(&number.to_string(), ""));
        write(&mut daemon, &mut journal);
    }
    assert!(asked(&mut daemon, SESSIONS, Scope::AllSessions).len() < 16 << 20);
    say(&mut daemon, start(&"x".repeat(15 << 20), ""));
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

    /// Killed at any moment, however often, the daemon knows all that was written before.
    #[test]
    fn a_daemon_that_was_killed_is_the_same(messages in prop::collection::vec((any_message(), 0..10_u8), 0..60)) {
        let (mut daemon, mut journal) = (Daemon::default(), Vec::new());
        for (message, fate) in messages {
            say(&mut daemon, message);
            write(&mut daemon, &mut journal);
            if fate == 0 {
                let before = sessions(&mut daemon);
                // A piece of what nobody was told of.
                say(&mut daemon, command("a", "never acknowledged"));
                let mut torn = journal.clone();
                if let Some(Writing::Append(records)) = daemon.writing() {
                    torn.extend(&records[..records.len() - 1]);
                }
                daemon = Daemon::restore(&torn).expect("no damage");
                prop_assert_eq!(sessions(&mut daemon), before);
                write(&mut daemon, &mut journal);
            }
        }
    }
}
