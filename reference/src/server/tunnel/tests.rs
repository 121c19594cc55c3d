//! The rules that the cloud's core decides, in the order of the chapter.

use std::sync::{Arc, Mutex};

use relayspec::tunnel::FromAgent;
use serde_json::{Value, json};

use super::*;
use crate::server::WireMessage;
use crate::server::entropy::TestEntropy;

#[derive(Debug, Clone, Default)]
struct TestWaiter(Arc<Mutex<Option<PublicOutcome>>>);

impl Waiter for TestWaiter {
    fn resolve(self, outcome: PublicOutcome) {
        let before = self.0.lock().expect("not poisoned").replace(outcome);
        assert_eq!(before, None, "resolved twice");
    }
}

impl TestWaiter {
    fn status(&self) -> Option<u16> {
        let outcome = self.0.lock().expect("not poisoned");
        outcome.as_ref().map(|outcome| match outcome {
            PublicOutcome::Answered(response) => response.status,
            PublicOutcome::Failed { code, .. } => *code,
            PublicOutcome::Lost => 1,
            PublicOutcome::TimedOut => 2,
        })
    }
}

/// The accepted tokens.
const TOKENS: &str = "first-token\nsecond-token\n";
const SECOND: Duration = Duration::from_secs(1);

struct CloudFixture {
    cloud: TunnelCloudCore<TestEntropy, TestWaiter>,
    now: Now,
    /// Messages to each connection since the last look, with their encoding.
    inboxes: HashMap<PeerId, Vec<(Encoding, Value)>>,
    closed: HashMap<PeerId, u16>,
}

impl CloudFixture {
    fn new() -> Self {
        let limits = Limits { of_all: 5, of_one: 3 };
        let tokens = Tokens::read(TOKENS).expect("two");
        Self {
            cloud: TunnelCloudCore::new(TestEntropy::new(), tokens, &Timing::default(), limits),
            now: Now { monotonic: Duration::ZERO, unix: Duration::ZERO },
            inboxes: HashMap::new(),
            closed: HashMap::new(),
        }
    }

    fn open(&mut self) -> PeerId {
        let peer = self.cloud.open((), self.now, &mut Vec::new()).expect("entropy");
        self.inboxes.insert(peer, Vec::new());
        peer
    }

    fn take(&mut self, from: PeerId, message: AgentMessage) {
        let mut actions = Vec::new();
        self.cloud.receive(from, message, self.now, &mut actions).expect("entropy");
        self.apply(actions);
    }

    fn send(&mut self, from: PeerId, message: Value) {
        self.take(from, AgentMessage::text(&message.to_string()));
    }

    fn pack(&mut self, from: PeerId, message: Value) {
        let message = FromAgent::decode(&message.to_string()).expect("a message");
        self.take(from, AgentMessage::binary(&message.pack()));
    }

    fn agent(&mut self) -> PeerId {
        let agent = self.open();
        self.send(agent, auth("first-token"));
        assert_eq!(self.received(agent)[0].1["type"], "AuthSuccess", "TUN-02");
        agent
    }

    fn lose(&mut self, peer: PeerId) {
        self.cloud.lost(peer, self.now, &mut Vec::new());
        self.inboxes.remove(&peer);
    }

    fn ask(&mut self) -> (TestWaiter, Result<Assignment, Refusal>) {
        let client = TestWaiter::default();
        let asked = self.cloud.assign(client.clone(), self.now);
        (client, asked)
    }

    fn asked(&mut self) -> (TestWaiter, Assignment) {
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

    fn received(&mut self, peer: PeerId) -> Vec<(Encoding, Value)> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    fn apply(&mut self, actions: Vec<ServerAction>) {
        for action in actions {
            match action {
                ServerAction::Answer { to, message } => {
                    assert!(!self.closed.contains_key(&to), "{message:?} after the close");
                    let read = match message {
                        WireMessage::Text(text) => (Encoding::Json, ToAgent::decode(&text).expect("JSON")),
                        WireMessage::Binary(bytes) => {
                            (Encoding::MessagePack, ToAgent::unpack(&bytes).expect("MessagePack"))
                        }
                    };
                    let value = serde_json::from_str(&read.1.encode()).expect("JSON");
                    self.inboxes.get_mut(&to).expect("a connection that is open").push((read.0, value));
                }
                ServerAction::Close { peer, code, .. } => {
                    assert_eq!(self.closed.insert(peer, code), None, "closed twice");
                }
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
fn accepts_a_right_token_with_a_new_session_id_each_time() {
    let mut fixture = CloudFixture::new();
    let mut ids = Vec::new();
    for token in ["first-token", "second-token", "first-token"] {
        let agent = fixture.open();
        fixture.send(agent, auth(token));
        let [(Encoding::Json, welcome)] = &fixture.received(agent)[..] else { panic!("TUN-02") };
        assert_eq!(welcome["type"], "AuthSuccess");
        ids.push(welcome["data"]["session_id"].clone());
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "TUN-02");
    assert!(fixture.closed.is_empty());
}

#[test]
fn refuses_and_closes_any_other_first_message() {
    for first in [auth("first-toke"), auth("first-token "), auth(""), ping(1), response("r1", 200), json!({}), json!(7)]
    {
        let mut fixture = CloudFixture::new();
        let agent = fixture.open();
        fixture.send(agent, first.clone());
        let received = fixture.received(agent);
        assert_eq!(received.len(), 1, "{first}: {received:?}");
        assert_eq!(received[0].1["type"], "AuthError", "TUN-02, TUN-03: {first}");
        assert_eq!(fixture.closed.get(&agent), Some(&1008), "{first}");
        fixture.send(agent, auth("first-token"));
        assert_eq!(fixture.ask().1, Err(Refusal::NoAgent), "authenticated after the refusal");
    }
    let mut fixture = CloudFixture::new();
    let silent = fixture.open();
    let mut actions = Vec::new();
    fixture.cloud.first_message_overdue(silent, &mut actions);
    fixture.apply(actions);
    assert_eq!((fixture.received(silent).len(), fixture.closed.get(&silent)), (1, Some(&1008)), "TUN-03");
    let agent = fixture.agent();
    fixture.cloud.first_message_overdue(agent, &mut Vec::new());
    assert!(fixture.ask().1.is_ok());
}

#[test]
fn answers_in_the_encoding_of_the_last_message() {
    let mut fixture = CloudFixture::new();
    let agent = fixture.open();
    fixture.pack(agent, auth("first-token"));
    fixture.send(agent, ping(5));
    fixture.pack(agent, ping(6));
    let received = fixture.received(agent);
    let encodings: Vec<_> = received.iter().map(|(encoding, _)| *encoding).collect();
    assert_eq!(encodings, [Encoding::MessagePack, Encoding::Json, Encoding::MessagePack], "TUN-33");
    assert_eq!(received[2].1, json!({ "type": "Pong", "data": { "timestamp": 6 } }), "TUN-30");
    assert_eq!(fixture.asked().1.encoding, Encoding::MessagePack);
    fixture.take(agent, AgentMessage::text("{"));
    assert_eq!(fixture.asked().1.encoding, Encoding::Json);
    assert!(fixture.received(agent).is_empty(), "invalid messages are not answered");
}

#[test]
fn the_latest_agent_serves_then_the_one_before() {
    let mut fixture = CloudFixture::new();
    assert_eq!(fixture.ask().1, Err(Refusal::NoAgent), "TUN-21");
    let [first, second, third] = [(); 3].map(|()| fixture.agent());
    let new = fixture.open();
    assert_eq!(fixture.asked().1.agent, third, "TUN-20");
    fixture.lose(second);
    assert_eq!(fixture.asked().1.agent, third, "TUN-20");
    fixture.lose(third);
    assert_eq!(fixture.asked().1.agent, first, "TUN-20");
    fixture.lose(first);
    fixture.lose(new);
    assert_eq!(fixture.ask().1, Err(Refusal::NoAgent), "TUN-21");
    assert_eq!(fixture.cloud.under_way(), 0);
}

#[test]
fn answers_reach_their_clients_once_in_any_order() {
    let mut fixture = CloudFixture::new();
    let agent = fixture.agent();
    let asked: Vec<_> = (0..3).map(|_| fixture.asked()).collect();
    for (number, (_, Assignment { id, .. })) in asked.iter().enumerate().rev() {
        fixture.send(agent, response(&id.written(), 200 + number as u16));
        fixture.send(agent, response(&id.written(), 500));
        fixture.send(agent, error(json!(id.written()), json!(500)));
    }
    let statuses: Vec<_> = asked.iter().map(|(client, _)| client.status()).collect();
    assert_eq!(statuses, [Some(200), Some(201), Some(202)], "TUN-20, TUN-22");
    assert_eq!(fixture.cloud.under_way(), 0);
}

#[test]
fn drops_unexpected_answers() {
    let mut fixture = CloudFixture::new();
    let (other, agent) = (fixture.agent(), fixture.agent());
    let (client, asked) = fixture.asked();
    let id = asked.id.written();
    fixture.send(other, response(&id, 200));
    fixture.send(other, error(json!(id), json!(500)));
    for wrong in ["", "r", "r2", "1", "r01", "R1"] {
        fixture.send(agent, response(wrong, 200));
    }
    let mut invalid = response(&id, 200);
    for status in [json!(99), json!(600), json!("200"), json!(200.5), Value::Null] {
        invalid["data"]["status"] = status;
        fixture.send(agent, invalid.clone());
    }
    fixture.send(agent, error(Value::Null, json!(500)));
    assert_eq!(client.status(), None, "TUN-20, TUN-22");
    fixture.send(agent, response(&id, 204));
    assert_eq!((client.status(), fixture.received(agent).len(), fixture.closed.len()), (Some(204), 0, 0));
}

#[test]
fn uses_the_code_of_an_error_as_status_if_valid() {
    for (code, status) in
        [(json!(400), 400), (json!(504), 504), (json!(599), 599), (Value::Null, 502), (json!(399), 502)]
    {
        let mut fixture = CloudFixture::new();
        let agent = fixture.agent();
        let (client, asked) = fixture.asked();
        fixture.send(agent, error(json!(asked.id.written()), code));
        assert_eq!(client.status(), Some(status), "TUN-21");
    }
}

#[test]
fn a_lost_agent_fails_its_own_requests_only() {
    let mut fixture = CloudFixture::new();
    let first = fixture.agent();
    let of_first = fixture.asked();
    let second = fixture.agent();
    let of_second = [fixture.asked(), fixture.asked()];
    fixture.lose(second);
    assert_eq!(of_second.map(|(client, _)| client.status()), [Some(1); 2], "TUN-21");
    assert_eq!(of_first.0.status(), None);
    fixture.send(first, response(&of_first.1.id.written(), 200));
    assert_eq!(of_first.0.status(), Some(200));
}

#[test]
fn times_out_a_request_at_its_deadline() {
    let mut fixture = CloudFixture::new();
    let agent = fixture.agent();
    let early = fixture.asked();
    fixture.pass(10 * SECOND);
    let late = fixture.asked();
    fixture.pass(20 * SECOND - Duration::from_millis(1));
    assert_eq!(early.0.status(), None);
    fixture.pass(Duration::from_millis(1));
    assert_eq!((early.0.status(), late.0.status()), (Some(2), None), "TUN-21");
    fixture.send(agent, response(&early.1.id.written(), 200));
    fixture.send(agent, response(&late.1.id.written(), 200));
    assert_eq!((late.0.status(), fixture.cloud.wake_at()), (Some(200), None), "TUN-22");
}

#[test]
fn a_client_that_is_gone_frees_its_request() {
    let mut fixture = CloudFixture::new();
    let agent = fixture.agent();
    let (client, asked) = fixture.asked();
    fixture.cloud.forget(asked.id);
    assert_eq!((fixture.cloud.under_way(), fixture.cloud.wake_at()), (0, None), "TUN-23");
    fixture.send(agent, response(&asked.id.written(), 200));
    assert_eq!(client.status(), None);
    assert_ne!(fixture.asked().1.id, asked.id, "TUN-20: an id is never reused");
}

#[test]
fn refuses_requests_beyond_the_limits() {
    let mut fixture = CloudFixture::new();
    let first = fixture.agent();
    let of_first: Vec<_> = (0..3).map(|_| fixture.asked()).collect();
    assert_eq!(fixture.ask().1, Err(Refusal::Busy));
    let second = fixture.agent();
    let of_second: Vec<_> = (0..2).map(|_| fixture.asked()).collect();
    assert_eq!(fixture.ask().1, Err(Refusal::Busy), "the limit of all agents is five");
    fixture.send(first, response(&of_first[0].1.id.written(), 200));
    assert_eq!(fixture.asked().1.agent, second);
    assert_eq!(fixture.ask().1, Err(Refusal::Busy));
    fixture.cloud.forget(of_second[0].1.id);
    assert!(fixture.ask().1.is_ok());
    fixture.pass(30 * SECOND);
    assert_eq!(fixture.cloud.under_way(), 0);
    assert!((0..3).all(|_| fixture.ask().1.is_ok()) && fixture.ask().1.is_err(), "the limit of one agent is kept");
}

#[test]
fn hides_the_token_in_debug_output() {
    let message = AgentMessage::text(&auth("first-token").to_string());
    assert!(!format!("{message:?} {:?}", CloudFixture::new().cloud).contains("first-token"), "TUN-05");
}
