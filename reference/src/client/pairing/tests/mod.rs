//! A client at a relay that the tests play, in a time that the tests turn.

mod coming_back;
mod host;
mod viewer;
mod walk;

use std::time::{Duration, Instant};

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use serde_json::{Value, json};

use super::{Host, Viewer};
use crate::client::backoff::Dice;
use crate::client::{Action, Client, Ending, Outgoing, Role};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CODE: &str = "K7QX4M";

/// No jitter.
struct Still;

impl Dice for Still {
    fn swing(&mut self) -> f64 {
        0.0
    }
}

struct World<R> {
    client: Client<R, Still>,
    started: Instant,
    now: Instant,
    /// Events that were not looked at.
    events: Vec<String>,
    /// When each attempt was started, in ms.
    attempts: Vec<u128>,
    abandoned: usize,
    ended: Option<Ending>,
    /// What the user was told of as not sent.
    sent_back: usize,
}

fn host() -> World<Host> {
    World::new(Host::new(None), Policy::RELAY)
}

fn viewer() -> World<Viewer> {
    viewer_with(Policy::RELAY)
}

fn viewer_with(policy: Policy) -> World<Viewer> {
    World::new(Viewer::new(relayspec::pairing::JoinCode::new(CODE).expect("a code")), policy)
}

impl<R: Role> World<R> {
    fn new(role: R, policy: Policy) -> Self {
        let mut timing = Timing::default();
        timing.declare(Parameter::ConnectTimeout, CONNECT_TIMEOUT);
        let now = Instant::now();
        let client = Client::new(role, policy, timing, Still, now);
        let mut world = Self {
            client,
            started: now,
            now,
            events: Vec::new(),
            attempts: Vec::new(),
            abandoned: 0,
            ended: None,
            sent_back: 0,
        };
        world.pass(Duration::ZERO);
        world
    }

    /// Lets time pass, with every timer in its moment.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake_at) = self.client.wake_at().filter(|wake_at| *wake_at <= until) {
            self.now = self.now.max(wake_at);
            let actions = self.client.tick(self.now);
            self.apply(actions);
        }
        self.now = until;
    }

    fn open(&mut self) {
        let actions = self.client.opened(self.now);
        self.apply(actions);
    }

    fn lose(&mut self) {
        let actions = self.client.lost(None, self.now);
        self.apply(actions);
    }

    fn receive(&mut self, message: Value) {
        let actions = self.client.text(&message.to_string(), self.now);
        self.apply(actions);
    }

    fn refuse(&mut self, code: &str) {
        self.receive(json!({ "type": "error", "code": code, "message": "no" }));
    }

    fn say(&mut self, line: Value) {
        let actions = self.client.line(&line.to_string(), self.now);
        self.apply(actions);
    }

    fn give(&mut self, payload: &str) {
        self.say(json!({ "do": "send", "payload": payload }));
    }

    /// All that the network is given now.
    fn sent(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        while let Some(message) = self.client.next_message() {
            match message {
                Outgoing::Text(text) => sent.push(serde_json::from_str(&text).expect("JSON")),
                other => sent.push(json!(format!("{other:?}"))),
            }
        }
        let actions = self.client.sent(self.now);
        self.apply(actions);
        sent
    }

    /// The names of the events since the last look, of errors with their code.
    fn told(&mut self) -> String {
        std::mem::take(&mut self.events).join(" ")
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            assert_eq!(self.ended, None, "{action:?} after the end");
            match action {
                Action::Connect => self.attempts.push(self.now.duration_since(self.started).as_millis()),
                Action::Abandon => self.abandoned += 1,
                Action::Leave | Action::Session(_) | Action::Show { .. } | Action::Fetch(_) | Action::ForgetFetches => {
                    panic!("{action:?}")
                }
                Action::Report(Event::Error { code, message }) => {
                    self.sent_back += number_of(&code, &message);
                    self.events.push(code);
                }
                Action::Report(Event::Registered { code }) => self.events.push(format!("registered:{code}")),
                Action::Report(Event::Data { payload, .. }) => self.events.push(format!("data:{payload}")),
                Action::Report(event) => self.events.push(event.name().to_owned()),
                Action::End(ending) => self.ended = Some(ending),
            }
        }
    }
}

/// How many messages an error gives back.
fn number_of(code: &str, message: &str) -> usize {
    match code {
        "NOT_SENT" => message.split(' ').find_map(|word| word.parse().ok()).expect("a number"),
        "NOT_JOINED" | "TOO_MUCH" => 1,
        _ => 0,
    }
}

fn registered(code: &str) -> Value {
    json!({ "type": "registered", "code": code, "expiresAt": 1_760_000_300_000_u64 })
}

fn joined() -> Value {
    json!({ "type": "joined", "sessionId": "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11" })
}

fn join(code: &str) -> Value {
    json!({ "type": "join", "code": code })
}

fn data(payload: &str) -> Value {
    json!({ "type": "data", "payload": payload })
}
