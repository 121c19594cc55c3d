//! The tunnel's agent (chapter `tunnel`).
//!
//! Decides which requests are made locally and which answers are sent; the shell makes the requests.

mod encode;
mod heartbeat;
mod origin;
mod probe;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use super::fetch::{Fetch, FetchFailure, Fetched, LocalRequest};
pub use origin::{InvalidOrigin, LocalOrigin};

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

use super::action::ClientAction;
use super::context::{ClientContext, ClientRole, Transition};
use crate::tunnel::{Encoding, Token};
use encode::{encode, prose, short};
use heartbeat::{AgentHeartbeat, HeartbeatDue};

/// The most requests in flight; further ones get `Error` with code 503.
const MOST_UNDER_WAY: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessStart {
    pub monotonic: Instant,
    /// Since the Unix epoch.
    pub unix: Duration,
}

#[derive(Debug)]
pub(crate) struct TunnelAgent {
    token: Token,
    origin: LocalOrigin,
    /// The encoding of its first message (TUN-33).
    first_encoding: Encoding,
    /// The encoding that the cloud used last.
    encoding: Encoding,
    interval: Duration,
    timeout: Duration,
    started: ProcessStart,
    /// Exists from `AuthSuccess` to the loss of the connection.
    heartbeat: Option<AgentHeartbeat>,
    last_key: u64,
    /// The ids of the requests in flight on this connection, by key.
    under_way: HashMap<u64, String>,
    keys: HashMap<String, u64>,
    requests_processed: u64,
    bytes_transferred: u64,
}

impl TunnelAgent {
    pub(crate) fn new(
        token: Token,
        origin: LocalOrigin,
        encoding: Encoding,
        timing: &Timing,
        started: ProcessStart,
    ) -> Self {
        Self {
            token,
            origin,
            first_encoding: encoding,
            encoding,
            interval: timing.value(Parameter::HeartbeatInterval),
            timeout: timing.value(Parameter::HeartbeatTimeout),
            started,
            heartbeat: None,
            last_key: 0,
            under_way: HashMap::new(),
            keys: HashMap::new(),
            requests_processed: 0,
            bytes_transferred: 0,
        }
    }

    fn send(&self, message: impl Into<FromAgent>, ctx: &mut ClientContext) {
        ctx.answer(encode(message, self.encoding));
    }

    /// Handles a message of the cloud. If it is invalid, `id` is its id as far as that can be read.
    fn receive<E: Display>(
        &mut self,
        message: Result<ToAgent, E>,
        id: impl FnOnce() -> Option<String>,
        ctx: &mut ClientContext,
    ) {
        match message {
            Ok(ToAgent::AuthSuccess(AuthSuccess { .. })) => self.welcomed(ctx),
            Ok(ToAgent::AuthError(AuthError { error })) => refused(error.as_str(), ctx),
            _ if self.heartbeat.is_none() => {} // TUN-01
            Ok(ToAgent::HttpRequest(request)) => self.take(request, ctx),
            Ok(ToAgent::Ping(Ping { timestamp })) => self.send(Pong { timestamp }, ctx), // TUN-30
            Ok(ToAgent::Pong(Pong { timestamp })) => {
                if let Some(heartbeat) = &mut self.heartbeat {
                    heartbeat.pong(&timestamp);
                }
            }
            Ok(ToAgent::Error(Error { request_id, error, code })) => {
                info!(?request_id, error = ?short(error.as_str()), code, "the cloud reports an error");
            }
            Err(why) => {
                let why = short(&why.to_string());
                info!(?why, "the cloud sent an invalid message");
                self.refuse(id(), 400, &why, ctx); // TUN-17
            }
        }
    }

    fn welcomed(&mut self, ctx: &mut ClientContext) {
        if self.heartbeat.is_none() {
            self.heartbeat = Some(AgentHeartbeat::new(ctx.now, self.interval, self.timeout));
            ctx.report(Event::Joined {});
            ctx.transit(Transition::Succeed);
        }
    }

    /// Starts a request, unless it must be refused.
    fn take(&mut self, request: HttpRequest, ctx: &mut ClientContext) {
        let id = request.id.clone();
        if self.keys.contains_key(&id) {
            return self.refuse(Some(id), 409, "A request with this id is in flight.", ctx); // TUN-18
        }
        if self.under_way.len() >= MOST_UNDER_WAY {
            return self.refuse(Some(id), 503, "Too many requests are in flight.", ctx);
        }
        match LocalRequest::read(request, &self.origin) {
            Ok(request) => {
                self.bytes_transferred += request.body.len() as u64;
                self.last_key += 1;
                let key = self.last_key;
                self.under_way.insert(key, id.clone());
                self.keys.insert(id, key);
                ctx.act(ClientAction::Fetch(Box::new(Fetch { key, request })));
            }
            Err(why) => self.refuse(Some(id), 400, &why, ctx), // TUN-16
        }
    }

    fn refuse(&mut self, request_id: Option<String>, code: u16, why: &str, ctx: &mut ClientContext) {
        self.requests_processed += u64::from(request_id.is_some());
        self.send(Error { request_id, error: prose(why), code: Some(code) }, ctx);
    }

    fn answer(&mut self, id: String, fetched: Fetched, ctx: &mut ClientContext) {
        let (status, status_text, headers, body) = match fetched {
            Fetched::Answer { status, reason, headers, body } => (status, reason, headers, body),
            Fetched::Nothing(failure) => {
                return self.refuse(Some(id), failure.code(), &failure.to_string(), ctx); // TUN-14
            }
        };
        let length = body.len() as u64;
        let response = HttpResponse { id: id.clone(), status, status_text, headers, body: Body(body) };
        let message = encode(response, self.encoding);
        if message.len() > LEAST_MESSAGE {
            let failure = FetchFailure::TooLarge;
            return self.refuse(Some(id), failure.code(), &failure.to_string(), ctx);
        }
        self.requests_processed += 1;
        self.bytes_transferred += length;
        ctx.answer(message);
    }

    fn stats(&self, now: Instant) -> Stats {
        Stats {
            requests_processed: self.requests_processed,
            bytes_transferred: self.bytes_transferred,
            uptime_seconds: now.duration_since(self.started.monotonic).as_secs_f64(),
        }
    }
}

/// The cloud refuses the token (TUN-04).
fn refused(why: &str, ctx: &mut ClientContext) {
    ctx.report(Event::Error { code: "AuthError".to_owned(), message: why.to_owned() });
    ctx.transit(Transition::GiveUp);
}

impl ClientRole for TunnelAgent {
    fn greet(&mut self, ctx: &mut ClientContext) {
        self.encoding = self.first_encoding;
        self.send(Auth { token: self.token.reveal().to_owned() }, ctx); // TUN-01
    }

    fn text(&mut self, text: &str, ctx: &mut ClientContext) {
        self.encoding = Encoding::Json;
        self.receive(ToAgent::decode(text), || probe::id_in_text(text), ctx);
    }

    fn binary(&mut self, bytes: &[u8], ctx: &mut ClientContext) {
        self.encoding = Encoding::MessagePack;
        self.receive(ToAgent::unpack(bytes), || probe::id_in_binary(bytes), ctx);
    }

    fn command(&mut self, command: Command, ctx: &mut ClientContext) {
        ctx.unsupported(&command);
    }

    fn typed(&mut self, _: &[u8], _: &mut ClientContext) {}

    fn has_heartbeat(&self) -> bool {
        true
    }

    fn wake_at(&self) -> Option<Instant> {
        self.heartbeat.as_ref().map(AgentHeartbeat::wake_at)
    }

    fn tick(&mut self, ctx: &mut ClientContext) {
        let Some(heartbeat) = &mut self.heartbeat else { return };
        let now = ctx.now;
        let unix = self.started.unix + now.duration_since(self.started.monotonic);
        match heartbeat.tick(now, u64::try_from(unix.as_millis()).unwrap_or_default()) {
            HeartbeatDue::Nothing => {}
            HeartbeatDue::Ping(timestamp) => {
                ctx.send_first(encode(Ping { timestamp: timestamp.into() }, self.encoding)); // TUN-31
                self.send(self.stats(now), ctx); // TUN-32
            }
            HeartbeatDue::Loss => ctx.transit(Transition::Abandon),
        }
    }

    fn sent(&mut self, ctx: &mut ClientContext) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.sent(ctx.now);
        }
    }

    fn fetched(&mut self, key: u64, fetched: Fetched, ctx: &mut ClientContext) {
        // Requests of a lost connection are forgotten (TUN-40).
        if let Some(id) = self.under_way.remove(&key) {
            self.keys.remove(&id);
            self.answer(id, fetched, ctx);
        }
    }

    fn comes_back(&mut self, _: Option<u16>, ctx: &mut ClientContext) -> bool {
        self.heartbeat = None;
        self.under_way.clear();
        self.keys.clear();
        ctx.act(ClientAction::ForgetFetches);
        true
    }
}
