//! The agent against a simulated cloud and clock.

use relayspec::reconnect::Policy;
use relayspec::tunnel::ToAgent;
use serde_json::{Value, json};

use super::*;
use crate::client::testing::{ClientFixture, describe};
use crate::client::{ClientAction, ClientCore, Outgoing};

const SECOND: Duration = Duration::from_secs(1);
const TOKEN: &str = "s3cret-s3cret";

fn agent(encoding: Encoding) -> ClientFixture<TunnelAgent> {
    let timing = Timing::default();
    let started = ProcessStart { monotonic: Instant::now(), unix: 1_760_000_000 * SECOND };
    let origin = "http://127.0.0.1:3000".parse().expect("an origin");
    let agent = TunnelAgent::new(Token::new(TOKEN), origin, encoding, &timing, started);
    let mut fixture = ClientFixture::new(agent, Policy::TUNNEL, timing, |action| match action {
        ClientAction::Report(Event::Error { code, message }) => Some(format!("{code}:{message}")),
        action => Some(describe(action)),
    });
    (fixture.started, fixture.now) = (started.monotonic, started.monotonic);
    fixture.open();
    fixture
}

fn joined() -> ClientFixture<TunnelAgent> {
    let mut fixture = agent(Encoding::Json);
    fixture.join();
    assert_eq!(fixture.reported(), "connect connected joined");
    fixture
}

impl ClientFixture<TunnelAgent> {
    fn join(&mut self) {
        assert_eq!(self.values(), [json!({ "type": "Auth", "data": { "token": TOKEN } })], "TUN-01");
        self.receive(welcome());
    }

    fn receive_text(&mut self, text: &str) {
        self.act(|client, now| client.text(text, now));
    }

    fn receive_packed(&mut self, message: &Value) {
        let message = ToAgent::decode(&message.to_string()).expect("a message");
        self.receive_bytes(&message.pack());
    }

    fn fetched(&mut self, key: u64, fetched: Fetched) {
        self.act(|client, now| client.fetched(key, fetched, now));
    }

    fn run_for(&mut self, time: Duration) -> Vec<Value> {
        let until = self.now + time;
        let mut sent = Vec::new();
        while let Some(wake_at) = self.client.wake_at().filter(|wake_at| *wake_at <= until) {
            self.pass(wake_at.saturating_duration_since(self.now));
            sent.extend(self.values());
        }
        self.now = until;
        sent
    }

    fn values(&mut self) -> Vec<Value> {
        self.encoded().into_iter().map(|(_, value)| value).collect()
    }

    fn encoded(&mut self) -> Vec<(Encoding, Value)> {
        let mut encoded = Vec::new();
        while let Some(message) = self.client.next_message() {
            let (encoding, message) = match message {
                Outgoing::Text(text) => (Encoding::Json, FromAgent::decode(&text).expect("JSON")),
                Outgoing::Binary(bytes) => (Encoding::MessagePack, FromAgent::unpack(&bytes).expect("MessagePack")),
                Outgoing::Ping => panic!("a Ping frame"),
            };
            encoded.push((encoding, serde_json::from_str(&message.encode()).expect("JSON")));
        }
        self.sent();
        encoded
    }

    fn key(&mut self) -> u64 {
        let fetches = std::mem::take(&mut self.fetches);
        let [fetch] = &fetches[..] else { panic!("one request: {fetches:?}") };
        fetch.key
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

fn error(message: &Value) -> (Option<&str>, Option<u64>) {
    assert_eq!(message["type"], "Error", "{message}");
    (message["data"]["request_id"].as_str(), message["data"]["code"].as_u64())
}

#[test]
fn sends_only_auth_before_success() {
    let mut fixture = agent(Encoding::MessagePack);
    let auth = json!({ "type": "Auth", "data": { "token": TOKEN } });
    assert_eq!(fixture.encoded(), [(Encoding::MessagePack, auth)], "TUN-01, TUN-33");
    fixture.receive(ping(1));
    fixture.receive(request("r1", "/"));
    fixture.receive_text("{");
    fixture.receive(json!({ "type": "Unknown", "data": { "id": "x" } }));
    assert_eq!((fixture.values(), fixture.fetches.len()), (vec![], 0), "TUN-01");
    fixture.receive(welcome());
    assert_eq!((fixture.reported().as_str(), fixture.values()), ("connect connected joined", vec![]));
    fixture.receive(welcome());
    assert_eq!(fixture.reported(), "", "a second welcome changes nothing");
}

#[test]
fn a_refusal_is_final() {
    let mut fixture = agent(Encoding::Json);
    fixture.receive(json!({ "type": "AuthError", "data": { "error": "no" } }));
    assert_eq!(fixture.reported(), "connect connected AuthError:no gave_up ended", "TUN-04");
    assert_eq!(fixture.client.wake_at(), None, "TUN-04");
}

#[test]
fn makes_and_answers_a_request_once_in_the_encoding_of_the_cloud() {
    let mut fixture = joined();
    fixture.receive_packed(&request("r1", "/a%20b?x=1"));
    let Fetch { key, request: local } = fixture.fetches.pop().expect("a request");
    assert_eq!((local.method.as_str(), local.target.as_str(), &local.body[..]), ("PUT", "/a%20b?x=1", &b"hello"[..]));
    fixture.fetched(key, answer(b"\xFF"));
    fixture.fetched(key, answer(b"again"));
    let headers = json!({ "set-cookie": ["a=1", "b=2"] });
    let data = json!({ "id": "r1", "status": 201, "status_text": "Made", "headers": headers, "body": "/w==" });
    let answer = json!({ "type": "HttpResponse", "data": data });
    assert_eq!(fixture.encoded(), [(Encoding::MessagePack, answer)], "TUN-10, TUN-12, TUN-33");
}

#[test]
fn sends_answers_as_they_come() {
    let mut fixture = joined();
    ["a", "b", "c"].into_iter().for_each(|id| fixture.receive(request(id, "/")));
    let keys: Vec<_> = fixture.fetches.iter().map(|fetch| fetch.key).collect();
    for (key, id) in [(keys[2], "c"), (keys[0], "a"), (keys[1], "b")] {
        fixture.fetched(key, answer(b""));
        assert_eq!(fixture.values()[0]["data"]["id"], id, "TUN-11");
    }
}

#[test]
fn reports_each_failure_with_a_code() {
    for (failure, code) in [
        (FetchFailure::Refused, 502),
        (FetchFailure::BrokeOff, 502),
        (FetchFailure::Status, 502),
        (FetchFailure::TooLarge, 502),
        (FetchFailure::TimedOut, 504),
        (FetchFailure::Busy, 503),
    ] {
        let mut fixture = joined();
        fixture.receive(request("r1", "/"));
        let key = fixture.key();
        fixture.fetched(key, Fetched::Nothing(failure));
        assert_eq!(error(&fixture.values()[0]), (Some("r1"), Some(code)), "TUN-14");
    }
    let mut fixture = joined();
    fixture.receive(request("r1", "/"));
    let key = fixture.key();
    fixture.fetched(key, answer(&vec![0; 20 << 20]));
    assert_eq!(error(&fixture.values()[0]), (Some("r1"), Some(502)), "in base64 it exceeds a message");
}

#[test]
fn refuses_forbidden_requests_with_their_id() {
    let mut fixture = joined();
    for url in ["http://other.example/", "//other.example/", "@other.example/", "*", "", "/a\n", "/ä", "/a#b"] {
        fixture.receive(request("r1", url));
        assert_eq!((error(&fixture.values()[0]), fixture.fetches.len()), ((Some("r1"), Some(400)), 0), "TUN-16: {url}");
    }
}

#[test]
fn answers_malformed_messages_with_their_id_if_any() {
    let mut fixture = joined();
    let mut unread = request("r7", "/");
    unread["data"]["method"] = json!(7);
    for (text, id) in [
        ("{".to_owned(), None),
        ("[]".to_owned(), None),
        (json!({ "type": "Unknown", "data": { "id": "r7" } }).to_string(), Some("r7")),
        (json!({ "type": "Stats", "data": {} }).to_string(), None),
        (json!({ "type": "HttpRequest", "data": { "id": 7 } }).to_string(), None),
        (unread.to_string(), Some("r7")),
    ] {
        fixture.receive_text(&text);
        let sent = fixture.values();
        assert_eq!((sent.len(), error(&sent[0])), (1, (id, Some(400))), "TUN-17: {text}");
    }
    fixture.receive_bytes(&[0xC1]);
    assert_eq!((fixture.encoded()[0].0, fixture.reported().as_str()), (Encoding::MessagePack, ""), "TUN-17, TUN-33");
    fixture.receive(json!({ "type": "Error", "data": { "error": "any" } }));
    assert_eq!(fixture.values(), [] as [Value; 0], "an error is not answered");
}

#[test]
fn refuses_a_second_request_with_an_id_in_flight() {
    let mut fixture = joined();
    fixture.receive(request("r1", "/"));
    let key = fixture.key();
    fixture.receive(request("r1", "/"));
    assert_eq!((error(&fixture.values()[0]), fixture.fetches.len()), ((Some("r1"), Some(409)), 0), "TUN-18");
    fixture.fetched(key, answer(b""));
    assert_eq!(fixture.values()[0]["type"], "HttpResponse", "TUN-18");
    fixture.receive(request("r1", "/"));
    fixture.key();
}

#[test]
fn refuses_requests_beyond_the_limit() {
    let mut fixture = joined();
    (0..=MOST_UNDER_WAY).for_each(|number| fixture.receive(request(&number.to_string(), "/")));
    assert_eq!(fixture.fetches.len(), MOST_UNDER_WAY);
    assert_eq!(error(&fixture.values()[0]), (Some("1000"), Some(503)));
    let key = fixture.fetches[0].key;
    fixture.fetched(key, answer(b""));
    fixture.receive(request("again", "/"));
    assert_eq!(fixture.fetches.len(), MOST_UNDER_WAY + 1);
}

#[test]
fn echoes_pings_and_sends_its_own_with_counters() {
    let mut fixture = joined();
    fixture.receive(ping(5));
    assert_eq!(fixture.values(), [json!({ "type": "Pong", "data": { "timestamp": 5 } })], "TUN-30");
    fixture.receive(request("r1", "/"));
    let key = fixture.key();
    fixture.fetched(key, answer(b"123"));
    fixture.receive(request("r2", "*"));
    fixture.values();
    assert_eq!(fixture.run_for(30 * SECOND - Duration::from_millis(1)), [] as [Value; 0], "TUN-31");
    let sent = fixture.run_for(Duration::from_millis(1));
    let timestamp = 1_760_000_030_000_u64;
    let stats = json!({ "requests_processed": 2, "bytes_transferred": 8, "uptime_seconds": 30.0 });
    assert_eq!(sent, [ping(timestamp), json!({ "type": "Stats", "data": stats })], "TUN-31, TUN-32");
    fixture.receive(json!({ "type": "Pong", "data": { "timestamp": timestamp } }));
    assert_eq!(fixture.run_for(30 * SECOND).len(), 2);
    assert_eq!(fixture.reported(), "");
}

#[test]
fn abandons_a_cloud_without_pong_and_reconnects() {
    let mut fixture = joined();
    fixture.run_for(40 * SECOND - Duration::from_millis(1));
    fixture.receive(json!({ "type": "Pong", "data": { "timestamp": 7 } }));
    assert_eq!(fixture.reported(), "");
    fixture.run_for(Duration::from_millis(1));
    assert_eq!(fixture.reported(), "abandon disconnected forget", "TUN-31");
    fixture.run_for(SECOND);
    assert_eq!((fixture.reported().as_str(), fixture.now - fixture.started), ("connect", 41 * SECOND), "TUN-40");
    fixture.open();
    fixture.join();
    assert_eq!(fixture.reported(), "connected joined reconnected");
}

#[test]
fn does_not_send_answers_of_a_lost_connection_on_the_next() {
    let mut fixture = joined();
    fixture.receive_packed(&request("r1", "/"));
    fixture.receive_packed(&request("r2", "/"));
    let keys: Vec<_> = fixture.fetches.drain(..).map(|fetch| fetch.key).collect();
    fixture.fetched(keys[1], answer(b"waits for the network"));
    fixture.lose();
    fixture.fetched(keys[0], answer(b"late"));
    assert_eq!(fixture.reported(), "disconnected forget");
    fixture.run_for(SECOND);
    fixture.open();
    let written = fixture.encoded();
    assert_eq!((written.len(), written[0].0), (1, Encoding::Json), "TUN-40, TUN-33: the agent chooses first again");
    fixture.receive(welcome());
    fixture.receive(request("r1", "/"));
    fixture.fetched(keys[0], answer(b"late"));
    assert_eq!(fixture.values(), [] as [Value; 0], "TUN-40");
    let key = fixture.key();
    fixture.fetched(key, answer(b""));
    assert_eq!(fixture.values().len(), 1);
}

#[test]
fn a_ping_overtakes_messages_that_wait_for_the_network() {
    let mut fixture = joined();
    fixture.receive(request("r1", "/"));
    let key = fixture.key();
    fixture.fetched(key, answer(b"slow"));
    fixture.now += 30 * SECOND;
    fixture.act(ClientCore::tick);
    let types: Vec<_> = fixture.values().iter().map(|message| message["type"].clone()).collect();
    assert_eq!(types, ["Ping", "HttpResponse", "Stats"]);
}

#[test]
fn hides_the_token_in_debug_output() {
    let mut fixture = agent(Encoding::Json);
    assert!(!format!("{:?}", fixture.client).contains(TOKEN), "TUN-05");
    assert_eq!(fixture.values().len(), 1);
}
