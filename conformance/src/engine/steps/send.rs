//! Sending: messages, single frames right and wrong, and floods.

use std::time::Duration;

use relayspec::family::Channel;
use serde_json::Value;

use super::shown;
use crate::engine::actor::Actor;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::lint::{excerpt, shorten};
use crate::outcome::{By, Finding};
use crate::scenario::step::{Encoding, FrameStep, Pour, Repeated, Send};
use crate::scenario::{Bindings, STORY, Term, hex};
use crate::transport::encode::{BINARY, CONTINUATION, PING, PONG, TEXT};
use crate::transport::{Masking, OutFrame, Side};

/// How long a step waits for its frame to be written.
const HANDOVER: Duration = Duration::from_millis(250);
/// Between two pieces of a stream, for so many of them.
const PAUSE: Duration = Duration::from_micros(500);
const PAUSES: usize = 100;
/// How many bytes of small messages a flood hands over at once.
const ROW: usize = 1 << 10;

impl Player {
    pub(in crate::engine) async fn send(&mut self, step: &Send) -> Result<(), Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        actor.drain(); // What wants an answer gets it before what may be large.
        let contents = self.contents(step, &mut actor)?;
        if let (true, Some(count)) = (self.is_framed(), step.fragments) {
            return self.piecemeal(&actor, &joined(contents), count).await;
        }
        let mut frames: Vec<_> = match step.fragments {
            Some(count) => {
                contents.iter().flat_map(|(opcode, bytes)| OutFrame::fragments(*opcode, bytes, count)).collect()
            }
            None if self.is_framed() => vec![OutFrame::new(BINARY, joined(contents))],
            None => contents.into_iter().map(|(opcode, bytes)| OutFrame::new(opcode, bytes)).collect(),
        };
        let last = frames.pop();
        frames.into_iter().for_each(|frame| actor.connection.pen().send(frame));
        if let Some(last) = last {
            self.write(&actor, last).await;
        }
        Ok(())
    }

    /// Sends a frame and waits until it is on its way, so that what is sent on two connections leaves in the order of the script. A peer
    /// that does not read may keep it waiting for long; it goes out as soon as it can.
    pub(super) async fn write(&self, actor: &Actor, frame: OutFrame) {
        let _ = self.patiently(self.clock().real(HANDOVER), actor.connection.pen().send_through(frame)).await;
    }

    /// Writes bytes in so many pieces, each by itself.
    async fn piecemeal(&self, actor: &Actor, bytes: &[u8], count: usize) -> Result<(), Fault> {
        let length = bytes.len().div_ceil(count.max(1)).max(1);
        for (number, piece) in bytes.chunks(length).enumerate() {
            // A reader that is not given the time sees them joined again.
            if (1..=PAUSES).contains(&number) {
                self.clock().nap(PAUSE).await;
            }
            self.write(actor, OutFrame::new(BINARY, piece)).await;
        }
        Ok(())
    }

    /// What a step sends: a message, or as many as it asks for.
    fn contents(&self, step: &Send, actor: &mut Actor) -> Result<Vec<(u8, Vec<u8>)>, Stop> {
        let Some(Repeated { times, counter }) = &step.repeated else {
            return Ok(vec![self.content(step, actor, &self.variables)?]);
        };
        let mut variables = self.variables.clone();
        let each = (1..=*times).map(|number| {
            variables.insert(counter.clone(), number.into());
            self.content(step, actor, &variables)
        });
        each.collect()
    }

    fn content(&self, step: &Send, actor: &mut Actor, variables: &Bindings) -> Result<(u8, Vec<u8>), Stop> {
        let text = match step {
            Send { json: Some(term), encoding, .. } => {
                let value = term.fill(variables).map_err(Stop::Harness)?;
                let (opcode, payload) = actor.encoded(&value, Some(encoding.unwrap_or(Encoding::Text)));
                if payload.is_empty() {
                    return Err(Stop::Harness(format!("no bytes can say {}", shorten(&value.to_string()))));
                }
                return self.honest(step, actor, opcode, payload);
            }
            Send { text: Some(term), .. } => self.joined(term)?,
            Send { binary: Some(bytes), .. } => {
                let bytes = bytes.fill(&self.variables).map_err(Stop::Harness)?;
                return self.honest(step, actor, BINARY, bytes);
            }
            Send { hex: Some(text), .. } => {
                return self.honest(step, actor, BINARY, hex(text).map_err(Stop::Harness)?);
            }
            Send { ping: Some(text), .. } => return Ok((PING, text.clone().into_bytes())),
            Send { pong: Some(text), .. } => return Ok((PONG, text.clone().into_bytes())),
            _ => return Err(Stop::Harness("nothing to send".to_owned())),
        };
        self.honest(step, actor, TEXT, text.into_bytes())
    }

    /// A scenario that sends something invalid says so; one that does not say so is at fault itself.
    fn honest(&self, step: &Send, actor: &Actor, opcode: u8, payload: Vec<u8>) -> Result<(u8, Vec<u8>), Stop> {
        let family = self.story.scenario.family;
        let direction = |role| match self.side() {
            Side::Client => family.channel(role, family.server),
            Side::Server => family.channel(family.server, role),
        };
        let Some(channel) = actor.role.and_then(direction) else { return Ok((opcode, payload)) };
        let got = || if opcode == TEXT { shorten(&payload) } else { excerpt(&payload) };
        // Of a value that the subject gave.
        let odd = |what: &str, got: String| Stop::Broken {
            check: STORY.to_owned(),
            finding: Box::new(Finding {
                what: what.to_owned(),
                expected: Some("a value that its chapter allows".to_owned()),
                got: Some(got),
                ..Finding::default()
            }),
        };
        match (problem(channel, opcode, &payload), &step.invalid) {
            (Some(error), None) if has_variables(step) => {
                Err(odd("the subject gave a value that no valid message can carry", format!("{error}: {}", got())))
            }
            (Some(error), None) => Err(Stop::Harness(format!(
                "a step on `{}` sends an invalid message and does not say so with `invalid`: {error}",
                step.on
            ))),
            (None, Some(_)) if has_variables(step) => {
                Err(odd("the subject gave a value that makes a message of what is to be none", got()))
            }
            (None, Some(_)) => {
                Err(Stop::Harness(format!("a step on `{}` says `invalid` and sends a valid message", step.on)))
            }
            _ => Ok((opcode, payload)),
        }
    }

    /// A text; the parts of a list are joined.
    fn joined(&self, term: &Term) -> Result<String, Stop> {
        let value = term.fill(&self.variables).map_err(Stop::Harness)?;
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

    /// Answers the last Ping.
    pub(in crate::engine) async fn pong(&mut self, on: &str) -> Result<(), Fault> {
        let actor = self.actor(on)?;
        let mut actor = actor.lock().await;
        actor.drain();
        let Some((_, bytes)) = actor.pings.back() else {
            return Err(Stop::Harness(format!("no Ping has come on `{on}` that could be answered")).into());
        };
        let frame = OutFrame::new(PONG, bytes.to_vec());
        self.write(&actor, frame).await;
        Ok(())
    }

    pub(in crate::engine) async fn frame(&mut self, step: &FrameStep) -> Result<(), Fault> {
        let payload = match (&step.text, &step.hex) {
            (Some(term), _) => self.joined(term)?.into_bytes(),
            (None, Some(text)) => hex(text).map_err(Stop::Harness)?,
            (None, None) => Vec::new(),
        };
        let mut frame = OutFrame::new(step.opcode.0, payload);
        frame.fin = step.fin;
        frame.rsv = step.rsv;
        frame.claim = step.claim.map(|size| size.0);
        frame.masking = match step.masked {
            Some(false) => Masking::None,
            Some(true) => Masking::Key(fastrand::u32(..).to_be_bytes()),
            // What follows raw is then the payload as it is.
            None if step.claim.is_some() && self.side() == Side::Client => Masking::Key([0; 4]),
            None => Masking::Due,
        };
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        // Behind half a frame nothing can be asked.
        actor.over |= frame.claim.is_some();
        self.write(&actor, frame).await;
        Ok(())
    }

    pub(in crate::engine) async fn pour(&mut self, step: &Pour) -> Result<(), Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        let patience = self.span(&step.until_blocked_for);
        let (opcode, payload) = match step {
            Pour { json: Some(term), .. } => {
                let message = term.fill(&self.variables).map_err(Stop::Harness)?;
                let (opcode, payload) = actor.encoded(&message, Some(Encoding::Text));
                (Some(opcode), payload)
            }
            Pour { binary: Some(bytes), .. } => (Some(BINARY), bytes.fill(&self.variables).map_err(Stop::Harness)?),
            Pour { fragment: Some(term), .. } => (Some(CONTINUATION), self.joined(term)?.into_bytes()),
            Pour { raw: Some(term), .. } => (None, self.joined(term)?.into_bytes()),
            _ => return Err(Stop::Harness("nothing to pour".to_owned()).into()),
        };
        if payload.is_empty() {
            return Err(Stop::Harness("nothing to pour".to_owned()).into());
        }
        if let Some(limit) = self.story.stage.max_message
            && !matches!(opcode, Some(TEXT | BINARY))
            && limit >= step.total
        {
            return Err(
                Stop::Skip(format!("the subject accepts messages of {limit}, more than this scenario sends")).into()
            );
        }
        let mut sent = 0;
        let ended = loop {
            if sent >= step.total.0 {
                break "all of it".to_owned();
            }
            if actor.spoken_to() {
                break "until the subject said something".to_owned();
            }
            let first = sent == 0;
            let pen = actor.connection.pen().clone();
            if let Some(opcode @ (TEXT | BINARY)) = opcode {
                // Small ones go in a row, which is quicker than to wait for each.
                let row = ((step.total.0 - sent) / payload.len() as u64).min((ROW / payload.len()) as u64);
                (1..row).for_each(|_| pen.send(OutFrame::new(opcode, payload.clone())));
                sent += row.saturating_sub(1) * payload.len() as u64;
            }
            sent += payload.len() as u64;
            let writing = async {
                match opcode {
                    None => pen.send_raw_through(payload.clone()).await,
                    Some(CONTINUATION) => {
                        let opcode = if first { TEXT } else { CONTINUATION };
                        pen.send_through(OutFrame { fin: false, ..OutFrame::new(opcode, payload.clone()) }).await
                    }
                    Some(opcode) => pen.send_through(OutFrame::new(opcode, payload.clone())).await,
                }
            };
            let until = self.clock().now() + patience;
            tokio::select! {
                written = self.patiently(patience, writing) => match written {
                    Some(true) => {}
                    Some(false) => break "until the connection broke".to_owned(),
                    None => break format!("until nothing could be written for {}", shown(patience)),
                },
                // A subject that has had enough need not read the rest.
                () = actor.word(self.clock(), until) => break "until the subject said something".to_owned(),
            }
        };
        let what = format!("poured {:.1} MiB, {ended}", sent as f64 / f64::from(1 << 20));
        self.story.transcript.add(self.clock().now(), &actor.name, By::Runner, what);
        Ok(())
    }

    async fn patiently<F: Future>(&self, patience: Duration, future: F) -> Option<F::Output> {
        self.clock().within(self.clock().now() + patience, future).await
    }
}

/// Messages behind each other.
fn joined(contents: Vec<(u8, Vec<u8>)>) -> Vec<u8> {
    contents.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// Whether a message is made from values that the subject gave.
fn has_variables(step: &Send) -> bool {
    let mut found = false;
    for term in [&step.json, &step.text].into_iter().flatten() {
        term.each_variable(&mut |_| found = true);
    }
    step.binary.iter().for_each(|bytes| bytes.each_variable(&mut |_| found = true));
    found
}

/// What is wrong with a message of a channel.
fn problem(channel: &Channel, opcode: u8, payload: &[u8]) -> Option<String> {
    if opcode == TEXT {
        return (channel.canonical)(std::str::from_utf8(payload).ok()?).err().map(|error| error.to_string());
    }
    match channel.binary {
        None => Some(format!("there are no binary messages from {}", channel.direction)),
        Some(binary) => (binary.canonical)(payload).err().map(|error| error.to_string()),
    }
}
