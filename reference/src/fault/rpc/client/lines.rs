//! What a fault makes of the lines between an rpc client and its driver.

use std::collections::VecDeque;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{House, Up};
use crate::fault::rpc::pass::locked;

/// Calls that the client's user makes are noted, with how the connection is at that time.
pub(super) struct Input<R> {
    lines: BufReader<R>,
    fault: &'static str,
    house: Arc<Mutex<House>>,
    ready: VecDeque<u8>,
}

impl<R: Read> Input<R> {
    pub(super) fn new(input: R, fault: &'static str, house: Arc<Mutex<House>>) -> Self {
        Self { lines: BufReader::new(input), fault, house, ready: VecDeque::new() }
    }
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.ready.is_empty() {
            let mut line = Vec::new();
            if self.lines.read_until(b'\n', &mut line)? == 0 {
                return Ok(0);
            }
            self.note(&line);
            self.ready.extend(line);
        }
        self.ready.read(buffer)
    }
}

impl<R> Input<R> {
    fn note(&self, line: &[u8]) {
        let mut command: Value = serde_json::from_slice(line).unwrap_or_default();
        if command["do"] == "" && self.fault == "leaves-at-the-nameless" {
            locked(&self.house).leaves = true;
        }
        if command["do"] != "call" {
            return;
        }
        let mut house = locked(&self.house);
        match house.up {
            Up::Away => house.missed.extend(serde_json::from_value(command["message"].take()).ok()),
            Up::Opening => house.waiting += 1,
            Up::Open => {}
        }
    }
}

/// Where the client's user is told of things by whoever has something to tell.
#[derive(Clone)]
pub(super) struct Voice(Arc<Mutex<dyn Write + Send>>);

impl Voice {
    pub(super) fn new(output: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }
}

impl Write for Voice {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        locked(&self.0).write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        locked(&self.0).flush()
    }
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Voice")
    }
}

/// How many failures are told rightly before one is told twice.
const MANY: usize = 9;

/// What the client's user is told.
pub(super) struct Output<W> {
    output: W,
    line: Vec<u8>,
    failures: usize,
    /// The id of the failure that was told last.
    latest: Value,
}

impl<W: Write> Output<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, line: Vec::new(), failures: 0, latest: Value::Null }
    }

    fn told(&mut self, line: Vec<u8>) -> Vec<u8> {
        let mut event: Value = serde_json::from_slice(&line).unwrap_or_default();
        if event["event"] != "result" || event["error"].is_null() {
            return line;
        }
        self.failures += 1;
        let id = std::mem::replace(&mut self.latest, event["id"].clone());
        if self.failures != MANY + 1 {
            return line;
        }
        event["id"] = id;
        format!("{event}\n").into_bytes()
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let told = self.told(line);
                self.output.write_all(&told)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }
}
