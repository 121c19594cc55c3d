//! Watches the connections of one scenario: writes the transcript, and lints what the subject sends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use relayspec::family::{Family, Packing};
use serde_json::Value;

use super::puppet::Record;
use super::recorder::Recorder;
use crate::clock::{Clock, Moment, millis};
use crate::lint::{ConnectionLint, excerpt, shorten};
use crate::outcome::{By, TranscriptLine};
use crate::transport::encode::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use crate::transport::{Arrival, End, Masking, Observer, OutFrame};

/// What went over the wire in one scenario: the beginning and the end, where it is too long.
#[derive(Debug)]
pub(super) struct Transcript {
    clock: Clock,
    start: Moment,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    first: Vec<TranscriptLine>,
    last: VecDeque<TranscriptLine>,
    left_out: usize,
    /// How often the latest line has come again.
    again: usize,
}

const FIRST: usize = 150;
const LAST: usize = 350;

impl Transcript {
    pub(super) fn new(clock: Clock) -> Self {
        let start = clock.now();
        Self { clock, start, lines: Mutex::default() }
    }

    /// Ms since the scenario began.
    pub(super) fn ms(&self, at: Moment) -> f64 {
        millis(at - self.start)
    }

    /// Ms since the scenario began, now.
    pub(super) fn now_ms(&self) -> f64 {
        self.ms(self.clock.now())
    }

    /// When the scenario began.
    pub(super) fn start(&self) -> Moment {
        self.start
    }

    pub(super) fn add(&self, at: Moment, connection: &str, by: By, what: String) {
        let line = TranscriptLine { at_ms: self.ms(at), connection: connection.to_owned(), by, what };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).add(line);
    }

    /// The lines, and how many were left out between the first and the last of them.
    pub(super) fn take(&self) -> (Vec<TranscriptLine>, usize) {
        let mut lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        lines.tell_again();
        (lines.first.into_iter().chain(lines.last).collect(), lines.left_out)
    }
}

impl Lines {
    /// Adds a line; one that is like the latest is only counted, so that a flood does not bury the story.
    fn add(&mut self, line: TranscriptLine) {
        let alike = |latest: &&mut TranscriptLine| {
            (&latest.connection, latest.by, &latest.what) == (&line.connection, line.by, &line.what)
        };
        if self.latest().filter(alike).is_some() {
            self.again += 1;
            return;
        }
        self.tell_again();
        if self.first.len() < FIRST {
            return self.first.push(line);
        }
        if self.last.len() == LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(line);
    }

    fn latest(&mut self) -> Option<&mut TranscriptLine> {
        self.last.back_mut().or(self.first.last_mut())
    }

    fn tell_again(&mut self) {
        let again = std::mem::take(&mut self.again);
        if let Some(latest) = self.latest().filter(|_| again > 0) {
            latest.what = format!("{} (and {again} times more)", latest.what);
        }
    }
}

/// The observer of one connection.
pub(super) struct Witness {
    pub(super) name: String,
    pub(super) transcript: Arc<Transcript>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) lint: ConnectionLint,
    /// Where a client is judged: the attempt that brought the connection.
    pub(super) fate: Option<Fate>,
}

/// What becomes of an attempt that was accepted.
pub(super) struct Fate {
    pub(super) record: Record,
    pub(super) index: usize,
    /// The family, and the name of the message that is its own success.
    pub(super) success: (&'static Family, Option<String>),
}

impl Fate {
    fn sent(&self, at: Moment, frame: &OutFrame, messages: &[Value]) {
        if frame.opcode == CLOSE {
            self.end(at, &describe_sent(frame, None));
        }
        let (family, success) = &self.success;
        let name = |message| (family.naming.name)(message);
        if messages.iter().filter_map(name).any(|name| success.as_deref() == Some(name)) {
            self.record.with(|attempts| attempts.succeed(self.index));
        }
    }

    fn received(&self, at: Moment, arrival: &Arrival) {
        if let Arrival::Close { .. } | Arrival::End(_) = arrival {
            let how = format!("the client's {}", describe(arrival, None));
            self.record.with(|attempts| attempts.end(self.index, at, &how));
        }
    }

    fn end(&self, at: Moment, how: &str) {
        self.record.with(|attempts| attempts.end(self.index, at, how));
    }
}

impl Observer for Witness {
    fn sent(&mut self, at: Moment, frame: &OutFrame) {
        let messages = self.lint.sent(frame);
        if let Some(fate) = &self.fate {
            fate.sent(at, frame, &messages);
        }
        let add = |what| self.transcript.add(at, &self.name, By::Runner, what);
        // One write may complete several frames of a stream.
        match messages.len() {
            0 | 1 => add(describe_sent(frame, self.lint.speaks())),
            _ => messages.iter().for_each(|message| add(packed(message))),
        }
    }

    fn received(&mut self, at: Moment, arrival: &Arrival) {
        self.transcript.add(at, &self.name, By::Subject, describe(arrival, self.lint.hears()));
        if let Some(fate) = &self.fate {
            fate.received(at, arrival);
        }
        for finding in self.lint.received(arrival) {
            let at_ms = Some(self.transcript.ms(at));
            self.recorder.lint(crate::outcome::Finding { connection: Some(self.name.clone()), at_ms, ..finding });
        }
    }
}

/// An arrival in one line; binary messages in their JSON form, where they have one.
pub(super) fn describe(arrival: &Arrival, packing: Option<Packing>) -> String {
    match arrival {
        Arrival::Text(text) => shorten(text),
        Arrival::Binary(bytes) if let Some(json) = unpacked(bytes, packing) => packed(&json),
        Arrival::Binary(bytes) => format!("binary message, {}", excerpt(bytes)),
        Arrival::Ping(bytes) => format!("Ping{}", quoted(bytes)),
        Arrival::Pong(bytes) => format!("Pong{}", quoted(bytes)),
        Arrival::Close { code, reason } => describe_close(*code, reason),
        Arrival::End(End::Fin) => "end of the stream (FIN)".to_owned(),
        Arrival::End(End::Reset) => "end of the stream (RST)".to_owned(),
        Arrival::Breach { section, what } => format!("against RFC 6455, section {section}: {what}"),
    }
}

/// A Close frame in one line.
pub(super) fn describe_close(code: Option<u16>, reason: &str) -> String {
    let code = code.map_or_else(|| "without code".to_owned(), |code| code.to_string());
    if reason.is_empty() { format!("Close {code}") } else { format!("Close {code} \"{reason}\"") }
}

fn unpacked(bytes: &[u8], packing: Option<Packing>) -> Option<Value> {
    (packing?.json)(bytes).ok()
}

fn packed(json: &Value) -> String {
    format!("binary: {}", shorten(&json.to_string()))
}

fn describe_sent(frame: &OutFrame, packing: Option<Packing>) -> String {
    let payload = &frame.payload;
    let name = match frame.opcode {
        BINARY if let (true, true, Some(json)) = (frame.fin, plain(frame), unpacked(payload, packing)) => {
            return packed(&json);
        }
        TEXT if frame.fin && plain(frame) => return shorten(payload),
        BINARY if frame.fin && plain(frame) => return format!("binary message, {}", excerpt(payload)),
        TEXT => "text frame".to_owned(),
        BINARY => "binary frame".to_owned(),
        CONTINUATION => "continuation frame".to_owned(),
        CLOSE if plain(frame) && payload.len() >= 2 => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return describe_close(Some(code), &String::from_utf8_lossy(&payload[2..]));
        }
        CLOSE => "Close".to_owned(),
        PING => format!("Ping{}", quoted(payload)),
        PONG => format!("Pong{}", quoted(payload)),
        reserved => format!("frame with reserved opcode {reserved}"),
    };
    let mut odd = Vec::new();
    if !frame.fin {
        odd.push("without FIN".to_owned());
    }
    if frame.rsv != 0 {
        odd.push(format!("reserved bits {:03b}", frame.rsv));
    }
    match frame.masking {
        Masking::None => odd.push("unmasked".to_owned()),
        Masking::Key(_) if frame.claim.is_none() => odd.push("masked".to_owned()),
        Masking::Due | Masking::Key(_) => {}
    }
    if let Some(claim) = frame.claim {
        odd.push(format!("claiming {claim} bytes"));
    }
    if matches!(frame.opcode, TEXT | BINARY | CONTINUATION) {
        odd.push(format!("{} bytes{}", payload.len(), quoted(payload)));
    }
    if odd.is_empty() { name } else { format!("{name}, {}", odd.join(", ")) }
}

fn plain(frame: &OutFrame) -> bool {
    frame.rsv == 0 && frame.claim.is_none() && frame.masking == Masking::Due
}

fn quoted(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let shown = &bytes[..bytes.len().min(60)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!(" \"{}{more}\"", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_and_again_is_told_once() {
        let transcript = Transcript::new(Clock::start());
        let told = ["a", "b", "b", "b", "a"];
        told.iter().for_each(|what| transcript.add(transcript.start(), "host", By::Runner, (*what).to_owned()));
        let (lines, left_out) = transcript.take();
        let whats: Vec<_> = lines.into_iter().map(|line| line.what).collect();
        assert_eq!((whats, left_out), (["a", "b (and 2 times more)", "a"].map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn a_long_transcript_keeps_its_beginning_and_its_end() {
        let transcript = Transcript::new(Clock::start());
        (0..1000).for_each(|number| transcript.add(transcript.start(), "host", By::Runner, number.to_string()));
        let (lines, left_out) = transcript.take();
        assert_eq!((lines.len(), left_out), (FIRST + LAST, 1000 - FIRST - LAST));
        assert_eq!((lines[0].what.as_str(), lines[FIRST + LAST - 1].what.as_str()), ("0", "999"));
    }
}
