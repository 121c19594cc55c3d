//! The agent at a cloud that the tests play, in a time that the tests turn.

use relayspec::reconnect::Policy;
use relayspec::tunnel::ToAgent;
use serde_json::{Value, json};

use super::*;
use crate::client::backoff::Dice;
use crate::client::{Action, Client, Ending, Outgoing};

#[derive(Debug)]
struct Still;

impl Dice for Still {
    fn swing(&mut self) -> f64 {
        0.0
    }
}

const SECOND: Duration = Duration::from_secs(1);
const TOKEN: &str = "s3cret-s3cret";

struct World {
    client: Client<Agent, Still>,
    started: Instant,
    now: Instant,
    /// What the user and the shell were told.
    told: Vec<String>,
    /// Requests that are to be made.
    fetches: Vec<Fetch>,
}

impl World {
    fn new(encoding: Encoding) -> Self {
        let now = Instant::now();
        let timing = Timing::default();
        let birth = Birth { monotonic: now, unix: 1_760_000_000 * SECOND };
        let origin = "http://127.0.0.1:3000".parse().expect("an origin");
        let agent = Agent::new(Token::new(TOKEN), origin, encoding, &timing, birth);
        let client = Client::new(agent, Policy::TUNNEL, timing, Still, now);
        let mut world = Self { client, started: now, now, told: Vec::new(), fetches: Vec::new() };
        world.pass(Duration::ZERO);
        world
    }

    /// An agent that is authenticated, and has told so.
    fn joined() -> Self {
        let mut world = Self::new(Encoding::Json);
        world.join();
        assert_eq!(world.told(), "connect connected joined");
        world
    }

    fn join(&mut self) {
        self.open();
        assert_eq!(self.sent(), [json!({ "type": "Auth", "data": { "token": TOKEN } })], "TUN-01");
        self.hear(welcome());
    }

    fn open(&mut self) {
        let actions = self.client.opened(self.now);
        self.apply(actions);
    }

    fn hear(&mut self, message: Value) {
        self.hear_text(&message.to_string());
    }

    fn hear_text(&mut self, text: &str) {
        let actions = self.client.text(text, self.now);
        self.apply(actions);
    }

    fn hear_packed(&mut self, message: &Value) {
        let message = ToAgent::decode(&message.to_string()).expect("a message");
        let actions = self.client.binary(&message.pack(), self.now);
        self.apply(actions);
    }

    fn fetched(&mut self, key: u64, fetched: Fetched) {
        let actions = self.client.fetched(key, fetched, self.now);
        self.apply(actions);
    }

    fn lose(&mut self) {
        let actions = self.client.lost(None, self.now);
        self.apply(actions);
    }

    /// Lets time pass, with every timer in its moment, over a network that takes everything.
    fn pass(&mut self, time: Duration) -> Vec<Value> {
        let until = self.now + time;
        let mut sent = Vec::new();
        while let Some(wake_at) = self.client.wake_at().filter(|wake_at| *wake_at <= until) {
            self.now = self.now.max(wake_at);
            let actions = self.client.tick(self.now);
            self.apply(actions);
            sent.extend(self.sent());
        }
        self.now = until;
        sent
    }

    /// What the network takes, as JSON.
    fn sent(&mut self) -> Vec<Value> {
        self.written().into_iter().map(|(_, value)| value).collect()
    }

    fn written(&mut self) -> Vec<(Encoding, Value)> {
        let mut written = Vec::new();
        while let Some(message) = self.client.next_message() {
            let (encoding, message) = match message {
                Outgoing::Text(text) => (Encoding::Json, FromAgent::decode(&text).expect("JSON")),
                Outgoing::Binary(bytes) => (Encoding::MessagePack, FromAgent::unpack(&bytes).expect("MessagePack")),
                Outgoing::Ping => panic!("a Ping frame"),
            };
            written.push((encoding, serde_json::from_str(&message.encode()).expect("JSON")));
        }
        let actions = self.client.sent(self.now);
        self.apply(actions);
        written
    }

    fn told(&mut self) -> String {
        std::mem::take(&mut self.told).join(" ")
    }

    fn key(&mut self) -> u64 {
        let fetches = std::mem::take(&mut self.fetches);
        let [fetch] = &fetches[..] else { panic!("one request: {fetches:?}") };
        fetch.key
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            let told = match action {
                Action::Fetch(fetch) => {
                    self.fetches.push(*fetch);
                    continue;
                }
                Action::Report(Event::Error { code, message }) => format!("{code}:{message}"),
                Action::Report(event) => event.name().to_owned(),
                Action::Connect => "connect".to_owned(),
                Action::Abandon => "abandon".to_owned(),
                Action::ForgetFetches => "forget".to_owned(),
                Action::End(Ending::Stopped) => "stopped".to_owned(),
                Action::End(Ending::GaveUp) => "ended".to_owned(),
                Action::Leave | Action::Session(_) | Action::Show { .. } => panic!("{action:?}"),
            };
            self.told.push(told);
        }
    }
}

fn welcome() -> Value {
    json!({ "type": "AuthSuccess", "data": { "session_id": "s" } })
}

fn request(id: &str, url: &str) -> Value {
    let headers = json!({ "x": ["1", "2"], "connection": "close" });
    json!({ "type": "HttpRequest", "data": { "id": id, "method": "PUT", "url": url, "headers": headers, "body": "aGVsbG8=" } })
}

fn answer(body: &[u8]) -> Fetched {
    let headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")].into_iter().collect();
    Fetched::Answer { status: 201, reason: "Made".to_owned(), headers, body: body.to_vec() }
}

fn ping(timestamp: u64) -> Value {
    json!({ "type": "Ping", "data": { "timestamp": timestamp } })
}

/// The id and the code of an `Error`.
fn error(message: &Value) -> (Option<&str>, Option<u64>) {
    assert_eq!(message["type"], "Error", "{message}");
    (message["data"]["request_id"].as_str(), message["data"]["code"].as_u64())
}

#[test]
fn nothing_but_auth_goes_out_before_success() {
    let mut world = World::new(Encoding::MessagePack);
    world.open();
    let auth = json!({ "type": "Auth", "data": { "token": TOKEN } });
    assert_eq!(world.written(), [(Encoding::MessagePack, auth)], "TUN-01, TUN-33");
    world.hear(ping(1));
    world.hear(request("r1", "/"));
    world.hear_text("{");
    world.hear(json!({ "type": "Unheard", "data": { "id": "x" } }));
    assert_eq!((world.sent(), world.fetches.len()), (vec![], 0), "TUN-01");
    world.hear(welcome());
    assert_eq!((world.told().as_str(), world.sent()), ("connect connected joined", vec![]));
    world.hear(welcome());
    assert_eq!(world.told(), "", "a second welcome changes nothing");
}

#[test]
fn a_refusal_is_final() {
    let mut world = World::new(Encoding::Json);
    world.open();
    world.hear(json!({ "type": "AuthError", "data": { "error": "no" } }));
    assert_eq!(world.told(), "connect connected AuthError:no gave_up ended", "TUN-04");
    assert_eq!(world.client.wake_at(), None, "TUN-04");
}

#[test]
fn a_request_is_made_once_and_answered_once_in_the_encoding_of_the_cloud() {
    let mut world = World::joined();
    world.hear_packed(&request("r1", "/a%20b?x=1"));
    let Fetch { key, request: local } = world.fetches.pop().expect("a request");
    assert_eq!((local.method.as_str(), local.target.as_str(), &local.body[..]), ("PUT", "/a%20b?x=1", &b"hello"[..]));
    world.fetched(key, answer(b"\xFF"));
    world.fetched(key, answer(b"again"));
    let headers = json!({ "set-cookie": ["a=1", "b=2"] });
    let data = json!({ "id": "r1", "status": 201, "status_text": "Made", "headers": headers, "body": "/w==" });
    let answer = json!({ "type": "HttpResponse", "data": data });
    assert_eq!(world.written(), [(Encoding::MessagePack, answer)], "TUN-10, TUN-12, TUN-33");
}

#[test]
fn answers_go_out_as_they_come() {
    let mut world = World::joined();
    ["a", "b", "c"].into_iter().for_each(|id| world.hear(request(id, "/")));
    let keys: Vec<_> = world.fetches.iter().map(|fetch| fetch.key).collect();
    for (key, id) in [(keys[2], "c"), (keys[0], "a"), (keys[1], "b")] {
        world.fetched(key, answer(b""));
        assert_eq!(world.sent()[0]["data"]["id"], id, "TUN-11");
    }
}

#[test]
fn what_came_of_nothing_has_a_code() {
    for (failure, code) in [
        (Failure::Refused, 502),
        (Failure::BrokeOff, 502),
        (Failure::Status, 502),
        (Failure::TooLarge, 502),
        (Failure::TimedOut, 504),
        (Failure::Busy, 503),
    ] {
        let mut world = World::joined();
        world.hear(request("r1", "/"));
        let key = world.key();
        world.fetched(key, Fetched::Nothing(failure));
        assert_eq!(error(&world.sent()[0]), (Some("r1"), Some(code)), "TUN-14");
    }
    let mut world = World::joined();
    world.hear(request("r1", "/"));
    let key = world.key();
    world.fetched(key, answer(&vec![0; 20 << 20]));
    assert_eq!(error(&world.sent()[0]), (Some("r1"), Some(502)), "in base64 it is larger than a message");
}

#[test]
fn requests_that_must_not_be_made_are_refused_with_their_id() {
    let mut world = World::joined();
    for url in ["http://other.example/", "//other.example/", "@other.example/", "*", "", "/a\n", "/ä", "/a#b"] {
        world.hear(request("r1", url));
        assert_eq!((error(&world.sent()[0]), world.fetches.len()), ((Some("r1"), Some(400)), 0), "TUN-16: {url}");
    }
}

#[test]
fn malformed_messages_are_answered_with_the_id_that_can_be_read() {
    let mut world = World::joined();
    let mut unread = request("r7", "/");
    unread["data"]["method"] = json!(7);
    for (text, id) in [
        ("{".to_owned(), None),
        ("[]".to_owned(), None),
        (json!({ "type": "Unheard", "data": { "id": "r7" } }).to_string(), Some("r7")),
        (json!({ "type": "Stats", "data": {} }).to_string(), None),
        (json!({ "type": "HttpRequest", "data": { "id": 7 } }).to_string(), None),
        (unread.to_string(), Some("r7")),
    ] {
        world.hear_text(&text);
        let sent = world.sent();
        assert_eq!((sent.len(), error(&sent[0])), (1, (id, Some(400))), "TUN-17: {text}");
    }
    let actions = world.client.binary(&[0xC1], world.now);
    world.apply(actions);
    assert_eq!((world.written()[0].0, world.told().as_str()), (Encoding::MessagePack, ""), "TUN-17, TUN-33");
    world.hear(json!({ "type": "Error", "data": { "error": "told" } }));
    assert_eq!(world.sent(), [] as [Value; 0], "an error is not answered");
}

#[test]
fn a_second_request_with_an_id_under_way_is_refused_and_the_first_goes_on() {
    let mut world = World::joined();
    world.hear(request("r1", "/"));
    let key = world.key();
    world.hear(request("r1", "/"));
    assert_eq!((error(&world.sent()[0]), world.fetches.len()), ((Some("r1"), Some(409)), 0), "TUN-18");
    world.fetched(key, answer(b""));
    assert_eq!(world.sent()[0]["type"], "HttpResponse", "TUN-18");
    world.hear(request("r1", "/"));
    world.key();
}

#[test]
fn more_requests_than_the_limit_are_refused() {
    let mut world = World::joined();
    (0..=MOST_UNDER_WAY).for_each(|number| world.hear(request(&number.to_string(), "/")));
    assert_eq!(world.fetches.len(), MOST_UNDER_WAY);
    assert_eq!(error(&world.sent()[0]), (Some("1000"), Some(503)));
    let key = world.fetches[0].key;
    world.fetched(key, answer(b""));
    world.hear(request("again", "/"));
    assert_eq!(world.fetches.len(), MOST_UNDER_WAY + 1);
}

#[test]
fn pings_are_repeated_and_sent_with_counters() {
    let mut world = World::joined();
    world.hear(ping(5));
    assert_eq!(world.sent(), [json!({ "type": "Pong", "data": { "timestamp": 5 } })], "TUN-30");
    world.hear(request("r1", "/"));
    let key = world.key();
    world.fetched(key, answer(b"123"));
    world.hear(request("r2", "*"));
    world.sent();
    assert_eq!(world.pass(30 * SECOND - Duration::from_millis(1)), [] as [Value; 0], "TUN-31");
    let sent = world.pass(Duration::from_millis(1));
    let timestamp = 1_760_000_030_000_u64;
    let stats = json!({ "requests_processed": 2, "bytes_transferred": 8, "uptime_seconds": 30.0 });
    assert_eq!(sent, [ping(timestamp), json!({ "type": "Stats", "data": stats })], "TUN-31, TUN-32");
    world.hear(json!({ "type": "Pong", "data": { "timestamp": timestamp } }));
    assert_eq!(world.pass(30 * SECOND).len(), 2);
    assert_eq!(world.told(), "");
}

#[test]
fn a_cloud_without_pong_is_lost_and_come_back_to() {
    let mut world = World::joined();
    world.pass(40 * SECOND - Duration::from_millis(1));
    world.hear(json!({ "type": "Pong", "data": { "timestamp": 7 } }));
    assert_eq!(world.told(), "");
    world.pass(Duration::from_millis(1));
    assert_eq!(world.told(), "abandon disconnected forget", "TUN-31");
    world.pass(SECOND);
    assert_eq!((world.told().as_str(), world.now - world.started), ("connect", 41 * SECOND), "TUN-40");
    world.join();
    assert_eq!(world.told(), "connected joined reconnected");
}

#[test]
fn answers_of_a_connection_that_is_lost_are_not_for_the_next() {
    let mut world = World::joined();
    world.hear_packed(&request("r1", "/"));
    world.hear_packed(&request("r2", "/"));
    let keys: Vec<_> = world.fetches.drain(..).map(|fetch| fetch.key).collect();
    world.fetched(keys[1], answer(b"waits for the network"));
    world.lose();
    world.fetched(keys[0], answer(b"late"));
    assert_eq!(world.told(), "disconnected forget");
    world.pass(SECOND);
    world.open();
    let written = world.written();
    assert_eq!((written.len(), written[0].0), (1, Encoding::Json), "TUN-40, TUN-33: the agent chooses first again");
    world.hear(welcome());
    world.hear(request("r1", "/"));
    world.fetched(keys[0], answer(b"late"));
    assert_eq!(world.sent(), [] as [Value; 0], "TUN-40");
    let key = world.key();
    world.fetched(key, answer(b""));
    assert_eq!(world.sent().len(), 1);
}

#[test]
fn a_ping_overtakes_what_waits_for_the_network() {
    let mut world = World::joined();
    world.hear(request("r1", "/"));
    let key = world.key();
    world.fetched(key, answer(b"slow"));
    world.now += 30 * SECOND;
    let actions = world.client.tick(world.now);
    world.apply(actions);
    let types: Vec<_> = world.sent().iter().map(|message| message["type"].clone()).collect();
    assert_eq!(types, ["Ping", "HttpResponse", "Stats"]);
}

#[test]
fn the_token_is_not_shown() {
    let mut world = World::new(Encoding::Json);
    world.open();
    assert!(!format!("{:?}", world.client).contains(TOKEN), "TUN-05");
    assert_eq!(world.sent().len(), 1);
}
