//! The user's side of a client: input, and what is reported.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use relayspec::driver::{Command, Event};
use serde_json::Value;
use tokio::sync::mpsc;

use super::input::{self, Input, ReadMode};
use super::output::OutputWriter;
use super::render;
use crate::client::SessionChange;
use crate::client::tunnel::{Fetch, Fetched};
use crate::net::bodies::BodyPermit;

/// An event from the user's side.
#[derive(Debug)]
pub(super) enum FrontendEvent {
    /// A line of the driver protocol.
    Line(String),
    /// A person typed this.
    Typed(Vec<u8>),
    /// A parsed command.
    Command(Command),
    Written {
        session_id: String,
        bytes: Vec<u8>,
    },
    /// Results of local requests.
    Fetched(Vec<CompletedFetch>),
    /// Input that cannot be read; with an explanation.
    Unreadable(&'static str),
    /// The end of the input.
    End,
}

/// A completed local request.
#[derive(Debug)]
pub(super) struct CompletedFetch {
    pub(super) key: u64,
    pub(super) fetched: Fetched,
    /// Counts the body until the core has it.
    #[expect(dead_code, reason = "it is held, and released when it is dropped")]
    pub(super) permit: BodyPermit,
}

/// Whether completed local requests are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FetchDelivery {
    Immediate,
    /// Not now: too much waits for the network.
    Deferred,
}

/// The user's side of a client.
pub(super) trait Frontend {
    /// The next event. Cancel-safe.
    fn next(&mut self) -> impl Future<Output = FrontendEvent> + Send;

    fn report(&mut self, event: Event);

    /// Shows output of a terminal session.
    fn show(&mut self, session_id: &str, bytes: Vec<u8>);

    /// Opens or closes a terminal session, if there are real ones.
    fn change(&mut self, _: SessionChange) {}

    /// Starts a local request, if there is a local server.
    fn fetch(&mut self, _: Fetch) {}

    fn forget_fetches(&mut self) {}

    fn set_delivery(&mut self, _: FetchDelivery) {}

    fn output(&self) -> &OutputWriter;

    /// Whether the user can be paused. A driver cannot: its next line may be `stop`.
    fn can_wait(&self) -> bool;
}

/// How standard input and output are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConsoleMode {
    /// By a driver.
    Driver,
    /// By a person who types lines.
    Lines,
    /// By a person whose terminal is in raw mode.
    Raw,
}

/// The frontend on standard input and output.
#[derive(Debug)]
pub(super) struct Console {
    mode: ConsoleMode,
    input: mpsc::Receiver<Input>,
    has_ended: bool,
    output: OutputWriter,
}

impl Console {
    pub(super) fn start(
        mode: ConsoleMode,
        input: impl std::io::Read + Send + 'static,
        output: impl std::io::Write + Send + 'static,
    ) -> Self {
        let read_mode = if mode == ConsoleMode::Raw { ReadMode::Bytes } else { ReadMode::Lines };
        Self { mode, input: input::start(input, read_mode), has_ended: false, output: OutputWriter::start(output) }
    }
}

impl Frontend for Console {
    async fn next(&mut self) -> FrontendEvent {
        if self.has_ended {
            return std::future::pending().await;
        }
        match self.input.recv().await {
            Some(Input::Line(line)) if self.mode == ConsoleMode::Driver => FrontendEvent::Line(line),
            Some(Input::Line(line)) => FrontendEvent::Typed(line.into_bytes()),
            Some(Input::Bytes(bytes)) => FrontendEvent::Typed(bytes),
            Some(Input::Unreadable(why)) => FrontendEvent::Unreadable(why),
            Some(Input::End) | None => {
                self.has_ended = true;
                FrontendEvent::End
            }
        }
    }

    fn report(&mut self, event: Event) {
        if self.mode == ConsoleMode::Driver {
            return self.output.write((event.encode() + "\n").into_bytes()); // DRV-02
        }
        match render::render(event) {
            render::Rendered::Output(bytes) => self.output.write(bytes),
            render::Rendered::Notice(notice) => render::notify(&notice),
        }
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        if self.mode != ConsoleMode::Driver {
            return self.output.write(bytes);
        }
        let base64 = Some(STANDARD.encode(&bytes));
        let payload = String::from_utf8(bytes).map_or(Value::Null, Value::String);
        let session_id = Some(session_id.to_owned());
        self.report(Event::Data { payload, session_id, base64, resource: None, resource_id: None });
    }

    fn output(&self) -> &OutputWriter {
        &self.output
    }

    fn can_wait(&self) -> bool {
        self.mode != ConsoleMode::Driver
    }
}
