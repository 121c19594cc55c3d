//! Each rule that the core decides, in the order of the chapter, over a store that does its jobs when it is told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use relayspec::sync::{Chat, Lists, Message, Snapshot};
use serde_json::{Value, json};

use super::*;

/// A store in memory. It has the chats `c` and `d` of the project `p`.
#[derive(Debug, Clone, Default)]
struct Memory(Rc<RefCell<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    waiting: VecDeque<(Ticket, Job)>,
    messages: Vec<Message>,
}

impl Store for Memory {
    fn submit(&mut self, ticket: Ticket, job: Job) {
        self.0.borrow_mut().waiting.push_back((ticket, job));
    }
}

impl Kept {
    fn perform(&mut self, job: Job) -> Result {
        let of = |chat: &str| self.messages.iter().filter(|message| message.chat_id == chat).cloned().collect();
        let is_chat = |id: &str| ["c", "d"].contains(&id);
        Ok(match job {
            Job::Lists => Outcome::Lists(Lists { projects: Vec::new(), model_profiles: Vec::new() }),
            Job::Snapshot(Topic::ModelProfiles) => Outcome::Snapshot(Snapshot::ModelProfiles(Vec::new())),
            Job::Snapshot(Topic::Project(id)) if id == "p" => {
                Outcome::Snapshot(Snapshot::Project { id, chats: Vec::new() })
            }
            Job::Snapshot(Topic::Chat(id)) if is_chat(&id) => {
                Outcome::Snapshot(Snapshot::Chat { messages: of(&id), id })
            }
            Job::Snapshot(_) => return Err("There is no such thing."),
            Job::Unsubscribe(topic) => Outcome::Unsubscribed(topic),
            Job::Write { chat, .. } if !is_chat(&chat) => return Err("There is no such chat."),
            Job::Write { chat, content } => {
                let messages: Vec<Message> = of(&chat);
                let (seq, role) = (messages.len() as u32 + 1, "user".to_owned());
                let message = Message { id: format!("{chat}{seq}"), chat_id: chat, role, content, seq };
                self.messages.push(message.clone());
                Outcome::Written(message)
            }
        })
    }
}

struct World {
    server: Server<Memory>,
    store: Memory,
    now: Now,
    /// What each connection was sent and has not looked at.
    inboxes: HashMap<PeerId, VecDeque<Value>>,
    closed: HashMap<PeerId, u16>,
    owed: HashMap<PeerId, usize>,
}

impl World {
    fn new() -> Self {
        let store = Memory::default();
        Self {
            server: Server::new(Pin::new("000042").expect("a PIN"), store.clone()),
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
        self.server.peers.insert(peer, Peer::default());
        let address = address.parse().expect("an address");
        self.server.peers.get_mut(&peer).expect("the peer").address = Some(address);
        peer
    }

    /// Says something; the store has not done anything yet.
    fn say(&mut self, from: PeerId, message: &Value) {
        let mut actions = Vec::new();
        self.server.take(from, Asked::read(&message.to_string()), self.now, &mut actions);
        self.apply(actions);
    }

    /// The store does all that waits.
    fn settle(&mut self) {
        loop {
            let next = self.store.0.borrow_mut().waiting.pop_front();
            let Some((ticket, job)) = next else { return };
            let result = self.store.0.borrow_mut().perform(job);
            let mut actions = Vec::new();
            self.server.done(ticket, result, &mut actions);
            self.apply(actions);
        }
    }

    fn apply(&mut self, actions: Vec<Action>) {
        let read = |text: &[u8]| serde_json::from_slice(text).expect("JSON");
        for action in actions {
            match action {
                Action::Send { to, text } => self.inboxes.entry(to).or_default().push_back(read(text.as_bytes())),
                Action::Push { to, text } => {
                    to.into_iter().for_each(|to| self.inboxes.entry(to).or_default().push_back(read(&text)));
                }
                Action::Owe { peer, bytes } => *self.owed.entry(peer).or_default() += bytes,
                Action::Settle { peer, bytes } => *self.owed.get_mut(&peer).expect("something owed") -= bytes,
                Action::Close { peer, code, .. } => _ = self.closed.insert(peer, code),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What has come, in short: type and id, or the number of a message that was pushed.
    fn heard(&mut self, peer: PeerId) -> Vec<String> {
        let heard = std::mem::take(self.inboxes.entry(peer).or_default());
        let short = |message: Value| match message["data"]["message"]["seq"].as_u64() {
            Some(seq) => format!("{} {seq}", message["resourceId"].as_str().unwrap_or_default()),
            None => format!("{} {}", message["type"].as_str().unwrap_or_default(), message["id"]).replace('"', ""),
        };
        heard.into_iter().map(short).collect()
    }

    /// A client that has authenticated.
    fn client(&mut self) -> PeerId {
        let peer = self.open_from("127.0.0.1");
        self.say(peer, &json!({ "id": "a", "type": "auth", "pin": "000042" }));
        self.settle();
        assert_eq!(self.heard(peer), ["auth_success a"]);
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
fn nothing_is_done_for_who_has_not_authenticated() {
    let mut world = World::new();
    let peer = world.open_from("127.0.0.1");
    for (message, answer) in [
        (subscribe("1", "c"), "auth_required 1"),
        (send("2", "c"), "auth_required 2"),
        (json!({ "id": "3", "type": "dance" }), "auth_required 3"),
        (auth("000043"), "auth_failed a"),
        (json!({ "id": "a", "type": "auth" }), "auth_failed a"),
        (json!({ "type": "auth", "pin": "000042" }), "error null"),
    ] {
        world.say(peer, &message);
        world.settle();
        assert_eq!(world.heard(peer), [answer], "{message}");
    }
    assert!(world.store.0.borrow().messages.is_empty() && world.closed.is_empty());
}

#[test]
fn guesses_are_counted_by_connection_and_address() {
    let mut world = World::new();
    let guesser = world.open_from("127.0.0.2");
    for nth in 1..=MOST_GUESSES {
        assert!(world.closed.is_empty(), "closed before guess {nth}");
        world.say(guesser, &auth("1"));
    }
    assert_eq!(world.closed.remove(&guesser), Some(1008));
    let again = world.open_from("127.0.0.2");
    world.say(again, &auth("000042"));
    assert_eq!(world.heard(again), ["auth_failed a"], "nobody learns whether a guess was right");
    assert_eq!(world.closed.remove(&again), Some(1008));
    world.client();
    world.now.monotonic += Duration::from_secs(3600);
    let later = world.open_from("127.0.0.2");
    world.say(later, &auth("000042"));
    world.settle();
    assert_eq!(world.heard(later), ["auth_success a"]);
}

#[test]
fn subscriptions_go_on_after_auth_right_or_wrong() {
    let mut world = World::new();
    let [one, other] = [world.client(), world.client()];
    world.say(one, &subscribe("1", "c"));
    world.say(one, &auth("000042"));
    world.say(one, &auth("1"));
    world.say(other, &send("1", "c"));
    world.settle();
    assert_eq!(world.heard(one), ["auth_failed a", "subscribed 1", "auth_success a", "c 1"]);
    assert_eq!(world.heard(other), ["data 1"]);
}

#[test]
fn snapshot_and_pushes_join_wherever_the_store_is() {
    // Whatever waits in the store when somebody subscribes, or is sent behind that.
    for before in 0..4 {
        let mut world = World::new();
        let [writer, reader] = [world.client(), world.client()];
        for nth in 0..8 {
            if nth == before {
                world.say(reader, &subscribe("1", "c"));
            }
            world.say(writer, &send("1", "c"));
            if nth == 6 {
                world.settle();
            }
        }
        world.settle();
        let snapshot = world.inboxes.get_mut(&reader).and_then(VecDeque::pop_front).expect("a snapshot");
        assert_eq!(snapshot["data"]["messages"].as_array().map(Vec::len), Some(before));
        let pushed: Vec<_> = (before + 1..=8).map(|seq| format!("c {seq}")).collect();
        assert_eq!(world.heard(reader), pushed);
    }
}

#[test]
fn subscribing_twice_pushes_once_and_unsubscribing_ends_it() {
    let mut world = World::new();
    let peer = world.client();
    [subscribe("1", "c"), subscribe("2", "c"), send("3", "c"), unsubscribe("4", "c"), send("5", "c")]
        .iter()
        .for_each(|message| world.say(peer, message));
    world.settle();
    assert_eq!(world.heard(peer), ["subscribed 1", "subscribed 2", "c 1", "data 3", "data 4", "data 5"]);
    assert!(world.server.subscribers.is_empty() && world.owed[&peer] == 0);
    // In whatever order the store is asked, an answer is behind what was asked before.
    [subscribe("1", "c"), unsubscribe("2", "c"), unsubscribe("3", "nothing")]
        .iter()
        .for_each(|message| world.say(peer, message));
    world.settle();
    assert_eq!(world.heard(peer), ["subscribed 1", "data 2", "data 3"]);
    assert!(world.server.subscribers.is_empty());
}

#[test]
fn only_subscribers_are_told_and_lost_ones_are_forgotten() {
    let mut world = World::new();
    let [one, other, stranger] = [world.client(), world.client(), world.client()];
    world.say(one, &subscribe("1", "c"));
    world.say(other, &subscribe("1", "c"));
    world.say(stranger, &subscribe("1", "d"));
    world.say(stranger, &json!({ "id": "2", "type": "subscribe", "resource": "project", "resourceId": "p" }));
    world.settle();
    _ = [one, other, stranger].map(|peer| world.heard(peer));
    world.server.forget(one);
    world.say(stranger, &send("3", "c"));
    world.settle();
    assert_eq!(
        [one, other, stranger].map(|peer| world.heard(peer)),
        [vec![], vec!["c 1".to_owned()], vec!["data 3".to_owned()]]
    );
    let mut actions = Vec::new();
    let chat = Chat { id: "e".to_owned(), project_id: "p".to_owned(), name: "New".to_owned() };
    world.server.push(ResourceUpdate::Chat { of: "p".to_owned(), chat }, &mut actions);
    world.apply(actions);
    assert_eq!([other, stranger].map(|peer| world.heard(peer).len()), [0, 1]);
    // What was asked for by somebody who is gone is done, and told to nobody.
    world.say(other, &subscribe("4", "d"));
    world.server.forget(other);
    world.server.forget(stranger);
    world.settle();
    assert!(world.server.subscribers.is_empty());
}

#[test]
fn what_cannot_be_done_is_told_with_its_id() {
    let mut world = World::new();
    let peer = world.client();
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
        world.say(peer, &message);
        world.settle();
        assert_eq!(world.heard(peer), [answer], "{message}");
    }
    world.say(peer, &send("9", "c"));
    assert!(world.owed[&peer] > 0, "what waits counts");
}
