//! The client's user: commands on standard input, events on standard output, and SIGTERM to stop.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// What the user wants.
pub(crate) enum UserInput {
    Stop,
    Command(Value),
}

pub(crate) struct User {
    flaw: String,
    commands: mpsc::UnboundedReceiver<Value>,
    sigterm: Option<Signal>,
    has_ended: bool,
}

impl User {
    pub(crate) fn new(flaw: &str) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if let Ok(command) = serde_json::from_str(&line)
                    && sender.send(command).is_err()
                {
                    break;
                }
            }
        });
        Self { flaw: flaw.to_owned(), commands, sigterm: signal(SignalKind::terminate()).ok(), has_ended: false }
    }

    /// The next input. Cancel-safe.
    pub(crate) async fn next(&mut self) -> UserInput {
        loop {
            let sigterm = async {
                match &mut self.sigterm {
                    Some(sigterm) => sigterm.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = sigterm => if self.flaw != "ignores-sigterm" {
                    return UserInput::Stop;
                },
                command = self.commands.recv(), if !self.has_ended => match command {
                    Some(command) if command["do"] == "stop" => if self.flaw != "ignores-stop" {
                        return UserInput::Stop;
                    },
                    Some(command) => return UserInput::Command(command),
                    None => self.has_ended = true,
                },
            }
        }
    }

    /// Reports an event to the user.
    pub(crate) fn report(&self, event: Value) {
        let line = match &*self.flaw {
            "never-flushes" => return,
            "half-a-line" => event.to_string().chars().take(12).collect(),
            "malformed-event" => format!("{}\n", json!({ "event": event["event"], "kode": 1 })),
            "logs-too" => format!("a log line\n{{\"level\":\"info\"}}\n\n{event}\n[1]\n"),
            _ => format!("{event}\n"),
        };
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }

    pub(crate) fn error(&self, code: &str) {
        self.report(json!({ "event": "error", "code": code, "message": "Refused." }));
    }
}

/// Flaws of the process itself, which exist from the start.
pub(crate) fn start_flaws(flaw: &str) {
    match flaw {
        "floods" => {
            std::thread::spawn(|| {
                let line = [b'x'; 8192];
                while std::io::stdout().lock().write_all(&line).is_ok() {}
            });
            std::thread::sleep(Duration::from_secs(3600));
        }
        "leaves-a-child" => {
            let child = std::process::Command::new("sleep").arg("300").spawn();
            if let (Ok(child), Ok(file)) = (child, std::env::var("FLAWED_PIDS")) {
                let _ = std::fs::write(file, child.id().to_string());
            }
        }
        _ => {}
    }
}
