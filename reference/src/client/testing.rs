//! A client core with a simulated connection, user and clock.

use std::time::{Duration, Instant};

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use super::backoff::FixedJitter;
use super::fetch::Fetch;
use super::{ClientAction, ClientCore, ClientRole, Ending, Outgoing, SessionChange};

type Core<R> = ClientCore<R, FixedJitter>;

pub(super) struct ClientFixture<R> {
    pub(super) client: Core<R>,
    pub(super) started: Instant,
    pub(super) now: Instant,
    describe: fn(ClientAction) -> Option<String>,
    reports: Vec<String>,
    /// When each attempt was started, in ms.
    pub(super) attempts: Vec<u128>,
    pub(super) abandoned: usize,
    pub(super) ended: Option<Ending>,
    pub(super) fetches: Vec<Fetch>,
    /// How many messages were reported as not sent.
    pub(super) sent_back: usize,
}

impl<R: ClientRole> ClientFixture<R> {
    pub(super) fn new(role: R, policy: Policy, timing: Timing, describe: fn(ClientAction) -> Option<String>) -> Self {
        let now = Instant::now();
        let mut fixture = Self {
            client: ClientCore::new(role, policy, timing, FixedJitter(0.0), now),
            started: now,
            now,
            describe,
            reports: Vec::new(),
            attempts: Vec::new(),
            abandoned: 0,
            ended: None,
            fetches: Vec::new(),
            sent_back: 0,
        };
        fixture.pass(Duration::ZERO);
        fixture
    }

    pub(super) fn act(&mut self, act: impl FnOnce(&mut Core<R>, Instant) -> Vec<ClientAction>) {
        for action in act(&mut self.client, self.now) {
            assert_eq!(self.ended, None, "{action:?} after the end");
            self.record(action);
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake_at) = self.client.wake_at().filter(|wake_at| *wake_at <= until) {
            self.now = self.now.max(wake_at);
            self.act(ClientCore::tick);
        }
        self.now = until;
    }

    pub(super) fn open(&mut self) {
        self.act(ClientCore::opened);
    }

    pub(super) fn lose(&mut self) {
        self.lose_with(None);
    }

    pub(super) fn lose_with(&mut self, close_code: Option<u16>) {
        self.act(|client, now| client.lost(close_code, now));
    }

    pub(super) fn reconnect(&mut self) {
        self.lose();
        self.pass(Duration::from_secs(1));
        self.open();
    }

    pub(super) fn receive(&mut self, message: Value) {
        self.act(|client, now| client.text(&message.to_string(), now));
    }

    pub(super) fn receive_bytes(&mut self, bytes: &[u8]) {
        self.act(|client, now| client.binary(bytes, now));
    }

    pub(super) fn command(&mut self, command: Value) {
        self.act(|client, now| client.line(&command.to_string(), now));
    }

    pub(super) fn give(&mut self, payload: impl Into<Value>) {
        self.command(json!({ "do": "send", "payload": payload.into() }));
    }

    pub(super) fn close(&mut self) {
        self.client.closed().into_iter().for_each(|action| self.record(action));
    }

    /// Has the network take all messages; bytes are arrays.
    pub(super) fn sent(&mut self) -> Vec<Value> {
        let message = |message| match message {
            Outgoing::Text(text) => serde_json::from_str(&text).expect("JSON"),
            Outgoing::Binary(bytes) => json!(bytes),
            Outgoing::Ping => json!("Ping"),
        };
        let sent = std::iter::from_fn(|| self.client.next_message()).map(message).collect();
        self.act(ClientCore::sent);
        sent
    }

    pub(super) fn reported(&mut self) -> String {
        std::mem::take(&mut self.reports).join(" ")
    }

    fn record(&mut self, action: ClientAction) {
        match &action {
            ClientAction::Fetch(fetch) => return self.fetches.push(fetch.as_ref().clone()),
            ClientAction::Connect => self.attempts.push(self.now.duration_since(self.started).as_millis()),
            ClientAction::Abandon => self.abandoned += 1,
            ClientAction::End(ending) => self.ended = Some(*ending),
            ClientAction::Report(Event::Error { code, message }) => self.sent_back += returned(code, message),
            _ => {}
        }
        self.reports.extend((self.describe)(action));
    }
}

pub(super) fn returned(code: &str, message: &str) -> usize {
    match code {
        "NOT_SENT" => message.split(' ').find_map(|word| word.parse().ok()).unwrap_or_default(),
        "NOT_JOINED" | "TOO_MUCH" => 1,
        _ => 0,
    }
}

/// An action in short; errors by their code.
pub(super) fn describe(action: ClientAction) -> String {
    match action {
        ClientAction::Report(Event::Error { code, .. }) => code,
        ClientAction::Report(Event::Registered { code }) => format!("registered:{code}"),
        ClientAction::Report(event) => event.name().to_owned(),
        ClientAction::Show { session_id, bytes } => format!("{session_id}:{}", bytes.escape_ascii()),
        ClientAction::Session(SessionChange::Open { session_id }) => format!("open:{session_id}"),
        ClientAction::Session(SessionChange::Close { session_id }) => format!("close:{session_id}"),
        ClientAction::Connect => "connect".to_owned(),
        ClientAction::Leave => "leave".to_owned(),
        ClientAction::Abandon => "abandon".to_owned(),
        ClientAction::ForgetFetches => "forget".to_owned(),
        ClientAction::End(Ending::Stopped) => "stopped".to_owned(),
        ClientAction::End(Ending::GaveUp) => "ended".to_owned(),
        ClientAction::Fetch(_) => panic!("{action:?}"),
    }
}
