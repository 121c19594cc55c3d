//! A client of the pairing family with selectable flaws, each of which the runner has to detect.
//!
//! The scenario's name selects the flaw: `pairing/deaf--wire-ping` runs with the flaw `deaf`. With a name without `--` the client conforms,
//! with or without the driver protocol.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a client takes its own times")]

mod role;
mod user;
mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use role::{Role, Turn};
use user::{User, UserInput};
use wire::{Incoming, Wire};

/// What the client is started with.
pub(crate) struct ClientSettings {
    flaw: String,
    address: String,
    path: String,
    params: Value,
}

fn settings() -> ClientSettings {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let scenario = variable("CONFORMANCE_SCENARIO");
    let name = scenario.split('/').nth(1).unwrap_or_default();
    let flaw = name.split_once("--").map_or("none", |(flaw, _)| flaw).to_owned();
    let url = variable("CONFORMANCE_URL");
    let (address, path) = url.trim_start_matches("ws://").split_once('/').unwrap_or((&url, ""));
    let path = if flaw == "wrong-path" { "/elsewhere".to_owned() } else { format!("/{path}") };
    let params = serde_json::from_str(&variable("CONFORMANCE_PARAMS")).unwrap_or_default();
    ClientSettings { flaw, address: address.to_owned(), path, params }
}

impl ClientSettings {
    pub(crate) fn has(&self, flaw: &str) -> bool {
        self.flaw == flaw
    }

    fn policy(&self, name: &str, usual: f64) -> f64 {
        self.params["reconnect"][name].as_f64().unwrap_or(usual)
    }

    /// The delay before an attempt.
    fn delay(&self, nth: u32) -> Duration {
        let (base, cap) = (self.policy("base", 1.0), self.policy("cap", 32.0));
        let factor = if self.has("factor-1.5") { 1.5 } else { self.policy("factor", 2.0) };
        let nth = if self.has("constant-delay") { 0 } else { nth };
        let grown = base * factor.powi(nth as i32);
        let nominal = if self.has("no-cap") { grown } else { grown.min(cap) };
        let swing = match &*self.flaw {
            "no-jitter" => 0.0,
            "seeded-alike" => fastrand::Rng::with_seed(7).f64() * 2.0 - 1.0,
            _ => fastrand::f64() * 2.0 - 1.0,
        };
        let jittered = nominal * (1.0 + self.policy("jitter", 0.0) * swing);
        Duration::from_secs_f64(match &*self.flaw {
            "no-backoff" => 0.0,
            "first-too-early" if nth == 0 => jittered * 0.3,
            "sluggish" => jittered + base * 5.0,
            _ => jittered,
        })
    }

    fn connect_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.params["connect_timeout"].as_f64().unwrap_or(10.0))
    }
}

/// How an attempt ended.
enum AttemptEnd {
    /// It failed, or its connection was lost.
    Lost,
    /// The client has to stop.
    Stopped,
    /// The client does not reconnect by itself.
    Away,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let settings = settings();
    match &*settings.flaw {
        "exits-at-once" => return 7.into(),
        "does-nothing" => sleep(Duration::from_secs(3600)).await,
        _ => {}
    }
    user::start_flaws(&settings.flaw);
    let role = std::env::args().nth(1).unwrap_or_default();
    let mut client =
        FlawedClient { user: User::new(&settings.flaw), role: Role::new(&role, &settings), settings, lost: false };
    client.live().await.into()
}

/// Closes a connection with a code.
async fn close(wire: Wire, code: u16, end: AttemptEnd) -> AttemptEnd {
    wire.close(&code.to_be_bytes()).await;
    end
}

struct FlawedClient {
    settings: ClientSettings,
    user: User,
    role: Role,
    /// Whether anything was lost or failed since the last success.
    lost: bool,
}

impl FlawedClient {
    /// Connects again and again; returns the exit status.
    async fn live(&mut self) -> u8 {
        let (mut nth, mut failures) = (0, 0_u64);
        loop {
            let mut success = false;
            let end = self.attempt(&mut success).await;
            if let AttemptEnd::Stopped = end {
                return self.stopped();
            }
            if success {
                failures = if self.settings.has("count-never-reset") { failures } else { 0 };
                nth = if self.settings.has("never-resets") { nth } else { 0 };
            }
            if !success || self.settings.has("counts-losses") {
                failures += 1;
            }
            let allowed = match (self.settings.params["reconnect"]["max_attempts"].as_u64(), &*self.settings.flaw) {
                (_, "never-gives-up") | (None, _) => u64::MAX,
                (Some(allowed), "gives-up-late") => allowed + 1,
                (Some(allowed), "gives-up-early") => allowed - 1,
                (Some(allowed), _) => allowed,
            };
            self.lost = true;
            if failures >= allowed {
                if !self.settings.has("gives-up-silently") {
                    self.user.report(json!({ "event": "gave_up" }));
                }
                return u8::from(!self.settings.has("gives-up-with-0"));
            }
            if let AttemptEnd::Away = end {
                if !self.settings.has("silently-away") {
                    self.user.report(json!({ "event": "gave_up" }));
                }
                nth = 0;
                if !self.rest().await {
                    return self.stopped();
                }
                continue;
            }
            let due = Instant::now() + self.settings.delay(nth);
            nth += 1;
            if !self.wait(due).await {
                if self.settings.has("attempt-after-stop") {
                    let _ = tokio::net::TcpStream::connect(&self.settings.address).await;
                }
                return self.stopped();
            }
        }
    }

    fn stopped(&self) -> u8 {
        u8::from(self.settings.has("stops-with-1"))
    }

    /// Waits until an attempt is due; false if the client has to stop.
    async fn wait(&mut self, due: Instant) -> bool {
        loop {
            tokio::select! {
                () = sleep_until(due) => return true,
                input = self.user.next() => match input {
                    UserInput::Stop => return false,
                    UserInput::Command(command) => self.command(&command, None).await,
                },
            }
        }
    }

    /// Waits for another code; false if the client has to stop.
    async fn rest(&mut self) -> bool {
        loop {
            match self.user.next().await {
                UserInput::Stop => return false,
                UserInput::Command(command) => {
                    self.command(&command, None).await;
                    if self.role.comes_back() {
                        return true;
                    }
                }
            }
        }
    }

    async fn attempt(&mut self, success: &mut bool) -> AttemptEnd {
        let patience = match &*self.settings.flaw {
            "hangs" => Duration::from_secs(3600),
            "patient" => self.settings.connect_timeout().mul_f64(1.18),
            _ => self.settings.connect_timeout(),
        };
        if self.settings.has("forgets-when-lost") {
            self.role.forget();
        }
        let deadline = Instant::now() + patience;
        let flaw = self.settings.flaw.clone();
        let beside = match &*flaw {
            "parallel" => 1,
            "ten-at-once" => 9,
            _ => 0,
        };
        for _ in 0..beside {
            let (address, path) = (self.settings.address.clone(), self.settings.path.clone());
            tokio::spawn(async move {
                if let Some(mut wire) = wire::connect(&address, &path, "").await {
                    wire.drain().await;
                }
            });
        }
        let (address, path) = (self.settings.address.clone(), self.settings.path.clone());
        let connecting = timeout_at(deadline, wire::connect(&address, &path, &flaw));
        tokio::pin!(connecting);
        let wire = loop {
            tokio::select! {
                wire = &mut connecting => break wire,
                input = self.user.next() => match input {
                    UserInput::Stop => return AttemptEnd::Stopped,
                    UserInput::Command(command) => self.command(&command, None).await,
                },
            }
        };
        let Ok(Some(wire)) = wire else { return AttemptEnd::Lost };
        if !self.settings.has("reports-late") {
            self.user.report(json!({ "event": "connected" }));
        }
        let end = self.serve(wire, deadline, success).await;
        if !matches!(end, AttemptEnd::Stopped) && !self.settings.has("silent-loss") {
            self.user.report(json!({ "event": "disconnected" }));
        }
        match end {
            AttemptEnd::Lost if !self.role.lost() => AttemptEnd::Away,
            other => other,
        }
    }

    async fn serve(&mut self, mut wire: Wire, deadline: Instant, success: &mut bool) -> AttemptEnd {
        *success = self.settings.has("resets-on-connection");
        self.role.greet(&mut wire).await;
        let deadline = if self.settings.has("hangs-without-success") { None } else { Some(deadline) };
        loop {
            let overdue = deadline.filter(|_| !self.role.is_settled);
            let (overdue_at, again) = (overdue.unwrap_or_else(Instant::now), self.role.again);
            tokio::select! {
                received = wire.next() => match received {
                    Incoming::Text(text) => match self.text(&text, &mut wire, success).await {
                        Turn::Stay => {}
                        Turn::HangUp => return close(wire, 1000, AttemptEnd::Lost).await,
                    },
                    Incoming::Binary if self.settings.has("closes-on-binary") => return close(wire, 1003, AttemptEnd::Lost).await,
                    Incoming::Binary | Incoming::Pong => {}
                    Incoming::Ping(payload) => self.ping(payload, &mut wire).await,
                    Incoming::Close(payload) => {
                        match &*self.settings.flaw {
                            "impolite" => {}
                            "lingers" => {
                                wire.send(wire::CLOSE, &payload).await;
                                wire.drain().await;
                            }
                            _ => wire.close(&payload).await,
                        }
                        return AttemptEnd::Lost;
                    }
                    Incoming::Violation(_) if self.settings.has("violation-1000") => return close(wire, 1000, AttemptEnd::Lost).await,
                    Incoming::Violation(_) if self.settings.has("violation-drops") => return AttemptEnd::Lost,
                    Incoming::Violation(code) => {
                        wire.close(&code.to_be_bytes()).await;
                        return if self.settings.has("violation-stays-away") { AttemptEnd::Away } else { AttemptEnd::Lost };
                    }
                    Incoming::End if self.settings.has("lost-without-close") => return AttemptEnd::Away,
                    Incoming::End => return AttemptEnd::Lost,
                },
                input = self.user.next() => match input {
                    UserInput::Stop if self.settings.has("stops-without-close") => return AttemptEnd::Stopped,
                    UserInput::Stop if self.settings.has("stops-slowly") => {
                        sleep(Duration::from_secs(2)).await;
                        wire.close(&1000_u16.to_be_bytes()).await;
                        return AttemptEnd::Stopped;
                    }
                    UserInput::Stop => return close(wire, 1000, AttemptEnd::Stopped).await,
                    UserInput::Command(command) => self.command(&command, Some(&mut wire)).await,
                },
                () = sleep_until(overdue_at), if overdue.is_some() => return close(wire, 1000, AttemptEnd::Lost).await,
                () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => self.role.greet(&mut wire).await,
            }
        }
    }

    async fn text(&mut self, text: &str, wire: &mut Wire, success: &mut bool) -> Turn {
        let had = self.role.may_send;
        let turn = self.role.text(text, &self.settings, &mut self.user);
        if self.role.may_send && !had {
            *success = true;
            if self.settings.has("reports-late") {
                self.user.report(json!({ "event": "connected" }));
            }
            let lost = std::mem::take(&mut self.lost) && !self.settings.has("never-reconnected");
            if lost || self.settings.has("reconnected-at-first") {
                self.user.report(json!({ "event": "reconnected" }));
            }
        }
        self.role.flush(wire, &self.settings).await;
        turn
    }

    async fn ping(&mut self, payload: Vec<u8>, wire: &mut Wire) {
        match &*self.settings.flaw {
            "deaf" => {}
            "parrot" => wire.send(wire::PONG, b"something else").await,
            "slow-pong" => {
                sleep(Duration::from_millis(60)).await;
                wire.send(wire::PONG, &payload).await;
            }
            _ => wire.send(wire::PONG, &payload).await,
        }
    }

    async fn command(&mut self, command: &Value, wire: Option<&mut Wire>) {
        self.role.command(command, &self.settings, &mut self.user, wire.is_some());
        if let Some(wire) = wire {
            self.role.flush(wire, &self.settings).await;
        }
    }
}
