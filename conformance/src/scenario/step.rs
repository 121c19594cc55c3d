//! The steps that a scenario is made of. Each is one event of the story, written `- name: { … }`.
//!
//! Types only: what a step does is for the engine, what it must fulfil beyond its form is for `check`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::at::At;
use super::check_name::CheckName;
use super::{Size, Span, Term};

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    /// Nothing may come on a connection for a while; Pings may.
    Quiet(Quiet),
    /// Waits.
    Wait(Wait),
    /// Notes the present moment, in ms since the Unix epoch.
    Mark(Mark),
    /// Gives variables values.
    Let(std::collections::BTreeMap<String, Term>),
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
}

/// Opens a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The request target, as `/mac`.
    pub to: String,
    /// The role that the connection speaks for, where the path does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A small receive buffer, so that a stalled reader is felt soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_buffer: Option<Size>,
    /// The check that the handshake decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Tries to open a connection in vain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The request target.
    pub to: String,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Sends a message. Exactly one of `json`, `text`, `hex`, `ping` and `pong` says what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The connection.
    pub on: String,
    /// A text message: this value as JSON.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A text message: this text; the parts of a list are joined.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<Term>,
    /// A binary message, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// A Ping frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<String>,
    /// A Pong frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<String>,
    /// Into how many fragments the message is split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragments: Option<usize>,
    /// Why the message is deliberately none that this side may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// Sends one frame as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameStep {
    /// The connection.
    pub on: String,
    /// `text`, `binary`, `continuation`, `close`, `ping`, `pong`, or a number from 0 to 15.
    pub opcode: Opcode,
    /// Whether it is the last frame of its message.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub fin: bool,
    /// The three reserved bits, 0 to 7.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rsv: u8,
    /// Whether the payload is masked, as a client's has to be.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub masked: bool,
    /// The payload as text; the parts of a list are joined.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<Term>,
    /// The payload in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The payload length that the header claims, where it is not the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Size>,
    /// Why the frame is deliberately wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// The opcode of a frame (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
#[schemars(with = "serde_json::Value")]
pub struct Opcode(pub u8);

/// Sends a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The connection.
    pub on: String,
    /// The close code; none for an empty Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Ends a connection without a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The connection.
    pub on: String,
    /// How it ends.
    pub by: CutBy,
}

/// How TCP ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutBy {
    /// By a reset (RST).
    Reset,
    /// By an orderly end of the stream (FIN) without a Close frame.
    Fin,
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The connection.
    pub on: String,
}

/// Waits for what has to come next. Exactly one of `json`, `ping`, `pong`, `close`, `end`, `loss` and `any_of` says what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The connection.
    pub on: String,
    /// A text message that matches.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A Ping frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<Any>,
    /// A Pong frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<String>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the TCP connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Any>,
    /// The end of the connection in whatever way: a Close frame of any code, FIN or RST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
    /// One of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Choice>,
    /// The variable that takes the name of the choice that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Messages that may come before and are passed over.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Within which time; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// One of several things that may come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name, for `bind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// A text message that matches.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the connection in whatever way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
}

/// Says that any of its kind will do; written `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Any {}

/// What a Close frame has to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIs {
    /// The codes that are right; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<u16>,
    /// The reason, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Nothing may come for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The connection.
    pub on: String,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Waits: either `for` a span, or `until` a moment with `plus` or `minus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// A span from now.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// A moment in ms since the Unix epoch.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub until: Option<Term>,
    /// After that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// Before that moment. Where the machine wakes the runner too late for that, the scenario is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<Span>,
}

/// Notes the present moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The variable.
    #[serde(rename = "as")]
    pub name: String,
}

/// Plays steps several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// The variable that counts the iterations, from 1.
    #[serde(rename = "as")]
    pub name: String,
    /// How many.
    pub count: usize,
    /// How many of them run at once; all where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<usize>,
    /// The steps. Variables that they bind are lists afterwards; connections that they open are closed.
    pub steps: Vec<At<Step>>,
}

/// Waits for the other iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meet {}

/// Two moments have to lie close together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// The moment to judge, in ms since the Unix epoch.
    pub value: Term,
    /// The moment that it should be close to.
    pub to: Term,
    /// That much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// How far it may be off, on either side.
    pub tolerance: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// All values of a list have to differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distinct {
    /// The list.
    pub values: Term,
    /// The check that this decides.
    pub check: CheckName,
}

/// No value of one list may occur in another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disjoint {
    /// The one list.
    pub values: Term,
    /// The other list.
    pub from: Term,
    /// The check that this decides.
    pub check: CheckName,
}

/// The values of a list have to occur this often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The list.
    pub values: Term,
    /// Each value with its number; no other value may occur.
    pub to: std::collections::BTreeMap<String, usize>,
    /// The check that this decides.
    pub check: CheckName,
}

/// Characters of a list of strings have to look random: chi-square tests of evenness and independence, whose total error rate
/// for a truly random source is below one in a million.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpredictable {
    /// The list of strings, in the order in which they were handed out.
    pub values: Term,
    /// The characters that each position draws from.
    pub alphabet: String,
    /// The check that this decides.
    pub check: CheckName,
}

/// The Ping frames of a connection have to keep time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The connection.
    pub on: String,
    /// How many Pings are timed.
    pub count: usize,
    /// The interval between them; the first comes at most one interval after the opening.
    pub every: Span,
    /// How far each may be off, in percent of the interval.
    pub tolerance_percent: f64,
    /// The check that this decides.
    pub check: CheckName,
}

/// A message has to be answered or passed on quickly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The message.
    pub send: Send,
    /// Its answer, or the message as its receiver sees it.
    pub expect: Expect,
    /// How many rounds.
    pub rounds: usize,
    /// The idle time before each round.
    pub apart: Span,
    /// What the median of the rounds may be at most.
    pub median_at_most: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// Sends a message again and again until its answer is the right one: for effects that may take a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The message.
    pub send: Send,
    /// The right answer.
    pub expect: Term,
    /// The answer that may come until then.
    pub meanwhile: Term,
    /// Between two attempts.
    pub every: Span,
    /// Within which time the right answer has to come.
    pub within: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// Sends message after message. Exactly one of `json`, `fragment` and `raw` says what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pour {
    /// The connection.
    pub on: String,
    /// The message, as JSON.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// Instead: the payload of a fragment of one endless text message.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub fragment: Option<Term>,
    /// Instead: bytes as they are, to go on with a frame whose header claims more than it brought.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub raw: Option<Term>,
    /// How much is sent at most.
    pub total: Size,
    /// The peer takes no more when nothing could be written for so long.
    pub until_blocked_for: Span,
}

/// Watches the memory of the subject's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What it may have grown by at most since the watch began; where it is not said, the watch begins here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_at_most: Option<Size>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Sends SIGTERM to the subject's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terminate {}

/// The subject's process has to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// Within which time.
    pub within: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// A term that is written down is given, also where it is `null`.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Term>, D::Error> {
    Term::deserialize(deserializer).map(Some)
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}
