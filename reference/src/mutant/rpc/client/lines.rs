//! What a mutant makes of the lines between an rpc client and its driver.

use std::fmt;
use std::io::{Result, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{House, Up};
use crate::mutant::rpc::pass::locked;

/// Notes a command of the client's user, with how the connection is at that time.
pub(super) fn note(mutant: &str, house: &Mutex<House>, line: &[u8]) {
    let mut command: Value = serde_json::from_slice(line).unwrap_or_default();
    let mut house = locked(house);
    match (command["do"].as_str(), house.up) {
        (Some("call"), Up::Away) => house.missed.extend(serde_json::from_value(command["message"].take()).ok()),
        (Some("call"), Up::Opening) => house.waiting += 1,
        (Some(""), _) => house.leaves = mutant == "leaves-at-the-nameless",
        _ => {}
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
