//! The rpc client as a program: calls are read line by line, and answers written line by line.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::sync::Arc;

use relayspec::driver::{Command, CommandError, Event};
use relayspec::rpc::{Message, SessionStart};
use relayspec::timing::Parameter;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{AHEAD, RpcClientOptions, RpcCommand, run};
use crate::client::Ending;
use crate::client::rpc::CallResult;
use crate::net::client::User;
use crate::net::client::input::{self, Input, ReadMode};
use crate::net::client::output::OutputWriter;
use crate::net::client::render;

/// Runs an rpc client until it gives up or is stopped, by the driver or by `stop`. Without a driver each line of `input` is a message as
/// JSON, and its answer a line of `output`.
pub async fn rpc_client(
    options: RpcClientOptions,
    user: User,
    opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let (commands, receiver) = mpsc::channel(AHEAD);
    let (up, is_up) = watch::channel(false);
    let (busy, idle) = mpsc::channel(1);
    let frontend = RpcFrontend { user, output: Arc::new(OutputWriter::start(output)) };
    let patience = options.timing.value(Parameter::NotifyDeadline) / 4;
    let (reporter, lines) = (frontend.clone(), input::start(input, ReadMode::Lines));
    let running = run(options, opening, receiver, up, move |event| reporter.report(event), stop);
    let ending = tokio::select! {
        ending = running => ending,
        never = frontend.read(lines, commands, is_up, busy, idle) => match never {},
    };
    _ = timeout(patience, frontend.output.drained()).await;
    ending
}

#[derive(Clone)]
struct RpcFrontend {
    user: User,
    output: Arc<OutputWriter>,
}

type Busy = mpsc::Sender<()>;

impl RpcFrontend {
    /// Reads lines for ever. Calls hold `busy`, so that `idle` ends after the last of them.
    async fn read(
        &self,
        mut lines: mpsc::Receiver<Input>,
        commands: mpsc::Sender<RpcCommand>,
        mut is_up: watch::Receiver<bool>,
        busy: Busy,
        mut idle: mpsc::Receiver<()>,
    ) -> Infallible {
        while let Some(line) = lines.recv().await {
            if self.user != User::Driver {
                // A person can wait for the daemon.
                _ = is_up.wait_for(|is_up| *is_up).await;
            }
            // A user that does not read answers gets no more of them.
            while !self.output.has_room_for_answers() {
                self.output.written().await;
            }
            let command = match line {
                Input::Line(line) if line.trim().is_empty() => None,
                Input::Line(line) if self.user == User::Driver => self.command(&line),
                Input::Line(line) => self.message(&line, busy.clone()),
                Input::Unreadable(why) => self.refuse("INVALID_COMMAND", why),
                Input::Bytes(_) | Input::End => None,
            };
            if let Some(command) = command {
                _ = commands.send(command).await;
            }
        }
        drop(busy);
        // Without `ends_with_input` the end of input is ignored.
        if (self.user == User::Person { ends_with_input: true }) {
            _ = idle.recv().await;
            _ = commands.send(RpcCommand::Stop).await;
        }
        std::future::pending().await
    }

    fn command(&self, line: &str) -> Option<RpcCommand> {
        match Command::read(line) {
            Ok(Command::Stop {}) => Some(RpcCommand::Stop),
            Ok(Command::Call { id, message }) => self.call(id, message),
            Ok(other) => self.unsupported(other.name()),
            Err(CommandError::Unsupported(name)) => self.unsupported(&name),
            Err(CommandError::Malformed(error)) => self.refuse("INVALID_COMMAND", error.to_string()),
        }
    }

    fn call(&self, id: String, message: Value) -> Option<RpcCommand> {
        match serde_json::from_value::<Message>(message) {
            Ok(message) => {
                let frontend = self.clone();
                Some(RpcCommand::Call(Box::new(message), Box::new(move |outcome| frontend.report(result(id, outcome)))))
            }
            Err(error) => {
                let error = Some(format!("invalid message: {error}").into());
                self.report(Event::Result { id, ok: None, error });
                None
            }
        }
    }

    fn message(&self, line: &str, busy: Busy) -> Option<RpcCommand> {
        match serde_json::from_str::<Message>(line) {
            Ok(message) => {
                let frontend = self.clone();
                let reply = move |outcome: CallResult| {
                    match outcome {
                        Ok(answer) => frontend.write(serde_json::to_string(&answer).unwrap_or_default()),
                        Err(error) => render::notify(&error.to_string()),
                    }
                    drop(busy);
                };
                Some(RpcCommand::Call(Box::new(message), Box::new(reply)))
            }
            Err(error) => self.refuse("INVALID_MESSAGE", error.to_string()),
        }
    }

    fn unsupported(&self, name: &str) -> Option<RpcCommand> {
        self.report(Event::Unsupported { command: name.to_owned() }); // DRV-03
        None
    }

    fn refuse(&self, code: &str, message: impl Into<String>) -> Option<RpcCommand> {
        self.report(Event::Error { code: code.to_owned(), message: message.into() });
        None
    }

    fn report(&self, event: Event) {
        if self.user == User::Driver {
            return self.write(event.encode()); // DRV-02
        }
        match render::render(event) {
            render::Rendered::Output(bytes) => self.output.write(bytes),
            render::Rendered::Notice(notice) => render::notify(&notice),
        }
    }

    fn write(&self, line: String) {
        self.output.write((line + "\n").into_bytes());
    }
}

fn result(id: String, outcome: CallResult) -> Event {
    match outcome {
        Ok(answer) => Event::Result { id, ok: Some(serde_json::to_value(answer).unwrap_or_default()), error: None },
        Err(error) => Event::Result { id, ok: None, error: Some(error.to_string().into()) },
    }
}
