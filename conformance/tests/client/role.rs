//! The messages of a host and a viewer, and their reactions to those of the relay.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::ClientSettings;
use crate::user::User;
use crate::wire::{TEXT, Wire};

/// What to do with the connection.
pub(crate) enum Turn {
    Stay,
    HangUp,
}

pub(crate) struct Role {
    is_host: bool,
    /// The last code that a host displayed, or the code that a viewer joins with.
    code: String,
    /// Whether this connection reached the family's success, or has nothing left to do.
    pub(crate) is_settled: bool,
    /// Whether it is registered or joined, so that data may be sent.
    pub(crate) may_send: bool,
    /// Of a viewer: whether the code is refused, or its host is gone.
    is_dead: bool,
    /// Of a viewer: whether it was joined with this code.
    is_held: bool,
    outbox: VecDeque<String>,
    messages: VecDeque<Value>,
    /// When to join again on this connection.
    pub(crate) again: Option<Instant>,
    flaw: String,
    base: Duration,
}

impl Role {
    pub(crate) fn new(role: &str, settings: &ClientSettings) -> Self {
        Self {
            is_host: role == "host",
            code: settings.params["code"].as_str().unwrap_or_default().to_owned(),
            is_settled: false,
            may_send: false,
            is_dead: false,
            is_held: false,
            outbox: VecDeque::new(),
            messages: VecDeque::new(),
            again: None,
            flaw: settings.flaw.clone(),
            base: settings.delay(0),
        }
    }

    fn has(&self, flaw: &str) -> bool {
        self.flaw == flaw
    }

    pub(crate) fn comes_back(&self) -> bool {
        !self.is_dead || self.has("comes-back-dead")
    }

    /// The connection is lost. Returns whether the client reconnects.
    pub(crate) fn lost(&mut self) -> bool {
        (self.is_settled, self.may_send, self.again) = (false, false, None);
        self.messages.clear();
        self.comes_back()
    }

    /// Drops the unsent data.
    pub(crate) fn forget(&mut self) {
        self.outbox.clear();
    }

    /// Greets on a new connection, or joins again on this one.
    pub(crate) async fn greet(&mut self, wire: &mut Wire) {
        self.again = None;
        if self.is_host {
            if self.has("registers-twice") {
                for _ in 0..2 {
                    let id = "2f9d1e0c-6f0b-4c8e-9f57-0a6a3d2b1c44";
                    wire.send(TEXT, json!({ "type": "register", "clientId": id }).to_string().as_bytes()).await;
                }
            }
            return;
        }
        if self.has("pings-first") {
            wire.send(TEXT, json!({ "type": "ping", "ts": 1 }).to_string().as_bytes()).await;
        }
        let code = match &*self.flaw {
            "joins-with-another" => "YYYYYY",
            "forgets-its-code" if self.is_held => "YYYYYY",
            _ => &self.code,
        };
        wire.send(TEXT, json!({ "type": "join", "code": code }).to_string().as_bytes()).await;
    }

    pub(crate) fn text(&mut self, text: &str, settings: &ClientSettings, user: &mut User) -> Turn {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if message.is_null() && self.has("dies-on-json") {
            std::process::exit(101);
        }
        let unknown = !["registered", "joined", "data", "pong", "error"].iter().any(|known| message["type"] == *known);
        if message.is_null() && self.has("closes-on-json") || unknown && self.has("closes-on-unknown") {
            return Turn::HangUp;
        }
        let members = message.as_object().map_or(0, serde_json::Map::len);
        if members > 3 && self.has("strict") {
            return Turn::Stay;
        }
        match message["type"].as_str() {
            Some("registered") if self.is_host => self.registered(&message, user),
            Some("joined") if !self.is_host => {
                (self.is_settled, self.may_send, self.is_held, self.is_dead) = (true, true, true, false);
                user.report(json!({ "event": "joined" }));
            }
            Some("data") => self.data(&message, user),
            Some("error") => return self.error(&message, settings, user),
            _ => {}
        }
        Turn::Stay
    }

    fn registered(&mut self, message: &Value, user: &mut User) {
        let Some(code) = message["code"].as_str() else { return };
        let is_first = !self.is_settled;
        (self.is_settled, self.may_send) = (true, true);
        let is_known = self.code == code
            || self.has("shows-one-code") && !self.code.is_empty()
            || self.has("keeps-its-code") && is_first && !self.code.is_empty();
        if !is_known || is_first && self.code == code {
            code.clone_into(&mut self.code);
            user.report(json!({ "event": "registered", "code": code }));
        }
        if is_first && self.has("talks-nonsense") {
            self.messages.push_back(json!({ "type": "hello" }));
        }
    }

    fn data(&mut self, message: &Value, user: &mut User) {
        let Some(payload) = message["payload"].as_str() else { return };
        match &*self.flaw {
            "crashes" => std::process::abort(),
            "cuts-at-nul" => user.report(json!({ "event": "data", "payload": payload.split('\0').next() })),
            "reports-twice" => {
                user.report(json!({ "event": "data", "payload": payload }));
                user.report(json!({ "event": "data", "payload": payload }));
            }
            _ => user.report(json!({ "event": "data", "payload": payload })),
        }
    }

    fn error(&mut self, message: &Value, settings: &ClientSettings, user: &mut User) -> Turn {
        let (Some(code), Some(_)) = (message["code"].as_str(), message["message"].as_str()) else {
            return Turn::Stay;
        };
        if !self.has("hides-errors") {
            user.error(code);
        }
        match code {
            "INVALID_CODE" | "EXPIRED_CODE" | "ALREADY_JOINED" if !self.is_host && !self.may_send => {
                if code == "ALREADY_JOINED" && self.is_held && !self.has("gives-in") {
                    self.again =
                        Some(Instant::now() + if self.has("insists") { Duration::ZERO } else { settings.delay(1) });
                    self.is_settled = true;
                } else {
                    return self.refused();
                }
            }
            "MAC_DISCONNECTED" if self.may_send => {
                (self.may_send, self.is_held, self.is_dead) = (self.has("sends-after-loss"), false, true);
                if self.has("joins-the-dead") {
                    self.again = Some(Instant::now() + self.base);
                }
            }
            _ => {}
        }
        Turn::Stay
    }

    fn refused(&mut self) -> Turn {
        self.is_dead = !self.has("comes-back-refused");
        // There is nothing left to wait for.
        self.is_settled = !self.has("impatient-when-refused");
        match &*self.flaw {
            "retries-refused" => self.again = Some(Instant::now() + self.base),
            "hangs-up-when-refused" => return Turn::HangUp,
            _ => {}
        }
        Turn::Stay
    }

    pub(crate) fn command(&mut self, command: &Value, settings: &ClientSettings, user: &mut User, is_open: bool) {
        match (command["do"].as_str(), command["payload"].as_str(), command["code"].as_str()) {
            (Some("send"), Some(_), _) if self.is_dead && !self.may_send => user.error("NOT_JOINED"),
            (Some("send"), Some(_), _) if settings.has("drops-data") && !self.may_send => {}
            (Some("send"), Some(payload), _) => {
                let times = if settings.has("sends-twice") { 2 } else { 1 };
                let payload = if settings.has("trims") { payload.trim() } else { payload };
                for _ in 0..times {
                    match &*self.flaw {
                        "reorders" => self.outbox.push_front(payload.to_owned()),
                        _ => self.outbox.push_back(payload.to_owned()),
                    }
                }
            }
            (Some("join"), _, Some(code)) if !self.is_host => {
                if settings.has("one-code-only") {
                    return;
                }
                code.clone_into(&mut self.code);
                (self.is_dead, self.is_held) = (false, false);
                if is_open {
                    self.messages.push_back(json!({ "type": "join", "code": code }));
                }
            }
            (name, _, _) if !settings.has("ignores-the-unknown") => {
                user.report(json!({ "event": "unsupported", "do": name }));
            }
            _ => {}
        }
    }

    /// Sends what may be sent.
    pub(crate) async fn flush(&mut self, wire: &mut Wire, settings: &ClientSettings) {
        while let Some(message) = self.messages.pop_front() {
            wire.send(TEXT, message.to_string().as_bytes()).await;
        }
        while (self.may_send || settings.has("sends-early"))
            && let Some(payload) = self.outbox.pop_front()
        {
            wire.send(TEXT, json!({ "type": "data", "payload": payload }).to_string().as_bytes()).await;
        }
    }
}
