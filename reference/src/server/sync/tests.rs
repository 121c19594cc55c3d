//! The rules that the core decides, in the order of the chapter, over a store that runs its jobs on demand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use relayspec::sync::{Chat, Lists, Message, Snapshot};
use serde_json::{Value, json};

use super::*;

/// A store in memory, with the chats `c` and `d` of the project `p`.
#[derive(Debug, Clone, Default)]
struct MemoryStore(Rc<RefCell<MemoryState>>);

#[derive(Debug, Default)]
struct MemoryState {
    waiting: VecDeque<(Ticket, Job)>,
    messages: Vec<Message>,
}

impl Store for MemoryStore {
    fn submit(&mut self, ticket: Ticket, job: Job) {
        self.0.borrow_mut().waiting.push_back((ticket, job));
    }
}

impl MemoryState {
    fn run(&mut self, job: Job) -> JobResult {
        let of = |chat: &str| self.messages.iter().filter(|message| message.chat_id == chat).cloned().collect();
        let is_chat = |id: &str| ["c", "d"].contains(&id);
        Ok(match job {
            Job::Lists => JobOutcome::Lists(Lists { projects: Vec::new(), model_profiles: Vec::new() }),
            Job::Snapshot(Topic::ModelProfiles) => JobOutcome::Snapshot(Snapshot::ModelProfiles(Vec::new())),
            Job::Snapshot(Topic::Project(id)) if id == "p" => {
                JobOutcome::Snapshot(Snapshot::Project { id, chats: Vec::new() })
            }
            Job::Snapshot(Topic::Chat(id)) if is_chat(&id) => {
                JobOutcome::Snapshot(Snapshot::Chat { messages: of(&id), id })
            }
            Job::Snapshot(_) => return Err("There is no such thing."),
            Job::Unsubscribe(topic) => JobOutcome::Unsubscribed(topic),
            Job::Write { chat, .. } if !is_chat(&chat) => return Err("There is no such chat."),
            Job::Write { chat, content } => {
                let messages: Vec<Message> = of(&chat);
                let (seq, role) = (messages.len() as u32 + 1, "user".to_owned());
                let message = Message { id: format!("{chat}{seq}"), chat_id: chat, role, content, seq };
                self.messages.push(message.clone());
                JobOutcome::Written(message)
            }
        })
    }
}

struct SyncFixture {
    server: SyncServerCore<MemoryStore>,
    store: MemoryStore,
    now: Now,
    /// Messages to each connection since the last look.
    inboxes: HashMap<PeerId, VecDeque<Value>>,
    closed: HashMap<PeerId, u16>,
    owed: HashMap<PeerId, usize>,
}

impl SyncFixture {
    fn new() -> Self {
        let store = MemoryStore::default();
        Self {
            server: SyncServerCore::new(Pin::new("000042").expect("a PIN"), store.clone()),
            store,
            now: Now { monotonic: Duration::from_secs(1000), unix: Duration::ZERO },
            inboxes: HashMap::new(),
            closed: HashMap::new(),
            owed: HashMap::new(),
        }
    }

    fn open_from(&mut self, address: &str) -> PeerId {
        self.server.last_id += 1;
        let peer = PeerId::after(self.server.last_id);
        self.server.peers.insert(peer, SyncPeer::default());
        let address = address.parse().expect("an address");
        self.server.peers.get_mut(&peer).expect("the peer").address = Some(address);
        peer
    }

    /// Sends a message; the store has not run its job yet.
    fn send(&mut self, from: PeerId, message: &Value) {
        let mut actions = Vec::new();
        self.server.take(from, ParsedMessage::read(&message.to_string()), self.now, &mut actions);
        self.apply(actions);
    }

    fn settle(&mut self) {
        loop {
            let next = self.store.0.borrow_mut().waiting.pop_front();
            let Some((ticket, job)) = next else { return };
            let result = self.store.0.borrow_mut().run(job);
            let mut actions = Vec::new();
            self.server.done(ticket, result, &mut actions);
            self.apply(actions);
        }
    }

    fn apply(&mut self, actions: Vec<ServerAction>) {
        let read = |text: &[u8]| serde_json::from_slice(text).expect("JSON");
        for action in actions {
            match action {
                ServerAction::Send { to, text } => self.inboxes.entry(to).or_default().push_back(read(text.as_bytes())),
                ServerAction::Push { to, text } => {
                    to.into_iter().for_each(|to| self.inboxes.entry(to).or_default().push_back(read(&text)));
                }
                ServerAction::Owe { peer, bytes } => *self.owed.entry(peer).or_default() += bytes,
                ServerAction::Settle { peer, bytes } => *self.owed.get_mut(&peer).expect("something owed") -= bytes,
                ServerAction::Close { peer, code, .. } => _ = self.closed.insert(peer, code),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Messages since the last look, in short: type and id, or the number of a pushed message.
    fn received(&mut self, peer: PeerId) -> Vec<String> {
        let received = std::mem::take(self.inboxes.entry(peer).or_default());
        let short = |message: Value| match message["data"]["message"]["seq"].as_u64() {
            Some(seq) => format!("{} {seq}", message["resourceId"].as_str().unwrap_or_default()),
            None => format!("{} {}", message["type"].as_str().unwrap_or_default(), message["id"]).replace('"', ""),
        };
        received.into_iter().map(short).collect()
    }

    fn client(&mut self) -> PeerId {
        let peer = self.open_from("127.0.0.1");
        self.send(peer, &json!({ "id": "a", "type": "auth", "pin": "000042" }));
        self.settle();
        assert_eq!(self.received(peer), ["auth_success a"]);
        peer
    }
}

fn subscribe(id: &str, chat: &str) -> Value {
    json!({ "id": id, "type": "subscribe", "resource": "chat", "resourceId": chat })
}

fn unsubscribe(id: &str, chat: &str) -> Value {
    json!({ "id": id, "type": "unsubscribe", "resource": "chat", "resourceId": chat })
}

fn send(id: &str, chat: &str) -> Value {
    json!({ "id": id, "type": "send", "resourceId": chat, "message": "hello" })
}

fn auth(pin: &str) -> Value {
    json!({ "id": "a", "type": "auth", "pin": pin })
}

#[test]
fn refuses_requests_before_authentication() {
    let mut fixture = SyncFixture::new();
    let peer = fixture.open_from("127.0.0.1");
    for (message, answer) in [
        (subscribe("1", "c"), "auth_required 1"),
        (send("2", "c"), "auth_required 2"),
        (json!({ "id": "3", "type": "dance" }), "auth_required 3"),
        (auth("000043"), "auth_failed a"),
        (json!({ "id": "a", "type": "auth" }), "auth_failed a"),
        (json!({ "type": "auth", "pin": "000042" }), "error null"),
    ] {
        fixture.send(peer, &message);
        fixture.settle();
        assert_eq!(fixture.received(peer), [answer], "{message}");
    }
    assert!(fixture.store.0.borrow().messages.is_empty() && fixture.closed.is_empty());
}

#[test]
fn limits_guesses_by_connection_and_address() {
    let mut fixture = SyncFixture::new();
    let guesser = fixture.open_from("127.0.0.2");
    for nth in 1..=MOST_GUESSES {
        assert!(fixture.closed.is_empty(), "closed before guess {nth}");
        fixture.send(guesser, &auth("1"));
    }
    assert_eq!(fixture.closed.remove(&guesser), Some(1008));
    let again = fixture.open_from("127.0.0.2");
    fixture.send(again, &auth("000042"));
    assert_eq!(fixture.received(again), ["auth_failed a"], "the answer does not reveal whether a guess was right");
    assert_eq!(fixture.closed.remove(&again), Some(1008));
    fixture.client();
    fixture.now.monotonic += Duration::from_secs(3600);
    let later = fixture.open_from("127.0.0.2");
    fixture.send(later, &auth("000042"));
    fixture.settle();
    assert_eq!(fixture.received(later), ["auth_success a"]);
}

#[test]
fn subscriptions_survive_another_auth_right_or_wrong() {
    let mut fixture = SyncFixture::new();
    let [one, other] = [fixture.client(), fixture.client()];
    fixture.send(one, &subscribe("1", "c"));
    fixture.send(one, &auth("000042"));
    fixture.send(one, &auth("1"));
    fixture.send(other, &send("1", "c"));
    fixture.settle();
    assert_eq!(fixture.received(one), ["auth_failed a", "subscribed 1", "auth_success a", "c 1"]);
    assert_eq!(fixture.received(other), ["data 1"]);
}

#[test]
fn snapshot_and_pushes_join_without_gap_or_overlap() {
    // Whatever waits in the store at the time of the subscription.
    for before in 0..4 {
        let mut fixture = SyncFixture::new();
        let [writer, reader] = [fixture.client(), fixture.client()];
        for nth in 0..8 {
            if nth == before {
                fixture.send(reader, &subscribe("1", "c"));
            }
            fixture.send(writer, &send("1", "c"));
            if nth == 6 {
                fixture.settle();
            }
        }
        fixture.settle();
        let snapshot = fixture.inboxes.get_mut(&reader).and_then(VecDeque::pop_front).expect("a snapshot");
        assert_eq!(snapshot["data"]["messages"].as_array().map(Vec::len), Some(before));
        let pushed: Vec<_> = (before + 1..=8).map(|seq| format!("c {seq}")).collect();
        assert_eq!(fixture.received(reader), pushed);
    }
}

#[test]
fn subscribing_twice_pushes_once_and_unsubscribing_ends_it() {
    let mut fixture = SyncFixture::new();
    let peer = fixture.client();
    [subscribe("1", "c"), subscribe("2", "c"), send("3", "c"), unsubscribe("4", "c"), send("5", "c")]
        .iter()
        .for_each(|message| fixture.send(peer, message));
    fixture.settle();
    assert_eq!(fixture.received(peer), ["subscribed 1", "subscribed 2", "c 1", "data 3", "data 4", "data 5"]);
    assert!(fixture.server.subscribers.is_empty() && fixture.owed[&peer] == 0);
    // Answers keep the order of the requests.
    [subscribe("1", "c"), unsubscribe("2", "c"), unsubscribe("3", "nothing")]
        .iter()
        .for_each(|message| fixture.send(peer, message));
    fixture.settle();
    assert_eq!(fixture.received(peer), ["subscribed 1", "data 2", "data 3"]);
    assert!(fixture.server.subscribers.is_empty());
}

#[test]
fn pushes_only_to_subscribers_and_forgets_lost_ones() {
    let mut fixture = SyncFixture::new();
    let [one, other, stranger] = [fixture.client(), fixture.client(), fixture.client()];
    fixture.send(one, &subscribe("1", "c"));
    fixture.send(other, &subscribe("1", "c"));
    fixture.send(stranger, &subscribe("1", "d"));
    fixture.send(stranger, &json!({ "id": "2", "type": "subscribe", "resource": "project", "resourceId": "p" }));
    fixture.settle();
    _ = [one, other, stranger].map(|peer| fixture.received(peer));
    fixture.server.forget(one);
    fixture.send(stranger, &send("3", "c"));
    fixture.settle();
    assert_eq!(
        [one, other, stranger].map(|peer| fixture.received(peer)),
        [vec![], vec!["c 1".to_owned()], vec!["data 3".to_owned()]]
    );
    let mut actions = Vec::new();
    let chat = Chat { id: "e".to_owned(), project_id: "p".to_owned(), name: "New".to_owned() };
    fixture.server.push(ResourceUpdate::Chat { of: "p".to_owned(), chat }, &mut actions);
    fixture.apply(actions);
    assert_eq!([other, stranger].map(|peer| fixture.received(peer).len()), [0, 1]);
    // Jobs of lost clients still run, without an answer.
    fixture.send(other, &subscribe("4", "d"));
    fixture.server.forget(other);
    fixture.server.forget(stranger);
    fixture.settle();
    assert!(fixture.server.subscribers.is_empty());
}

#[test]
fn answers_invalid_requests_with_their_id() {
    let mut fixture = SyncFixture::new();
    let peer = fixture.client();
    for (message, answer) in [
        (subscribe("1", "nothing"), "error 1"),
        (json!({ "id": "2", "type": "subscribe", "resource": "planet" }), "error 2"),
        (json!({ "id": "3", "type": "subscribe", "resource": "chat" }), "error 3"),
        (json!({ "id": "4", "type": "subscribe", "resource": "modelProfiles" }), "subscribed 4"),
        (send("5", "nothing"), "error 5"),
        (json!({ "id": "6", "type": "send", "resourceId": "c" }), "error 6"),
        (json!({ "id": "7", "type": "dance" }), "error 7"),
        (json!({ "id": 8, "type": "send", "resourceId": "c", "message": "" }), "error null"),
        (json!([]), "error null"),
    ] {
        fixture.send(peer, &message);
        fixture.settle();
        assert_eq!(fixture.received(peer), [answer], "{message}");
    }
    fixture.send(peer, &send("9", "c"));
    assert!(fixture.owed[&peer] > 0, "waiting requests are counted");
}
