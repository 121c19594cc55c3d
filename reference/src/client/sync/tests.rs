//! A client at a server that the tests play.

use std::time::{Duration, Instant};

use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use super::*;
use crate::client::backoff::Dice;
use crate::client::{Action, Client as Machine, Ending, Outgoing};

struct Still;

impl Dice for Still {
    fn swing(&mut self) -> f64 {
        0.0
    }
}

struct World {
    client: Machine<Client, Still>,
    now: Instant,
    told: Vec<String>,
}

impl World {
    /// A client that is in; its `auth` had the id 1.
    fn new(chat: Option<&str>) -> Self {
        let now = Instant::now();
        let client = Client::new("000042".to_owned(), chat.map(str::to_owned), &Timing::default());
        let client = Machine::new(client, Policy::RELAY, Timing::default(), Still, now);
        let mut world = Self { client, now, told: Vec::new() };
        world.pass(Duration::ZERO);
        world.open();
        assert_eq!(world.sent(), [json!({ "type": "auth", "id": "1", "pin": "000042" })], "SYNC-C1");
        world.let_in("1");
        assert_eq!(world.told(), "connect connected joined");
        world
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let actions = self.client.tick(self.now);
        self.apply(actions);
    }

    fn open(&mut self) {
        let actions = self.client.opened(self.now);
        self.apply(actions);
    }

    fn receive(&mut self, message: &Value) {
        let actions = self.client.text(&message.to_string(), self.now);
        self.apply(actions);
    }

    fn let_in(&mut self, id: &str) {
        self.receive(&json!({ "type": "auth_success", "id": id, "data": { "projects": [], "modelProfiles": [] } }));
    }

    fn tell(&mut self, command: &Value) {
        let actions = self.client.line(&command.to_string(), self.now);
        self.apply(actions);
    }

    fn subscribe(&mut self, id: &str, chat: &str) {
        self.tell(&json!({ "do": "subscribe", "id": id, "resource": "chat", "resourceId": chat }));
    }

    fn unsubscribe(&mut self, id: &str, chat: &str) {
        self.tell(&json!({ "do": "unsubscribe", "id": id, "resource": "chat", "resourceId": chat }));
    }

    fn send(&mut self, id: &str) {
        self.tell(&json!({ "do": "send", "id": id, "payload": { "resourceId": "c", "message": "hello" } }));
    }

    fn snapshot(&mut self, id: &str, chat: &str, seqs: &[u32]) {
        let messages: Vec<_> = seqs.iter().map(|seq| message(chat, *seq)).collect();
        let data = json!({ "messages": messages });
        self.receive(&json!({ "type": "subscribed", "id": id, "resource": "chat", "resourceId": chat, "data": data }));
    }

    fn push(&mut self, chat: &str, seq: u32) {
        let data = json!({ "message": message(chat, seq) });
        self.receive(&json!({ "type": "data", "id": null, "resource": "chat", "resourceId": chat, "data": data }));
    }

    fn lose(&mut self) {
        let actions = self.client.lost(None, self.now);
        self.apply(actions);
    }

    /// Loses the connection, and is in again on another.
    fn come_back(&mut self, auth: &str) {
        self.lose();
        self.pass(Duration::from_secs(1));
        self.open();
        assert_eq!(self.sent(), [json!({ "type": "auth", "id": auth, "pin": "000042" })]);
        self.let_in(auth);
    }

    /// What was sent.
    fn sent(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        while let Some(Outgoing::Text(text)) = self.client.next_message() {
            sent.push(serde_json::from_str(&text).expect("JSON"));
        }
        sent
    }

    /// What was sent, in short: type, id, and the id of the resource.
    fn asked(&mut self) -> String {
        let short = |message: Value| {
            format!("{} {} {}", message["type"], message["id"], message["resourceId"]).replace('"', "")
        };
        self.sent().into_iter().map(short).collect::<Vec<_>>().join(", ")
    }

    fn told(&mut self) -> String {
        std::mem::take(&mut self.told).join(" ")
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            self.told.push(match action {
                Action::Connect => "connect".to_owned(),
                Action::Abandon => "abandon".to_owned(),
                Action::End(Ending::GaveUp) => "end".to_owned(),
                Action::Report(event) => {
                    let event: Value = serde_json::from_str(&event.encode()).expect("JSON");
                    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                    match &*text("event") {
                        "result" if event["error"].is_null() => format!("ok:{}", text("id")),
                        "result" => format!("failed:{}", text("id")),
                        "data" => format!("{}:{}", text("resourceId"), event["payload"]["message"]["seq"]),
                        "error" => format!("error:{}", text("code")),
                        other => other.to_owned(),
                    }
                }
                other => panic!("{other:?}"),
            });
        }
    }
}

fn message(chat: &str, seq: u32) -> Value {
    json!({ "id": format!("{chat}{seq}"), "chatId": chat, "role": "user", "content": "hello", "seq": seq })
}

fn done(id: &str, what: &str) -> Value {
    json!({ "type": "data", "id": id, "data": { what: true } })
}

#[test]
fn requests_are_brought_to_their_ends() {
    let mut world = World::new(None);
    world.subscribe("a", "c");
    world.send("b");
    world.tell(&json!({ "do": "subscribe", "id": "p", "resource": "modelProfiles" }));
    assert_eq!(world.asked(), "subscribe 2 c, send 3 c, subscribe 4 null");
    world.receive(&done("3", "sent"));
    world.snapshot("2", "c", &[1, 2]);
    world.receive(
        &json!({ "type": "subscribed", "id": "4", "resource": "modelProfiles", "data": { "modelProfiles": [] } }),
    );
    world.push("c", 3);
    world.unsubscribe("d", "c");
    world.push("c", 4);
    assert_eq!(world.asked(), "unsubscribe 5 c");
    world.receive(&done("5", "unsubscribed"));
    assert_eq!(world.told(), "ok:b ok:a ok:p c:3 ok:d");
    world.tell(&json!({ "do": "subscribe", "id": "e", "resource": "planet", "resourceId": "c" }));
    world.tell(&json!({ "do": "send", "id": "f", "payload": "hello" }));
    world.tell(&json!({ "do": "send", "id": "g", "payload": { "resourceId": "c", "message": "x".repeat(1 << 20) } }));
    world.tell(&json!({ "do": "join", "code": "K7QX4M" }));
    assert_eq!((world.told().as_str(), world.sent().len()), ("failed:e failed:f failed:g unsupported", 0));
    world.subscribe("h", "d");
    world.receive(&json!({ "type": "error", "id": "7", "error": "No chat has this id." }));
    world.receive(&json!({ "type": "error", "id": null, "error": "This is no JSON." }));
    assert_eq!(world.told(), "failed:h error:error");
}

#[test]
fn a_refused_pin_ends_it() {
    let now = Instant::now();
    let client = Client::new("1".to_owned(), None, &Timing::default());
    let client = Machine::new(client, Policy::RELAY, Timing::default(), Still, now);
    let mut world = World { client, now, told: Vec::new() };
    world.pass(Duration::ZERO);
    world.open();
    world.receive(&json!({ "type": "auth_failed", "id": "9", "error": "Of somebody else." }));
    world.receive(&json!({ "type": "auth_failed", "id": "1", "error": "This is not the PIN." }));
    assert_eq!(world.told(), "connect connected error:auth_failed gave_up end");
}

#[test]
fn after_a_loss_it_subscribes_to_what_is_wanted_and_sends_nothing_twice() {
    let mut world = World::new(None);
    for (id, chat) in [("a", "c"), ("b", "d"), ("e", "f")] {
        world.subscribe(id, chat);
    }
    assert_eq!(world.asked(), "subscribe 2 c, subscribe 3 d, subscribe 4 f");
    world.snapshot("2", "c", &[1]);
    world.snapshot("3", "d", &[]);
    world.send("s");
    world.unsubscribe("u", "d");
    assert_eq!(world.asked(), "send 5 c, unsubscribe 6 d");
    world.told();
    world.lose();
    assert_eq!(world.told(), "disconnected failed:s ok:u", "SYNC-C3");
    world.unsubscribe("v", "c");
    world.subscribe("w", "c");
    world.send("t");
    world.pass(Duration::from_secs(1));
    world.open();
    assert_eq!(world.asked(), "auth 7 null", "SYNC-C1");
    world.let_in("7");
    // `f` was never answered, and goes on under its own name.
    assert_eq!(world.asked(), "subscribe 8 f, subscribe 9 c, send 10 c");
    world.snapshot("9", "c", &[1, 2]);
    world.push("c", 3);
    world.push("d", 1);
    world.snapshot("8", "f", &[]);
    assert_eq!(world.told(), "ok:v connect connected joined reconnected ok:w c:3 ok:e");
}

#[test]
fn what_a_loss_has_cut_off_is_handed_over_from_the_snapshot() {
    let mut world = World::new(None);
    world.subscribe("a", "c");
    world.asked();
    world.snapshot("2", "c", &[1]);
    world.push("c", 2);
    world.told();
    world.come_back("3");
    assert_eq!(world.asked(), "subscribe 4 c");
    world.push("c", 5);
    world.snapshot("4", "c", &[1, 2, 3, 4]);
    world.push("c", 5);
    assert_eq!(world.told(), "disconnected connect connected joined reconnected c:3 c:4 c:5");
}

#[test]
fn what_is_not_answered_in_time_is_an_error_and_what_comes_late_is_ignored() {
    let mut world = World::new(None);
    world.subscribe("a", "c");
    world.send("s");
    assert_eq!(world.client.wake_at(), Some(world.now + Duration::from_secs(10)));
    world.pass(Duration::from_secs(10));
    assert_eq!(world.told(), "failed:a");
    world.receive(&done("3", "sent"));
    world.snapshot("2", "c", &[1]);
    world.push("c", 2);
    assert_eq!(world.told(), "ok:s", "SYNC-C5");
    world.asked();
    world.send("t");
    world.receive(&json!({ "type": "typing" }));
    world.pass(Duration::from_secs(30));
    world.receive(&done("4", "sent"));
    assert_eq!(world.told(), "failed:t");
}

#[test]
fn a_person_has_one_chat() {
    let mut world = World::new(Some("c"));
    assert_eq!(world.asked(), "subscribe 2 c");
    world.snapshot("2", "c", &[1, 2]);
    let actions = world.client.typed(b"hello\n", world.now);
    world.apply(actions);
    assert_eq!((world.asked().as_str(), world.told().as_str()), ("send 3 c", "c:1 c:2"));
}
