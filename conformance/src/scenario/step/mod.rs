//! The steps of scenarios. Each is one action or expectation, written `- name: { … }`.
//!
//! A new step is one line in [`step_list`], a type with its [`StepDefinition`] in a file here, and its
//! execution in `engine::steps`. Everything else reads the list.

mod attempts;
mod client;
mod connection;
mod definition;
mod driver;
mod error;
mod expect;
mod http;
mod many;
mod process;
mod send;
mod time;
mod values;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use super::traits::Trait;
use super::{At, CheckName};

pub use attempts::{Attempts, Delay, Idle, Rule, Spread};
pub use client::{Accept, FailBy, Start, TurnAway, Welcome};
pub use connection::{Close, Connect, Cut, CutBy, Ignore, Mute, On, Pong, Refused, Resume, Stall};
pub(crate) use definition::StepDefinition;
pub use definition::{StepKind, UnderTest};
pub use driver::{EventStep, NoEvent, Tell};
pub use error::StepError;
pub use expect::{Any, Choice, CloseIs, Collect, EventIs, Expect, Quiet};
pub use http::{Answer, Fetch, Framing, Output, Request, Respond, Serve, Unvisited};
pub use many::{Leave, Many, Meet};
pub use process::{EndBy, Exit, FileMode, Memory, Mode, ModeError, Restart, Rival, Status, Terminate};
pub use send::{Encoding, FrameStep, Opcode, OpcodeError, Pour, Repeated, Send};
pub use time::{Heartbeat, Latency, Mark, Near, Poll, Wait};
pub use values::{Disjoint, Distinct, Let, Same, Tally, Unpredictable};

/// Every step: what it does, its name in scenarios, its variant and type. Passes the list to the macro of the given name.
macro_rules! step_list {
    ($use:ident) => {
        $use! {
            /// Opens a connection; the handshake must succeed.
            "connect" => Connect(Connect),
            /// Tries to open a connection, which must be refused, by TCP or by HTTP.
            "refused" => Refused(Refused),
            /// Sends a message, a Ping or a Pong.
            "send" => Send(Send),
            /// Sends one frame exactly as written, valid or not.
            "frame" => Frame(FrameStep),
            /// Sends a Close frame.
            "close" => Close(Close),
            /// Ends a connection without a Close frame.
            "cut" => Cut(Cut),
            /// Stops answering Pings and Close frames on a connection, and keeps reading.
            "mute" => Mute(Mute),
            /// Answers the last Ping received on a connection, muted or not.
            "pong" => Pong(Pong),
            /// Discards what is received on a connection from here on.
            "ignore" => Ignore(Ignore),
            /// Stops reading a connection.
            "stall" => Stall(Stall),
            /// Reads a stalled connection again.
            "resume" => Resume(Resume),
            /// Waits for what comes next on a connection.
            "expect" => Expect(Expect),
            /// Waits for several messages, in any order.
            "collect" => Collect(Collect),
            /// Requires that nothing but Pings comes on a connection for some time.
            "quiet" => Quiet(Quiet),
            /// Waits.
            "wait" => Wait(Wait),
            /// Records the current time, in ms since the Unix epoch.
            "mark" => Mark(Mark),
            /// Sets variables.
            "let" => Let(Let),
            /// Runs steps several times, concurrently or in sequence, each with connections and variables of its own.
            "many" => Many(Many),
            /// Inside `many`: waits for all other iterations.
            "meet" => Meet(Meet),
            /// Requires two moments to be close together.
            "near" => Near(Near),
            /// Requires all values of a list to be different.
            "distinct" => Distinct(Distinct),
            /// Requires all values of a list to be equal.
            "same" => Same(Same),
            /// Requires two lists to have no value in common.
            "disjoint" => Disjoint(Disjoint),
            /// Requires the values of a list to occur this often.
            "tally" => Tally(Tally),
            /// Requires the characters of a list of strings to look random.
            "unpredictable" => Unpredictable(Unpredictable),
            /// Requires the Ping frames of a connection to come at regular intervals, from its opening on.
            "heartbeat" => Heartbeat(Heartbeat),
            /// Requires a message to be answered or forwarded quickly, by the median of several rounds.
            "latency" => Latency(Latency),
            /// Sends a message repeatedly until the right answer comes.
            "poll" => Poll(Poll),
            /// Sends a message repeatedly until a total is reached, the peer stops reading, or the connection ends.
            "pour" => Pour(Pour),
            /// Starts to watch the memory of the subject's process, or checks how far it has grown.
            "memory" => Memory(Memory),
            /// Sends SIGTERM to the subject's process.
            "terminate" => Terminate(Terminate),
            /// Requires the subject's process to end.
            "exit" => Exit(Exit),
            /// Ends the subject's process and restarts it at its address.
            "restart" => Restart(Restart),
            /// Starts a second process at the subject's address, which must refuse to start.
            "rival" => Rival(Rival),
            /// Requires the file of the subject's socket to have this mode.
            "file_mode" => FileMode(FileMode),
            /// Starts the client under test.
            "start" => Start(Start),
            /// Accepts the client's next connection.
            "accept" => Accept(Accept),
            /// Accepts the client's next connection, and completes the family's opening.
            "welcome" => Welcome(Welcome),
            /// Makes the client's next connection attempts fail.
            "turn_away" => TurnAway(TurnAway),
            /// Requires the client not to connect for some time.
            "idle" => Idle(Idle),
            /// Checks all attempts of the client so far against a rule.
            "attempts" => Attempts(Attempts),
            /// Records the client's latest delay.
            "delay" => Delay(Delay),
            /// Requires delays to be spread.
            "spread" => Spread(Spread),
            /// Sends a command to the client's driver.
            "tell" => Tell(Tell),
            /// Waits for an event of the client's driver.
            "event" => Event(EventStep),
            /// Requires that no such event of the client's driver comes for some time.
            "no_event" => NoEvent(NoEvent),
            /// Opens an HTTP server whose answers the script gives.
            "serve" => Serve(Serve),
            /// Waits for a request to such a server.
            "request" => Request(Request),
            /// Answers such a request.
            "respond" => Respond(Respond),
            /// Sends a request to an HTTP server.
            "fetch" => Fetch(Fetch),
            /// Waits for the answer to such a request.
            "answer" => Answer(Answer),
            /// Requires that no connection is made to a server of the script.
            "unvisited" => Unvisited(Unvisited),
            /// Requires the output of the subject's process not to contain a text.
            "output" => Output(Output),
        }
    };
}
pub(crate) use step_list;

macro_rules! define {
    ($($(#[doc = $summary:literal])+ $keyword:literal => $variant:ident($type:ty),)+) => {
        /// One step.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[expect(clippy::large_enum_variant, reason = "a script has few steps, and a box would burden every reader")]
        pub enum Step {
            $($(#[doc = $summary])+ #[serde(rename = $keyword)] $variant($type),)+
        }

        /// Every kind of step, in the order of the documentation.
        pub const STEPS: &[StepKind] = &[
            $(StepKind {
                keyword: $keyword,
                summary: concat!($($summary),+).trim_ascii(),
                example: <$type as StepDefinition>::EXAMPLE,
            },)+
        ];

        impl Step {
            /// Its name in scenarios.
            #[must_use]
            pub fn keyword(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $keyword,)+
                }
            }

            /// The check that it decides, if any.
            #[must_use]
            pub fn check(&self) -> Option<&CheckName> {
                match self {
                    $(Self::$variant(step) => step.check(),)+
                }
            }

            /// The side that must be under test; `None` if it works with either.
            #[must_use]
            pub fn under_test(&self) -> Option<UnderTest> {
                match self {
                    $(Self::$variant(_) => <$type as StepDefinition>::UNDER_TEST,)+
                }
            }

            /// The trait that a scenario with this step must have, if any.
            #[must_use]
            pub fn required_trait(&self) -> Option<Trait> {
                match self {
                    $(Self::$variant(step) => step.required_trait(),)+
                }
            }

            /// What in it needs a WebSocket, if anything does.
            #[must_use]
            pub fn websocket_only(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(step) => step.websocket_only(),)+
                }
            }

            fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
                match self {
                    $(Self::$variant(step) => step.validate(scope),)+
                }
            }
        }
    };
}
step_list!(define);

impl Step {
    /// The steps nested in it.
    #[must_use]
    pub fn nested(&self) -> &[At<Self>] {
        match self {
            Self::Many(many) => &many.steps,
            Self::Meet(meet) => &meet.one,
            _ => &[],
        }
    }
}

/// Validates steps in their order.
///
/// # Errors
/// The first invalid step, with its place.
pub(super) fn validate(steps: &[At<Step>], scope: &mut Scope) -> Result<(), StepError> {
    steps
        .iter()
        .try_for_each(|step| step.value.validate(scope).map_err(|error| StepError::Nested(step.place, Box::new(error))))
}
