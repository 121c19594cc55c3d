//! The sync client against a simulated server and clock.

use std::time::Duration;

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use super::*;
use crate::client::ClientAction;
use crate::client::testing::{ClientFixture, describe};

fn connecting(pin: &str, chat: Option<&str>) -> ClientFixture<SyncClient> {
    let client = SyncClient::new(pin.to_owned(), chat.map(str::to_owned), &Timing::default());
    let mut fixture = ClientFixture::new(client, Policy::RELAY, Timing::default(), |action| {
        let ClientAction::Report(event @ (Event::Result { .. } | Event::Data { .. })) = &action else {
            return Some(describe(action));
        };
        let event: Value = serde_json::from_str(&event.encode()).expect("JSON");
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        Some(match &*text("event") {
            "result" if event["error"].is_null() => format!("ok:{}", text("id")),
            "result" => format!("failed:{}", text("id")),
            _ => format!("{}:{}", text("resourceId"), event["payload"]["message"]["seq"]),
        })
    });
    fixture.open();
    fixture
}

/// A client that has authenticated; its `auth` had the id 1.
fn joined(chat: Option<&str>) -> ClientFixture<SyncClient> {
    let mut fixture = connecting("000042", chat);
    assert_eq!(fixture.sent(), [json!({ "type": "auth", "id": "1", "pin": "000042" })], "SYNC-C1");
    fixture.let_in("1");
    assert_eq!(fixture.reported(), "connect connected joined");
    fixture
}

impl ClientFixture<SyncClient> {
    fn let_in(&mut self, id: &str) {
        self.receive(json!({ "type": "auth_success", "id": id, "data": { "projects": [], "modelProfiles": [] } }));
    }

    fn subscribe(&mut self, id: &str, chat: &str) {
        self.command(json!({ "do": "subscribe", "id": id, "resource": "chat", "resourceId": chat }));
    }

    fn unsubscribe(&mut self, id: &str, chat: &str) {
        self.command(json!({ "do": "unsubscribe", "id": id, "resource": "chat", "resourceId": chat }));
    }

    fn send(&mut self, id: &str) {
        self.command(json!({ "do": "send", "id": id, "payload": { "resourceId": "c", "message": "hello" } }));
    }

    fn snapshot(&mut self, id: &str, chat: &str, seqs: &[u32]) {
        let messages: Vec<_> = seqs.iter().map(|seq| message(chat, *seq)).collect();
        let data = json!({ "messages": messages });
        self.receive(json!({ "type": "subscribed", "id": id, "resource": "chat", "resourceId": chat, "data": data }));
    }

    fn push(&mut self, chat: &str, seq: u32) {
        let data = json!({ "message": message(chat, seq) });
        self.receive(json!({ "type": "data", "id": null, "resource": "chat", "resourceId": chat, "data": data }));
    }

    fn rejoin(&mut self, auth: &str) {
        self.reconnect();
        assert_eq!(self.sent(), [json!({ "type": "auth", "id": auth, "pin": "000042" })]);
        self.let_in(auth);
    }

    /// What was sent, in short: type, id, and the id of the resource.
    fn requests(&mut self) -> String {
        let short = |message: Value| {
            format!("{} {} {}", message["type"], message["id"], message["resourceId"]).replace('"', "")
        };
        self.sent().into_iter().map(short).collect::<Vec<_>>().join(", ")
    }
}

fn message(chat: &str, seq: u32) -> Value {
    json!({ "id": format!("{chat}{seq}"), "chatId": chat, "role": "user", "content": "hello", "seq": seq })
}

fn done(id: &str, what: &str) -> Value {
    json!({ "type": "data", "id": id, "data": { what: true } })
}

#[test]
fn completes_requests() {
    let mut fixture = joined(None);
    fixture.subscribe("a", "c");
    fixture.send("b");
    fixture.command(json!({ "do": "subscribe", "id": "p", "resource": "modelProfiles" }));
    assert_eq!(fixture.requests(), "subscribe 2 c, send 3 c, subscribe 4 null");
    fixture.receive(done("3", "sent"));
    fixture.snapshot("2", "c", &[1, 2]);
    fixture.receive(
        json!({ "type": "subscribed", "id": "4", "resource": "modelProfiles", "data": { "modelProfiles": [] } }),
    );
    fixture.push("c", 3);
    fixture.unsubscribe("d", "c");
    fixture.push("c", 4);
    assert_eq!(fixture.requests(), "unsubscribe 5 c");
    fixture.receive(done("5", "unsubscribed"));
    assert_eq!(fixture.reported(), "ok:b ok:a ok:p c:3 ok:d");
    fixture.command(json!({ "do": "subscribe", "id": "e", "resource": "planet", "resourceId": "c" }));
    fixture.command(json!({ "do": "send", "id": "f", "payload": "hello" }));
    fixture
        .command(json!({ "do": "send", "id": "g", "payload": { "resourceId": "c", "message": "x".repeat(1 << 20) } }));
    fixture.command(json!({ "do": "join", "code": "K7QX4M" }));
    assert_eq!((fixture.reported().as_str(), fixture.sent().len()), ("failed:e failed:f failed:g unsupported", 0));
    fixture.subscribe("h", "d");
    fixture.receive(json!({ "type": "error", "id": "7", "error": "No chat has this id." }));
    fixture.receive(json!({ "type": "error", "id": null, "error": "This is no JSON." }));
    assert_eq!(fixture.reported(), "failed:h error");
}

#[test]
fn gives_up_on_a_refused_pin() {
    let mut fixture = connecting("1", None);
    fixture.receive(json!({ "type": "auth_failed", "id": "9", "error": "Of another client." }));
    fixture.receive(json!({ "type": "auth_failed", "id": "1", "error": "This is not the PIN." }));
    assert_eq!(fixture.reported(), "connect connected auth_failed gave_up ended");
}

#[test]
fn resubscribes_after_a_loss_and_sends_nothing_twice() {
    let mut fixture = joined(None);
    for (id, chat) in [("a", "c"), ("b", "d"), ("e", "f")] {
        fixture.subscribe(id, chat);
    }
    assert_eq!(fixture.requests(), "subscribe 2 c, subscribe 3 d, subscribe 4 f");
    fixture.snapshot("2", "c", &[1]);
    fixture.snapshot("3", "d", &[]);
    fixture.send("s");
    fixture.unsubscribe("u", "d");
    assert_eq!(fixture.requests(), "send 5 c, unsubscribe 6 d");
    fixture.reported();
    fixture.lose();
    assert_eq!(fixture.reported(), "disconnected failed:s ok:u", "SYNC-C3");
    fixture.unsubscribe("v", "c");
    fixture.subscribe("w", "c");
    fixture.send("t");
    fixture.pass(Duration::from_secs(1));
    fixture.open();
    assert_eq!(fixture.requests(), "auth 7 null", "SYNC-C1");
    fixture.let_in("7");
    // `f` was never answered, and keeps its own request.
    assert_eq!(fixture.requests(), "subscribe 8 f, subscribe 9 c, send 10 c");
    fixture.snapshot("9", "c", &[1, 2]);
    fixture.push("c", 3);
    fixture.push("d", 1);
    fixture.snapshot("8", "f", &[]);
    assert_eq!(fixture.reported(), "ok:v connect connected joined reconnected ok:w c:3 ok:e");
}

#[test]
fn delivers_missed_messages_from_the_snapshot() {
    let mut fixture = joined(None);
    fixture.subscribe("a", "c");
    fixture.requests();
    fixture.snapshot("2", "c", &[1]);
    fixture.push("c", 2);
    fixture.reported();
    fixture.rejoin("3");
    assert_eq!(fixture.requests(), "subscribe 4 c");
    fixture.push("c", 5);
    fixture.snapshot("4", "c", &[1, 2, 3, 4]);
    fixture.push("c", 5);
    assert_eq!(fixture.reported(), "disconnected connect connected joined reconnected c:3 c:4 c:5");
}

#[test]
fn reports_late_answers_as_errors_and_ignores_them() {
    let mut fixture = joined(None);
    fixture.subscribe("a", "c");
    fixture.send("s");
    assert_eq!(fixture.client.wake_at(), Some(fixture.now + Duration::from_secs(10)));
    fixture.pass(Duration::from_secs(10));
    assert_eq!(fixture.reported(), "failed:a");
    fixture.receive(done("3", "sent"));
    fixture.snapshot("2", "c", &[1]);
    fixture.push("c", 2);
    assert_eq!(fixture.reported(), "ok:s", "SYNC-C5");
    fixture.requests();
    fixture.send("t");
    fixture.receive(json!({ "type": "typing" }));
    fixture.pass(Duration::from_secs(30));
    fixture.receive(done("4", "sent"));
    assert_eq!(fixture.reported(), "failed:t");
}

#[test]
fn a_person_has_one_chat() {
    let mut fixture = joined(Some("c"));
    assert_eq!(fixture.requests(), "subscribe 2 c");
    fixture.snapshot("2", "c", &[1, 2]);
    fixture.act(|client, now| client.typed(b"hello\n", now));
    assert_eq!((fixture.requests().as_str(), fixture.reported().as_str()), ("send 3 c", "c:1 c:2"));
}
