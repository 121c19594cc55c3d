//! The user's side of a client: what they say, and how they are told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use relayspec::driver::{Command, Event};
use serde_json::Value;
use tokio::sync::mpsc;

use super::input::{self, Input, Manner};
use super::output::Output;
use super::person;
use crate::client::Change;
use crate::client::tunnel::{Fetch, Fetched};
use crate::net::bodies::Room;

/// What a user says.
#[derive(Debug)]
pub(super) enum Said {
    /// A line of the driver protocol.
    Line(String),
    /// What a person typed.
    Typed(Vec<u8>),
    /// Something that needs no reading.
    Command(Command),
    /// What a program has written into a terminal session.
    Written {
        /// The session's id.
        session_id: String,
        /// As it is.
        bytes: Vec<u8>,
    },
    /// What came of local requests.
    Fetched(Vec<Done>),
    /// Something that cannot be read, and why.
    Unreadable(&'static str),
    /// Nothing more will be said.
    End,
}

/// A local request that is done.
#[derive(Debug)]
pub(super) struct Done {
    /// That of the request.
    pub(super) key: u64,
    /// What came of it.
    pub(super) fetched: Fetched,
    /// What its body takes, until it was told.
    #[expect(dead_code, reason = "it is kept, and given back when it is dropped")]
    pub(super) room: Room,
}

/// How fast local requests that are done are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once.
    Free,
    /// Not now: too much waits for the network.
    Held,
}

/// A user.
pub(super) trait Front {
    /// The next thing that is said. Safe to be dropped and called again.
    fn next(&mut self) -> impl Future<Output = Said> + Send;

    /// Tells the user.
    fn tell(&mut self, event: Event);

    /// Hands over bytes of a terminal session.
    fn show(&mut self, session_id: &str, bytes: Vec<u8>);

    /// Opens or closes a terminal session, where there are real ones.
    fn change(&mut self, _: Change) {}

    /// Makes a local request, where there is somebody to make it to.
    fn fetch(&mut self, _: Fetch) {}

    /// Gives up all local requests that are under way.
    fn forget_fetches(&mut self) {}

    /// Whether local requests that are done are told at once.
    fn set_pace(&mut self, _: Pace) {}

    /// Where all is written.
    fn output(&self) -> &Output;

    /// Whether somebody who says more than the network takes can wait. A driver cannot, who may be about to say `stop`.
    fn can_wait(&self) -> bool;
}

/// Who sits at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A driver.
    Driver,
    /// A person who types lines.
    Person,
    /// A person whose terminal is in raw mode.
    Raw,
}

/// Standard input and output.
#[derive(Debug)]
pub(super) struct Console {
    kind: Kind,
    input: mpsc::Receiver<Input>,
    has_ended: bool,
    output: Output,
}

impl Console {
    pub(super) fn start(
        kind: Kind,
        input: impl std::io::Read + Send + 'static,
        output: impl std::io::Write + Send + 'static,
    ) -> Self {
        let manner = if kind == Kind::Raw { Manner::Bytes } else { Manner::Lines };
        Self { kind, input: input::start(input, manner), has_ended: false, output: Output::start(output) }
    }
}

impl Front for Console {
    async fn next(&mut self) -> Said {
        if self.has_ended {
            return std::future::pending().await;
        }
        match self.input.recv().await {
            Some(Input::Line(line)) if self.kind == Kind::Driver => Said::Line(line),
            Some(Input::Line(line)) => Said::Typed(line.into_bytes()),
            Some(Input::Bytes(bytes)) => Said::Typed(bytes),
            Some(Input::Unreadable(why)) => Said::Unreadable(why),
            Some(Input::End) | None => {
                self.has_ended = true;
                Said::End
            }
        }
    }

    fn tell(&mut self, event: Event) {
        if self.kind == Kind::Driver {
            return self.output.write((event.encode() + "\n").into_bytes()); // DRV-02
        }
        match person::told(event) {
            person::Told::Output(bytes) => self.output.write(bytes),
            person::Told::Notice(notice) => person::notify(&notice),
        }
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        if self.kind != Kind::Driver {
            return self.output.write(bytes);
        }
        let base64 = Some(STANDARD.encode(&bytes));
        let payload = String::from_utf8(bytes).map_or(Value::Null, Value::String);
        let session_id = Some(session_id.to_owned());
        self.tell(Event::Data { payload, session_id, base64, resource: None, resource_id: None });
    }

    fn output(&self) -> &Output {
        &self.output
    }

    fn can_wait(&self) -> bool {
        self.kind != Kind::Driver
    }
}
