//! Steps that send messages and single frames.

use std::time::Duration;

use relayspec::family::Channel;
use serde_json::Value;

use super::{Execute, Executor, StepFailure, Stop};
use crate::engine::connection_state::ConnectionState;
use crate::lint::{excerpt, shorten};
use crate::outcome::Finding;
use crate::scenario::step::{Encoding, FrameStep, Pong, Repeated, Send};
use crate::scenario::{Bindings, SCENARIO_CHECK, Term, hex};
use crate::transport::encode::{BINARY, PING, PONG, TEXT};
use crate::transport::{Masking, OutFrame, Side};

/// How long a step waits until its frame is written.
const WRITE_TIMEOUT: Duration = Duration::from_millis(250);
/// The pause between two pieces of a stream, and how many of them are paused for.
const PAUSE: Duration = Duration::from_micros(500);
const PAUSES: usize = 100;

impl Execute for Send {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        connection.drain(); // Asides are answered before what may be large.
        let contents = executor.contents(self, &mut connection)?;
        if let (true, Some(count)) = (executor.is_framed(), self.fragments) {
            return executor.write_in_pieces(&connection, &joined(contents), count).await;
        }
        let mut frames: Vec<_> = match self.fragments {
            Some(count) => {
                contents.iter().flat_map(|(opcode, bytes)| OutFrame::fragments(*opcode, bytes, count)).collect()
            }
            None if executor.is_framed() => vec![OutFrame::new(BINARY, joined(contents))],
            None => contents.into_iter().map(|(opcode, bytes)| OutFrame::new(opcode, bytes)).collect(),
        };
        let last = frames.pop();
        frames.into_iter().for_each(|frame| connection.wire.writer().send(frame));
        if let Some(last) = last {
            executor.write(&connection, last).await;
        }
        Ok(())
    }
}

impl Execute for FrameStep {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let payload = match (&self.text, &self.hex) {
            (Some(term), _) => executor.joined(term)?.into_bytes(),
            (None, Some(text)) => hex(text).map_err(|error| Stop::Internal(error.to_string()))?,
            (None, None) => Vec::new(),
        };
        let mut frame = OutFrame::new(self.opcode.0, payload);
        frame.fin = self.fin;
        frame.rsv = self.rsv;
        frame.claim = self.claim.map(|size| size.0);
        frame.masking = match self.masked {
            Some(false) => Masking::None,
            Some(true) => Masking::Key(fastrand::u32(..).to_be_bytes()),
            // The rest of the payload follows unmasked.
            None if self.claim.is_some() && executor.side() == Side::Client => Masking::Key([0; 4]),
            None => Masking::Due,
        };
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        // After half a frame, nothing else can be sent.
        connection.over |= frame.claim.is_some();
        executor.write(&connection, frame).await;
        Ok(())
    }
}

impl Execute for Pong {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.0.on)?;
        let mut connection = connection.lock().await;
        connection.drain();
        let Some((_, bytes)) = connection.pings.back() else {
            return Err(Stop::Internal(format!("no Ping to answer has come on `{}`", self.0.on)).into());
        };
        let frame = OutFrame::new(PONG, bytes.to_vec());
        executor.write(&connection, frame).await;
        Ok(())
    }
}

impl Executor {
    /// Sends a frame and waits until it is written, so that frames on two connections are sent in the order of the script. A peer
    /// that does not read can delay it; it is then sent as soon as possible.
    pub(super) async fn write(&self, connection: &ConnectionState, frame: OutFrame) {
        let _ = self.patiently(self.clock().real(WRITE_TIMEOUT), connection.wire.writer().send_through(frame)).await;
    }

    /// Writes bytes in this many pieces.
    async fn write_in_pieces(
        &self,
        connection: &ConnectionState,
        bytes: &[u8],
        count: usize,
    ) -> Result<(), StepFailure> {
        let length = bytes.len().div_ceil(count.max(1)).max(1);
        for (number, piece) in bytes.chunks(length).enumerate() {
            // Without time in between, a reader gets them in one piece.
            if (1..=PAUSES).contains(&number) {
                self.clock().nap(PAUSE).await;
            }
            self.write(connection, OutFrame::new(BINARY, piece)).await;
        }
        Ok(())
    }

    /// The messages that a step sends.
    fn contents(&self, step: &Send, connection: &mut ConnectionState) -> Result<Vec<(u8, Vec<u8>)>, Stop> {
        let Some(Repeated { times, counter }) = &step.repeated else {
            return Ok(vec![self.content(step, connection, &self.variables)?]);
        };
        let mut variables = self.variables.clone();
        let each = (1..=*times).map(|number| {
            variables.insert(counter.clone(), number.into());
            self.content(step, connection, &variables)
        });
        each.collect()
    }

    fn content(
        &self,
        step: &Send,
        connection: &mut ConnectionState,
        variables: &Bindings,
    ) -> Result<(u8, Vec<u8>), Stop> {
        let text = match step {
            Send { json: Some(term), encoding, .. } => {
                let value = term.fill(variables)?;
                let (opcode, payload) = connection.encoded(&value, Some(encoding.unwrap_or(Encoding::Text)));
                if payload.is_empty() {
                    return Err(Stop::Internal(format!("{} has no binary encoding", shorten(&value.to_string()))));
                }
                return self.check_validity(step, connection, opcode, payload);
            }
            Send { text: Some(term), .. } => self.joined(term)?,
            Send { binary: Some(bytes), .. } => {
                let bytes = bytes.fill(&self.variables)?;
                return self.check_validity(step, connection, BINARY, bytes);
            }
            Send { hex: Some(text), .. } => {
                return self.check_validity(
                    step,
                    connection,
                    BINARY,
                    hex(text).map_err(|error| Stop::Internal(error.to_string()))?,
                );
            }
            Send { ping: Some(text), .. } => return Ok((PING, text.clone().into_bytes())),
            Send { pong: Some(text), .. } => return Ok((PONG, text.clone().into_bytes())),
            _ => return Err(Stop::Internal("nothing to send".to_owned())),
        };
        self.check_validity(step, connection, TEXT, text.into_bytes())
    }

    /// A scenario that sends something invalid must declare it; otherwise the scenario is wrong.
    fn check_validity(
        &self,
        step: &Send,
        connection: &ConnectionState,
        opcode: u8,
        payload: Vec<u8>,
    ) -> Result<(u8, Vec<u8>), Stop> {
        let family = self.run.scenario.family;
        let direction = |role| match self.side() {
            Side::Client => family.channel(role, family.server),
            Side::Server => family.channel(family.server, role),
        };
        let Some(channel) = connection.role.and_then(direction) else { return Ok((opcode, payload)) };
        let got = || if opcode == TEXT { shorten(&payload) } else { excerpt(&payload) };
        // The subject provided a value of the message.
        let violation = |what: &str, got: String| Stop::Violation {
            check: SCENARIO_CHECK.to_owned(),
            finding: Box::new(Finding::new(what.to_owned()).expected("a value that its chapter allows").got(got)),
        };
        match (problem(channel, opcode, &payload), &step.invalid) {
            (Some(error), None) if has_variables(step) => Err(violation(
                "the subject provided a value that no valid message can contain",
                format!("{error}: {}", got()),
            )),
            (Some(error), None) => Err(Stop::Internal(format!(
                "a step on `{}` sends an invalid message without `invalid`: {error}",
                step.on
            ))),
            (None, Some(_)) if has_variables(step) => {
                Err(violation("the subject provided a value that makes an invalid message valid", got()))
            }
            (None, Some(_)) => {
                Err(Stop::Internal(format!("a step on `{}` has `invalid` and sends a valid message", step.on)))
            }
            _ => Ok((opcode, payload)),
        }
    }

    /// A text; the parts of a list are joined.
    pub(super) fn joined(&self, term: &Term) -> Result<String, Stop> {
        let value = term.fill(&self.variables)?;
        let parts = match value {
            Value::Array(parts) => parts,
            one => vec![one],
        };
        let texts = parts.into_iter().map(|part| match part {
            Value::String(text) => text,
            other => other.to_string(),
        });
        Ok(texts.collect())
    }

    pub(super) async fn patiently<F: Future>(&self, patience: Duration, future: F) -> Option<F::Output> {
        self.clock().within(self.clock().now() + patience, future).await
    }
}

/// Concatenates messages.
fn joined(contents: Vec<(u8, Vec<u8>)>) -> Vec<u8> {
    contents.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// Whether a message contains variables, which the subject may have provided.
fn has_variables(step: &Send) -> bool {
    let mut found = false;
    for term in [&step.json, &step.text].into_iter().flatten() {
        term.each_variable(&mut |_| found = true);
    }
    step.binary.iter().for_each(|bytes| bytes.each_variable(&mut |_| found = true));
    found
}

/// Why a message is invalid on a channel, if it is.
fn problem(channel: &Channel, opcode: u8, payload: &[u8]) -> Option<String> {
    if opcode == TEXT {
        return (channel.canonical)(std::str::from_utf8(payload).ok()?).err().map(|error| error.to_string());
    }
    match channel.binary {
        None => Some(format!("there are no binary messages from {}", channel.direction)),
        Some(binary) => (binary.canonical)(payload).err().map(|error| error.to_string()),
    }
}
