//! What a mutant does with the lines between a client and its driver.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Result, Write};

use serde_json::{Value, json};

use super::position;
use crate::mutant::SelectedMutant;

/// Commands for the client, as the mutant changes them.
pub(in crate::mutant) struct CommandInput<R, H> {
    lines: BufReader<R>,
    hears: H,
    ready: VecDeque<u8>,
}

impl<R: Read, H: FnMut(Vec<u8>) -> Vec<u8>> CommandInput<R, H> {
    pub(in crate::mutant) fn new(input: R, hears: H) -> Self {
        Self { lines: BufReader::new(input), hears, ready: VecDeque::new() }
    }
}

impl<R: Read, H: FnMut(Vec<u8>) -> Vec<u8>> Read for CommandInput<R, H> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.ready.is_empty() {
            let mut line = Vec::new();
            if self.lines.read_until(b'\n', &mut line)? == 0 {
                return Ok(0);
            }
            self.ready.extend((self.hears)(line));
        }
        self.ready.read(buffer)
    }
}

pub(super) fn commanded(mutant: &str, line: Vec<u8>) -> Vec<u8> {
    let mut command: Value = serde_json::from_slice(&line).unwrap_or_default();
    let name = command["do"].as_str().unwrap_or_default();
    let payload = command["payload"].as_str();
    match (mutant, name, payload) {
        ("ignores-stop", "stop", _) | ("one-code-only", "join", _) => Vec::new(),
        ("trims", "send", Some(payload)) => {
            command["payload"] = payload.trim().into();
            format!("{command}\n").into_bytes()
        }
        ("sends-twice", "send", _) => line.repeat(2),
        _ => line,
    }
}

fn error() -> Vec<u8> {
    format!("{}\n", json!({ "event": "error", "code": "NONE", "message": "There was none." })).into_bytes()
}

/// Events of the client, as the mutant changes them.
pub(super) struct EventOutput<W> {
    output: W,
    mutant: &'static str,
    line: Vec<u8>,
    held: Vec<u8>,
    code: Option<Value>,
    events: usize,
    was_lost: bool,
}

impl<W: Write> EventOutput<W> {
    pub(super) fn new(mut output: W, chosen: SelectedMutant) -> Self {
        let untimely = match chosen.mutant.name {
            "connected-at-once" => "{\"event\":\"connected\"}\n",
            "lost-at-once" => "{\"event\":\"disconnected\"}\n",
            _ => "",
        };
        _ = output.write_all(untimely.as_bytes()).and_then(|()| output.flush());
        let (line, held) = (Vec::new(), Vec::new());
        Self { output, mutant: chosen.mutant.name, line, held, code: None, events: 0, was_lost: false }
    }

    fn outgoing(&mut self, line: Vec<u8>) -> Vec<u8> {
        let event: Value = serde_json::from_slice(&line).unwrap_or_default();
        let name = event["event"].as_str().unwrap_or_default().to_owned();
        self.events += 1;
        let payload = event["payload"].as_str().unwrap_or_default().to_owned();
        let with = |member: &str, value: Value| {
            let mut event = event.clone();
            event[member] = value;
            format!("{event}\n").into_bytes()
        };
        match position::read(self.mutant) {
            ("hides-event", at) if at == self.events => return Vec::new(),
            ("repeats-event", at) if at == self.events => return line.repeat(2),
            ("invents-error", at) if at == self.events => return [line, error()].concat(),
            _ => {}
        }
        match (self.mutant, &*name) {
            ("never-flushes", _) => Vec::new(),
            ("half-a-line", _) => line.into_iter().take(12).collect(),
            ("silent-loss", "disconnected")
            | ("never-reconnected", "reconnected")
            | ("gives-up-silently", "gave_up")
            | ("ignores-the-unknown", "unsupported")
            | ("hides-errors" | "hides-refusals" | "silent-failure", "error")
            | ("hides-data", "data")
            | ("hides-connections", "connected") => Vec::new(),
            ("silent-later-loss", "disconnected") if std::mem::replace(&mut self.was_lost, true) => Vec::new(),
            ("reconnected-at-first", "connected") if self.events == 1 => {
                [&line[..], b"{\"event\":\"reconnected\"}\n"].concat()
            }
            ("reports-late", "connected") => {
                self.held = line;
                Vec::new()
            }
            ("reports-late", _) if !self.held.is_empty() => [line, std::mem::take(&mut self.held)].concat(),
            ("malformed-event", _) if self.events == 2 => {
                format!("{}\n", json!({ "event": name, "kode": 1 })).into_bytes()
            }
            ("another-command", "unsupported") => with("do", "another".into()),
            ("hangs-on-failures", "result") if !event["error"].is_null() => Vec::new(),
            ("cuts-at-nul", "data") => with("payload", payload.split('\0').next().into()),
            ("loses-astral", "data") => with("payload", payload.replace(|c: char| c > '\u{FFFF}', "?").into()),
            ("loses-empty", "data") if payload.is_empty() => Vec::new(),
            ("shows-twice", "data") => line.repeat(2),
            ("shows-one-code", "registered") => {
                let code = self.code.get_or_insert_with(|| event["code"].clone()).clone();
                with("code", code)
            }
            _ => line,
        }
    }
}

impl<W: Write> Write for EventOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line = self.line.drain(..=end).collect();
            let reported = self.outgoing(line);
            self.output.write_all(&reported)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }
}
