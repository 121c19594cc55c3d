//! The agent of the tunnel: what it says to the cloud, and what it makes of what the cloud says (chapter `tunnel`).
//!
//! Which requests are made locally, and which answer may go where, is decided here. The requests themselves are made by the shell.

mod beat;
mod fetch;
mod origin;
mod probe;
mod request;
#[cfg(test)]
mod tests;
mod words;

pub use fetch::{Failure, Fetch, Fetched};
pub use origin::{LocalOrigin, NoOrigin};
pub use request::Local;

use std::collections::HashMap;
use std::fmt::Display;
use std::time::{Duration, Instant};

use relayspec::driver::{Command, Event};
use relayspec::timing::{Parameter, Timing};
use relayspec::tunnel::{
    Auth, AuthError, AuthSuccess, Body, Error, FromAgent, HttpRequest, HttpResponse, LEAST_MESSAGE, Ping, Pong, Stats,
    ToAgent,
};
use tracing::info;

use super::desk::{Desk, Role};
use crate::tunnel::{Encoding, Token};
use beat::{Beat, Due};
use words::{prose, short, written};

/// Requests that may be under way; more are answered with `Error` and code 503.
const MOST_UNDER_WAY: usize = 1000;

/// The time at which an agent's process began, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    /// By the monotonic clock.
    pub monotonic: Instant,
    /// Since the Unix epoch.
    pub unix: Duration,
}

/// An agent.
#[derive(Debug)]
pub struct Agent {
    token: Token,
    origin: LocalOrigin,
    /// What it opens with (TUN-33).
    first_encoding: Encoding,
    /// What the cloud used last.
    encoding: Encoding,
    interval: Duration,
    timeout: Duration,
    birth: Birth,
    /// From `AuthSuccess` to the loss of the connection.
    beat: Option<Beat>,
    last_key: u64,
    /// The ids of the requests under way on this connection, by key.
    under_way: HashMap<u64, String>,
    keys: HashMap<String, u64>,
    requests_processed: u64,
    bytes_transferred: u64,
}

impl Agent {
    /// An agent without connection. Of the timing it uses `heartbeat_interval` and `heartbeat_timeout`.
    #[must_use]
    pub fn new(token: Token, origin: LocalOrigin, encoding: Encoding, timing: &Timing, birth: Birth) -> Self {
        Self {
            token,
            origin,
            first_encoding: encoding,
            encoding,
            interval: timing.value(Parameter::HeartbeatInterval),
            timeout: timing.value(Parameter::HeartbeatTimeout),
            birth,
            beat: None,
            last_key: 0,
            under_way: HashMap::new(),
            keys: HashMap::new(),
            requests_processed: 0,
            bytes_transferred: 0,
        }
    }

    fn say(&self, message: impl Into<FromAgent>, desk: &mut Desk) {
        desk.answer(written(message, self.encoding));
    }

    /// A message that the cloud sent, or why it is none, with the id that can be read all the same.
    fn hear<E: Display>(&mut self, message: Result<ToAgent, E>, id: impl FnOnce() -> Option<String>, desk: &mut Desk) {
        match message {
            Ok(ToAgent::AuthSuccess(AuthSuccess { .. })) => self.welcomed(desk),
            Ok(ToAgent::AuthError(AuthError { error })) => refused(error.as_str(), desk),
            _ if self.beat.is_none() => {} // TUN-01
            Ok(ToAgent::HttpRequest(request)) => self.take(request, desk),
            Ok(ToAgent::Ping(Ping { timestamp })) => self.say(Pong { timestamp }, desk), // TUN-30
            Ok(ToAgent::Pong(Pong { timestamp })) => {
                if let Some(beat) = &mut self.beat {
                    beat.pong(&timestamp);
                }
            }
            Ok(ToAgent::Error(Error { request_id, error, code })) => {
                info!(?request_id, error = ?short(error.as_str()), code, "the cloud tells of an error");
            }
            Err(why) => {
                let why = short(&why.to_string());
                info!(?why, "the cloud sent what is no message");
                self.refuse(id(), 400, &why, desk); // TUN-17
            }
        }
    }

    fn welcomed(&mut self, desk: &mut Desk) {
        if self.beat.is_none() {
            self.beat = Some(Beat::new(desk.now(), self.interval, self.timeout));
            desk.report(Event::Joined {});
            desk.succeed();
        }
    }

    /// Has a request made, unless it must not be.
    fn take(&mut self, request: HttpRequest, desk: &mut Desk) {
        let id = request.id.clone();
        if self.keys.contains_key(&id) {
            return self.refuse(Some(id), 409, "A request with this id is under way.", desk); // TUN-18
        }
        if self.under_way.len() >= MOST_UNDER_WAY {
            return self.refuse(Some(id), 503, "Too many requests are under way.", desk);
        }
        match Local::read(request, &self.origin) {
            Ok(request) => {
                self.bytes_transferred += request.body.len() as u64;
                self.last_key += 1;
                let key = self.last_key;
                self.under_way.insert(key, id.clone());
                self.keys.insert(id, key);
                desk.fetch(Fetch { key, request });
            }
            Err(why) => self.refuse(Some(id), 400, &why, desk), // TUN-16
        }
    }

    fn refuse(&mut self, request_id: Option<String>, code: u16, why: &str, desk: &mut Desk) {
        self.requests_processed += u64::from(request_id.is_some());
        self.say(Error { request_id, error: prose(why), code: Some(code) }, desk);
    }

    /// Answers a request that is under way.
    fn answer(&mut self, id: String, fetched: Fetched, desk: &mut Desk) {
        let (status, status_text, headers, body) = match fetched {
            Fetched::Answer { status, reason, headers, body } => (status, reason, headers, body),
            Fetched::Nothing(failure) => {
                return self.refuse(Some(id), failure.code(), &failure.to_string(), desk); // TUN-14
            }
        };
        let length = body.len() as u64;
        let response = HttpResponse { id: id.clone(), status, status_text, headers, body: Body(body) };
        let message = written(response, self.encoding);
        if message.len() > LEAST_MESSAGE {
            let failure = Failure::TooLarge;
            return self.refuse(Some(id), failure.code(), &failure.to_string(), desk);
        }
        self.requests_processed += 1;
        self.bytes_transferred += length;
        desk.answer(message);
    }

    fn stats(&self, now: Instant) -> Stats {
        Stats {
            requests_processed: self.requests_processed,
            bytes_transferred: self.bytes_transferred,
            uptime_seconds: now.duration_since(self.birth.monotonic).as_secs_f64(),
        }
    }
}

/// The cloud knows the token not (TUN-04).
fn refused(why: &str, desk: &mut Desk) {
    desk.report(Event::Error { code: "AuthError".to_owned(), message: why.to_owned() });
    desk.give_up();
}

impl Role for Agent {
    fn greet(&mut self, desk: &mut Desk) {
        self.encoding = self.first_encoding;
        self.say(Auth { token: self.token.reveal().to_owned() }, desk); // TUN-01
    }

    fn text(&mut self, text: &str, desk: &mut Desk) {
        self.encoding = Encoding::Json;
        self.hear(ToAgent::decode(text), || probe::id_in_text(text), desk);
    }

    fn binary(&mut self, bytes: &[u8], desk: &mut Desk) {
        self.encoding = Encoding::MessagePack;
        self.hear(ToAgent::unpack(bytes), || probe::id_in_binary(bytes), desk);
    }

    fn command(&mut self, command: Command, desk: &mut Desk) {
        desk.unsupported(&command);
    }

    fn typed(&mut self, _: &[u8], _: &mut Desk) {}

    fn has_heartbeat(&self) -> bool {
        true
    }

    fn wake_at(&self) -> Option<Instant> {
        self.beat.as_ref().map(Beat::wake_at)
    }

    fn tick(&mut self, desk: &mut Desk) {
        let Some(beat) = &mut self.beat else { return };
        let now = desk.now();
        let unix = self.birth.unix + now.duration_since(self.birth.monotonic);
        match beat.tick(now, u64::try_from(unix.as_millis()).unwrap_or_default()) {
            Due::Nothing => {}
            Due::Ping(timestamp) => {
                desk.urge(written(Ping { timestamp: timestamp.into() }, self.encoding)); // TUN-31
                self.say(self.stats(now), desk); // TUN-32
            }
            Due::Loss => desk.abandon(),
        }
    }

    fn sent(&mut self, desk: &mut Desk) {
        if let Some(beat) = &mut self.beat {
            beat.sent(desk.now());
        }
    }

    fn fetched(&mut self, key: u64, fetched: Fetched, desk: &mut Desk) {
        // One of a connection that was lost is not known any more (TUN-40).
        if let Some(id) = self.under_way.remove(&key) {
            self.keys.remove(&id);
            self.answer(id, fetched, desk);
        }
    }

    fn comes_back(&mut self, _: Option<u16>, desk: &mut Desk) -> bool {
        self.beat = None;
        self.under_way.clear();
        self.keys.clear();
        desk.forget_fetches();
        true
    }
}
