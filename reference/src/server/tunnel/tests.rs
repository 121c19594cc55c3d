//! Each rule that the cloud's core decides, in the order of the chapter.

use std::sync::{Arc, Mutex};

use relayspec::tunnel::FromAgent;
use serde_json::{Value, json};

use super::*;
use crate::server::Letter;

#[derive(Debug)]
struct Dice(u64);

impl Entropy for Dice {
    /// Predictable, and good for tests only.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 56) as u8;
        }
        Ok(())
    }
}

/// A public client that waits.
#[derive(Debug, Clone, Default)]
struct Client(Arc<Mutex<Option<Outcome>>>);

impl Waiter for Client {
    fn tell(self, outcome: Outcome) {
        let before = self.0.lock().expect("not poisoned").replace(outcome);
        assert_eq!(before, None, "told twice");
    }
}

impl Client {
    /// What it was told, as a status.
    fn status(&self) -> Option<u16> {
        let outcome = self.0.lock().expect("not poisoned");
        outcome.as_ref().map(|outcome| match outcome {
            Outcome::Answered(response) => response.status,
            Outcome::Failed { code, .. } => *code,
            Outcome::Lost => 1,
            Outcome::TimedOut => 2,
        })
    }
}

/// The first is right, the second too, nothing else is.
const TOKENS: &str = "first-token\nsecond-token\n";
const SECOND: Duration = Duration::from_secs(1);

struct World {
    cloud: Cloud<Dice, Client>,
    now: Now,
    /// What each connection was sent, and how.
    inboxes: HashMap<PeerId, Vec<(Encoding, Value)>>,
    closed: HashMap<PeerId, u16>,
}

impl World {
    fn new() -> Self {
        let limits = Limits { of_all: 5, of_one: 3 };
        let tokens = Tokens::read(TOKENS).expect("two");
        Self {
            cloud: Cloud::new(Dice(7), tokens, &Timing::default(), limits),
            now: Now { monotonic: Duration::ZERO, unix: Duration::ZERO },
            inboxes: HashMap::new(),
            closed: HashMap::new(),
        }
    }

    fn open(&mut self) -> PeerId {
        let peer = self.cloud.open((), self.now, &mut Vec::new()).expect("dice have entropy");
        self.inboxes.insert(peer, Vec::new());
        peer
    }

    fn take(&mut self, from: PeerId, message: Message) {
        let mut actions = Vec::new();
        self.cloud.receive(from, message, self.now, &mut actions).expect("dice have entropy");
        self.apply(actions);
    }

    fn say(&mut self, from: PeerId, message: Value) {
        self.take(from, Message::text(&message.to_string()));
    }

    fn pack(&mut self, from: PeerId, message: Value) {
        let message = FromAgent::decode(&message.to_string()).expect("a message");
        self.take(from, Message::binary(&message.pack()));
    }

    fn agent(&mut self) -> PeerId {
        let agent = self.open();
        self.say(agent, auth("first-token"));
        assert_eq!(self.seen(agent)[0].1["type"], "AuthSuccess", "TUN-02");
        agent
    }

    fn lose(&mut self, peer: PeerId) {
        self.cloud.lost(peer, self.now, &mut Vec::new());
        self.inboxes.remove(&peer);
    }

    fn ask(&mut self) -> (Client, Result<Asked, Refusal>) {
        let client = Client::default();
        let asked = self.cloud.ask(client.clone(), self.now);
        (client, asked)
    }

    fn asked(&mut self) -> (Client, Asked) {
        let (client, asked) = self.ask();
        (client, asked.expect("an agent"))
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now.monotonic + time;
        while let Some(wake_at) = self.cloud.wake_at().filter(|wake_at| *wake_at <= until) {
            self.now.monotonic = wake_at;
            self.cloud.tick(self.now);
        }
        self.now.monotonic = until;
        self.cloud.tick(self.now);
    }

    fn seen(&mut self, peer: PeerId) -> Vec<(Encoding, Value)> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Answer { to, letter } => {
                    assert!(!self.closed.contains_key(&to), "{letter:?} after the close");
                    let read = match letter {
                        Letter::Text(text) => (Encoding::Json, ToAgent::decode(&text).expect("JSON")),
                        Letter::Binary(bytes) => (Encoding::MessagePack, ToAgent::unpack(&bytes).expect("MessagePack")),
                    };
                    let value = serde_json::from_str(&read.1.encode()).expect("JSON");
                    self.inboxes.get_mut(&to).expect("a connection that is open").push((read.0, value));
                }
                Action::Close { peer, code, .. } => assert_eq!(self.closed.insert(peer, code), None, "closed twice"),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn auth(token: &str) -> Value {
    json!({ "type": "Auth", "data": { "token": token } })
}

fn response(id: &str, status: u16) -> Value {
    json!({ "type": "HttpResponse", "data": { "id": id, "status": status, "status_text": "", "headers": {}, "body": "eA==" } })
}

fn error(id: Value, code: Value) -> Value {
    json!({ "type": "Error", "data": { "request_id": id, "error": "no", "code": code } })
}

fn ping(timestamp: u64) -> Value {
    json!({ "type": "Ping", "data": { "timestamp": timestamp } })
}

#[test]
fn a_right_token_is_welcome_and_every_session_has_an_id_of_its_own() {
    let mut world = World::new();
    let mut ids = Vec::new();
    for token in ["first-token", "second-token", "first-token"] {
        let agent = world.open();
        world.say(agent, auth(token));
        let [(Encoding::Json, welcome)] = &world.seen(agent)[..] else { panic!("TUN-02") };
        assert_eq!(welcome["type"], "AuthSuccess");
        ids.push(welcome["data"]["session_id"].clone());
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "TUN-02");
    assert!(world.closed.is_empty());
}

#[test]
fn whatever_else_comes_first_is_refused_and_closed() {
    for first in [auth("first-toke"), auth("first-token "), auth(""), ping(1), response("r1", 200), json!({}), json!(7)]
    {
        let mut world = World::new();
        let agent = world.open();
        world.say(agent, first.clone());
        let seen = world.seen(agent);
        assert_eq!(seen.len(), 1, "{first}: {seen:?}");
        assert_eq!(seen[0].1["type"], "AuthError", "TUN-02, TUN-03: {first}");
        assert_eq!(world.closed.get(&agent), Some(&1008), "{first}");
        world.say(agent, auth("first-token"));
        assert_eq!(world.ask().1, Err(Refusal::NoAgent), "authenticated after the refusal");
    }
    let mut world = World::new();
    let silent = world.open();
    let mut actions = Vec::new();
    world.cloud.unheard(silent, &mut actions);
    world.apply(actions);
    assert_eq!((world.seen(silent).len(), world.closed.get(&silent)), (1, Some(&1008)), "TUN-03");
    let agent = world.agent();
    world.cloud.unheard(agent, &mut Vec::new());
    assert!(world.ask().1.is_ok());
}

#[test]
fn each_is_answered_in_the_encoding_that_it_used_last() {
    let mut world = World::new();
    let agent = world.open();
    world.pack(agent, auth("first-token"));
    world.say(agent, ping(5));
    world.pack(agent, ping(6));
    let seen = world.seen(agent);
    let encodings: Vec<_> = seen.iter().map(|(encoding, _)| *encoding).collect();
    assert_eq!(encodings, [Encoding::MessagePack, Encoding::Json, Encoding::MessagePack], "TUN-33");
    assert_eq!(seen[2].1, json!({ "type": "Pong", "data": { "timestamp": 6 } }), "TUN-30");
    assert_eq!(world.asked().1.encoding, Encoding::MessagePack);
    world.take(agent, Message::text("{"));
    assert_eq!(world.asked().1.encoding, Encoding::Json);
    assert!(world.seen(agent).is_empty(), "what is no message is not answered");
}

#[test]
fn the_latest_agent_serves_and_the_one_before_when_it_is_lost() {
    let mut world = World::new();
    assert_eq!(world.ask().1, Err(Refusal::NoAgent), "TUN-21");
    let [first, second, third] = [(); 3].map(|()| world.agent());
    let unheard = world.open();
    assert_eq!(world.asked().1.agent, third, "TUN-20");
    world.lose(second);
    assert_eq!(world.asked().1.agent, third, "TUN-20");
    world.lose(third);
    assert_eq!(world.asked().1.agent, first, "TUN-20");
    world.lose(first);
    world.lose(unheard);
    assert_eq!(world.ask().1, Err(Refusal::NoAgent), "TUN-21");
    assert_eq!(world.cloud.under_way(), 0);
}

#[test]
fn answers_find_their_clients_in_any_order_and_once() {
    let mut world = World::new();
    let agent = world.agent();
    let asked: Vec<_> = (0..3).map(|_| world.asked()).collect();
    for (number, (_, Asked { id, .. })) in asked.iter().enumerate().rev() {
        world.say(agent, response(&id.written(), 200 + number as u16));
        world.say(agent, response(&id.written(), 500));
        world.say(agent, error(json!(id.written()), json!(500)));
    }
    let statuses: Vec<_> = asked.iter().map(|(client, _)| client.status()).collect();
    assert_eq!(statuses, [Some(200), Some(201), Some(202)], "TUN-20, TUN-22");
    assert_eq!(world.cloud.under_way(), 0);
}

#[test]
fn what_nobody_asked_for_is_dropped() {
    let mut world = World::new();
    let (other, agent) = (world.agent(), world.agent());
    let (client, asked) = world.asked();
    let id = asked.id.written();
    world.say(other, response(&id, 200));
    world.say(other, error(json!(id), json!(500)));
    for wrong in ["", "r", "r2", "1", "r01", "R1"] {
        world.say(agent, response(wrong, 200));
    }
    let mut invalid = response(&id, 200);
    for status in [json!(99), json!(600), json!("200"), json!(200.5), Value::Null] {
        invalid["data"]["status"] = status;
        world.say(agent, invalid.clone());
    }
    world.say(agent, error(Value::Null, json!(500)));
    assert_eq!(client.status(), None, "TUN-20, TUN-22");
    world.say(agent, response(&id, 204));
    assert_eq!((client.status(), world.seen(agent).len(), world.closed.len()), (Some(204), 0, 0));
}

#[test]
fn an_error_of_the_agent_is_the_status_if_it_is_one() {
    for (code, status) in
        [(json!(400), 400), (json!(504), 504), (json!(599), 599), (Value::Null, 502), (json!(399), 502)]
    {
        let mut world = World::new();
        let agent = world.agent();
        let (client, asked) = world.asked();
        world.say(agent, error(json!(asked.id.written()), code));
        assert_eq!(client.status(), Some(status), "TUN-21");
    }
}

#[test]
fn a_lost_agent_takes_its_own_requests_along_and_no_others() {
    let mut world = World::new();
    let first = world.agent();
    let of_first = world.asked();
    let second = world.agent();
    let of_second = [world.asked(), world.asked()];
    world.lose(second);
    assert_eq!(of_second.map(|(client, _)| client.status()), [Some(1); 2], "TUN-21");
    assert_eq!(of_first.0.status(), None);
    world.say(first, response(&of_first.1.id.written(), 200));
    assert_eq!(of_first.0.status(), Some(200));
}

#[test]
fn a_request_is_given_up_when_its_time_is_up() {
    let mut world = World::new();
    let agent = world.agent();
    let early = world.asked();
    world.pass(10 * SECOND);
    let late = world.asked();
    world.pass(20 * SECOND - Duration::from_millis(1));
    assert_eq!(early.0.status(), None);
    world.pass(Duration::from_millis(1));
    assert_eq!((early.0.status(), late.0.status()), (Some(2), None), "TUN-21");
    world.say(agent, response(&early.1.id.written(), 200));
    world.say(agent, response(&late.1.id.written(), 200));
    assert_eq!((late.0.status(), world.cloud.wake_at()), (Some(200), None), "TUN-22");
}

#[test]
fn a_client_that_is_gone_frees_its_request() {
    let mut world = World::new();
    let agent = world.agent();
    let (client, asked) = world.asked();
    world.cloud.forget(asked.id);
    assert_eq!((world.cloud.under_way(), world.cloud.wake_at()), (0, None), "TUN-23");
    world.say(agent, response(&asked.id.written(), 200));
    assert_eq!(client.status(), None);
    assert_ne!(world.asked().1.id, asked.id, "TUN-20: an id is never used again");
}

#[test]
fn more_than_the_limits_are_refused_until_there_is_room() {
    let mut world = World::new();
    let first = world.agent();
    let of_first: Vec<_> = (0..3).map(|_| world.asked()).collect();
    assert_eq!(world.ask().1, Err(Refusal::Busy));
    let second = world.agent();
    let of_second: Vec<_> = (0..2).map(|_| world.asked()).collect();
    assert_eq!(world.ask().1, Err(Refusal::Busy), "five are the limit of all");
    world.say(first, response(&of_first[0].1.id.written(), 200));
    assert_eq!(world.asked().1.agent, second);
    assert_eq!(world.ask().1, Err(Refusal::Busy));
    world.cloud.forget(of_second[0].1.id);
    assert!(world.ask().1.is_ok());
    world.pass(30 * SECOND);
    assert_eq!(world.cloud.under_way(), 0);
    assert!((0..3).all(|_| world.ask().1.is_ok()) && world.ask().1.is_err(), "the room of each agent is counted");
}

#[test]
fn a_token_is_in_no_message_of_the_log() {
    let message = Message::text(&auth("first-token").to_string());
    assert!(!format!("{message:?} {:?}", World::new().cloud).contains("first-token"), "TUN-05");
}
