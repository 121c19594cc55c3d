//! The steps that a scenario is made of. Each is one event of the story, written `- name: { … }`.
//!
//! Types only: what a step does is for the engine, what it must fulfil beyond its form is for `check`.

mod client;
mod connection;
mod expect;
mod http;
mod play;
mod process;
mod send;
mod time;
mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{CheckName, Size, Term};

pub use client::{
    Accept, Attempts, Delay, EventStep, FailBy, Idle, NoEvent, Rule, Spread, Start, Tell, TurnAway, Welcome,
};
pub use connection::{Close, Connect, Cut, CutBy, On, Refused};
pub use expect::{Any, Choice, CloseIs, Collect, EventIs, Expect, Quiet};
pub use http::{Answer, Fetch, Framing, Output, Request, Respond, Serve, Unvisited};
pub use play::{Exit, Leave, Many, Meet, Memory, Status, Terminate};
pub use process::{EndBy, FileMode, Mode, Restart, Rival};
pub use send::{Encoding, FrameStep, Opcode, Pour, Repeated, Send};
pub use time::{Heartbeat, Latency, Mark, Near, Poll, Wait};
pub use values::{Disjoint, Distinct, Tally, Unpredictable};

/// The most iterations that `many` may ask for, those of a `many` around it multiplied. Each costs memory until all are over.
pub(super) const MOST_ITERATIONS: usize = 100_000;
/// The most of them at once: each has connections, and a machine has some 28,000 ports for them (Linux: `ip_local_port_range`).
pub(super) const MOST_AT_ONCE: usize = 10_000;
/// The most rounds of `latency` and Pings of `heartbeat`: each takes time.
pub(super) const MOST_ROUNDS: usize = 10_000;
/// The most fragments that `send` may split a message into: each is a frame of its own.
pub(super) const MOST_FRAGMENTS: usize = 10_000;
/// The most messages that `send` may send at once, and `collect` wait for.
pub(super) const MOST_MESSAGES: usize = 100_000;
/// The most that `pour` may send.
pub(super) const MOST_POURED: Size = Size(16 << 30);

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a script has few steps, and a box would stand in the way of every reader"
)]
pub enum Step {
    /// Opens a connection; the handshake has to succeed.
    Connect(Connect),
    /// Tries to open a connection, which has to be refused, by TCP or by HTTP.
    Refused(Refused),
    /// Sends a message, a Ping or a Pong.
    Send(Send),
    /// Sends one frame as it is written, right or wrong.
    Frame(FrameStep),
    /// Sends a Close frame.
    Close(Close),
    /// Ends a connection without a Close frame.
    Cut(Cut),
    /// Stops answering Pings, and Close frames, on a connection; it is still read.
    Mute(On),
    /// Answers the last Ping that came on a connection, muted or not.
    Pong(On),
    /// What comes on a connection from here on is of no interest.
    Ignore(On),
    /// Stops reading a connection.
    Stall(On),
    /// Reads a stalled connection again.
    Resume(On),
    /// Waits for what has to come next on a connection.
    Expect(Expect),
    /// Waits for several messages, in whatever order they come.
    Collect(Collect),
    /// Nothing may come on a connection for a while; Pings may.
    Quiet(Quiet),
    /// Waits.
    Wait(Wait),
    /// Notes the present moment, in ms since the Unix epoch.
    Mark(Mark),
    /// Gives variables values.
    Let(BTreeMap<String, Term>),
    /// Plays steps several times, at once or one after another, each with connections and variables of its own.
    Many(Many),
    /// Inside `many`: waits until every other iteration is here too.
    Meet(Meet),
    /// Two moments have to lie close together.
    Near(Near),
    /// All values of a list have to differ.
    Distinct(Distinct),
    /// No value of one list may occur in another.
    Disjoint(Disjoint),
    /// The values of a list have to occur this often.
    Tally(Tally),
    /// Characters of a list of strings have to look random.
    Unpredictable(Unpredictable),
    /// The Ping frames of a connection have to keep time, from its opening on.
    Heartbeat(Heartbeat),
    /// A message has to be answered or passed on quickly, at the median of some rounds.
    Latency(Latency),
    /// Sends a message again and again until its answer is the right one.
    Poll(Poll),
    /// Sends message after message until a total is reached, the peer takes no more, or the connection ends.
    Pour(Pour),
    /// Starts to watch the memory of the subject's process, or judges how far it has grown.
    Memory(Memory),
    /// Sends SIGTERM to the subject's process.
    Terminate(Terminate),
    /// The subject's process has to end.
    Exit(Exit),
    /// Ends the subject's process and starts it again at its address.
    Restart(Restart),
    /// Starts a second process at the subject's address, which has to refuse.
    Rival(Rival),
    /// The file of the subject's socket has to have this mode.
    FileMode(FileMode),
    /// Starts the client under test.
    Start(Start),
    /// Accepts the next connection of the client.
    Accept(Accept),
    /// Accepts the next connection of the client, and brings it to the family's own success.
    Welcome(Welcome),
    /// Lets the next attempts of the client fail.
    TurnAway(TurnAway),
    /// The client may not try to connect for a while.
    Idle(Idle),
    /// Judges all attempts of the client so far.
    Attempts(Attempts),
    /// Notes the client's latest delay.
    Delay(Delay),
    /// Delays have to be spread.
    Spread(Spread),
    /// Commands the client through its driver.
    Tell(Tell),
    /// Waits for an event of the client's driver.
    Event(EventStep),
    /// No such event of the client's driver may come for a while.
    NoEvent(NoEvent),
    /// Opens an HTTP server for which the script answers.
    Serve(Serve),
    /// Waits for a request to such a server.
    Request(Request),
    /// Answers such a request.
    Respond(Respond),
    /// Sends a request to an HTTP server.
    Fetch(Fetch),
    /// Waits for the answer to such a request.
    Answer(Answer),
    /// Nobody may connect to a server of the script.
    Unvisited(Unvisited),
    /// A text may not stand in what the subject's process has printed.
    Output(Output),
}

impl Step {
    /// The check that a step decides, where it decides one.
    #[must_use]
    pub fn check(&self) -> Option<&CheckName> {
        match self {
            Self::Connect(step) => step.check.as_ref(),
            Self::Refused(step) => step.check.as_ref(),
            Self::Expect(step) => step.check.as_ref(),
            Self::Quiet(step) => step.check.as_ref(),
            Self::Memory(step) => step.check.as_ref(),
            Self::Near(step) => Some(&step.check),
            Self::Distinct(step) => Some(&step.check),
            Self::Disjoint(step) => Some(&step.check),
            Self::Tally(step) => Some(&step.check),
            Self::Unpredictable(step) => Some(&step.check),
            Self::Heartbeat(step) => Some(&step.check),
            Self::Latency(step) => Some(&step.check),
            Self::Poll(step) => Some(&step.check),
            Self::Exit(step) => Some(&step.check),
            Self::Restart(step) => step.check.as_ref(),
            Self::Rival(step) => Some(&step.check),
            Self::FileMode(step) => Some(&step.check),
            Self::Collect(step) => step.check.as_ref(),
            Self::Accept(step) => step.check.as_ref(),
            Self::Welcome(step) => step.check.as_ref(),
            Self::TurnAway(step) => step.check.as_ref(),
            Self::Idle(step) => step.check.as_ref(),
            Self::Attempts(step) => Some(&step.check),
            Self::Spread(step) => Some(&step.check),
            Self::Event(step) => step.check.as_ref(),
            Self::NoEvent(step) => step.check.as_ref(),
            Self::Request(step) => step.check.as_ref(),
            Self::Answer(step) => step.check.as_ref(),
            Self::Unvisited(step) => step.check.as_ref(),
            Self::Output(step) => Some(&step.check),
            Self::Send(_)
            | Self::Frame(_)
            | Self::Close(_)
            | Self::Cut(_)
            | Self::Mute(_)
            | Self::Pong(_)
            | Self::Ignore(_)
            | Self::Stall(_)
            | Self::Resume(_)
            | Self::Wait(_)
            | Self::Mark(_)
            | Self::Let(_)
            | Self::Many(_)
            | Self::Meet(_)
            | Self::Pour(_)
            | Self::Terminate(_)
            | Self::Start(_)
            | Self::Delay(_)
            | Self::Tell(_)
            | Self::Serve(_)
            | Self::Respond(_)
            | Self::Fetch(_) => None,
        }
    }
}

/// A term that is written down is given, also where it is `null`.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Term>, D::Error> {
    Term::deserialize(deserializer).map(Some)
}
