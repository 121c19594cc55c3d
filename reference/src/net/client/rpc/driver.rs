//! The rpc client as a program: calls come in lines, and so do their answers.

use std::io::{Read, Write};
use std::sync::Arc;

use relayspec::driver::{Command, CommandError, Event};
use relayspec::rpc::{Message, SessionStart};
use relayspec::timing::Parameter;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{AHEAD, Ask, Options, run};
use crate::client::Ending;
use crate::client::rpc::Outcome;
use crate::net::client::User;
use crate::net::client::input::{self, Input, Manner};
use crate::net::client::output::Output;
use crate::net::client::person;

/// Runs a client of the rpc family until it has given up or is told to stop: by the driver, or by `stop`. Without a driver each line of
/// `input` is a message in its JSON form, and its answer a line of `output`.
pub async fn rpc_client(
    options: Options,
    user: User,
    opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let (asks, receiver) = mpsc::channel(AHEAD);
    let (up, is_up) = watch::channel(false);
    let (busy, idle) = mpsc::channel(1);
    let front = Front { user, output: Arc::new(Output::start(output)) };
    let patience = options.timing.value(Parameter::NotifyDeadline) / 4;
    let (told, lines) = (front.clone(), input::start(input, Manner::Lines));
    let running = run(options, opening, receiver, up, move |event| told.tell(event), stop);
    let ending = tokio::select! {
        ending = running => ending,
        never = front.read(lines, asks, is_up, busy, idle) => match never {},
    };
    _ = timeout(patience, front.output.drained()).await;
    ending
}

#[derive(Clone)]
struct Front {
    user: User,
    output: Arc<Output>,
}

/// Held by what is not answered yet.
type Busy = mpsc::Sender<()>;

enum Never {}

impl Front {
    /// Reads lines. Calls hold `busy`, so that `idle` ends with the last of them.
    async fn read(
        &self,
        mut lines: mpsc::Receiver<Input>,
        asks: mpsc::Sender<Ask>,
        mut is_up: watch::Receiver<bool>,
        busy: Busy,
        mut idle: mpsc::Receiver<()>,
    ) -> Never {
        while let Some(line) = lines.recv().await {
            if self.user != User::Driver {
                // A person can wait for the daemon.
                _ = is_up.wait_for(|is_up| *is_up).await;
            }
            // Whoever does not read answers gets no more of them.
            while !self.output.has_room_for_answers() {
                self.output.written().await;
            }
            let ask = match line {
                Input::Line(line) if line.trim().is_empty() => None,
                Input::Line(line) if self.user == User::Driver => self.command(&line),
                Input::Line(line) => self.message(&line, busy.clone()),
                Input::Unreadable(why) => self.refuse("INVALID_COMMAND", why),
                Input::Bytes(_) | Input::End => None,
            };
            if let Some(ask) = ask {
                _ = asks.send(ask).await;
            }
        }
        drop(busy);
        // The end of the input is not that of the client, unless it was said to be.
        if (self.user == User::Person { ends_with_input: true }) {
            _ = idle.recv().await;
            _ = asks.send(Ask::Stop).await;
        }
        std::future::pending().await
    }

    fn command(&self, line: &str) -> Option<Ask> {
        match Command::read(line) {
            Ok(Command::Stop {}) => Some(Ask::Stop),
            Ok(Command::Call { id, message }) => self.call(id, message),
            Ok(other) => self.unsupported(other.name()),
            Err(CommandError::Unsupported(name)) => self.unsupported(&name),
            Err(CommandError::Malformed(error)) => self.refuse("INVALID_COMMAND", error.to_string()),
        }
    }

    fn call(&self, id: String, message: Value) -> Option<Ask> {
        match serde_json::from_value::<Message>(message) {
            Ok(message) => {
                let front = self.clone();
                Some(Ask::Call(Box::new(message), Box::new(move |outcome| front.tell(result(id, outcome)))))
            }
            Err(error) => {
                let error = Some(format!("the message is none: {error}").into());
                self.tell(Event::Result { id, ok: None, error });
                None
            }
        }
    }

    fn message(&self, line: &str, busy: Busy) -> Option<Ask> {
        match serde_json::from_str::<Message>(line) {
            Ok(message) => {
                let front = self.clone();
                let reply = move |outcome: Outcome| {
                    match outcome {
                        Ok(answer) => front.write(serde_json::to_string(&answer).unwrap_or_default()),
                        Err(error) => person::notify(&error.to_string()),
                    }
                    drop(busy);
                };
                Some(Ask::Call(Box::new(message), Box::new(reply)))
            }
            Err(error) => self.refuse("INVALID_MESSAGE", error.to_string()),
        }
    }

    fn unsupported(&self, name: &str) -> Option<Ask> {
        self.tell(Event::Unsupported { command: name.to_owned() }); // DRV-03
        None
    }

    fn refuse(&self, code: &str, message: impl Into<String>) -> Option<Ask> {
        self.tell(Event::Error { code: code.to_owned(), message: message.into() });
        None
    }

    fn tell(&self, event: Event) {
        if self.user == User::Driver {
            return self.write(event.encode()); // DRV-02
        }
        match person::told(event) {
            person::Told::Output(bytes) => self.output.write(bytes),
            person::Told::Notice(notice) => person::notify(&notice),
        }
    }

    fn write(&self, line: String) {
        self.output.write((line + "\n").into_bytes());
    }
}

fn result(id: String, outcome: Outcome) -> Event {
    match outcome {
        Ok(answer) => Event::Result { id, ok: Some(serde_json::to_value(answer).unwrap_or_default()), error: None },
        Err(error) => Event::Result { id, ok: None, error: Some(error.to_string().into()) },
    }
}
