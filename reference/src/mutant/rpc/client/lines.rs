//! What a mutant does with the lines between an rpc client and its driver.

use std::fmt;
use std::io::{Result, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{ClientState, SessionStatus};
use crate::mutant::rpc::pass::locked;

/// Records a command with the state of the connection.
pub(super) fn note(mutant: &str, state: &Mutex<ClientState>, line: &[u8]) {
    let mut command: Value = serde_json::from_slice(line).unwrap_or_default();
    let mut state = locked(state);
    match (command["do"].as_str(), state.up) {
        (Some("call"), SessionStatus::Away) => {
            state.missed.extend(serde_json::from_value(command["message"].take()).ok());
        }
        (Some("call"), SessionStatus::Opening) => state.waiting += 1,
        (Some(""), _) => state.leaves = mutant == "leaves-at-the-nameless",
        _ => {}
    }
}

/// The shared output for the client's user.
#[derive(Clone)]
pub(super) struct SharedOutput(Arc<Mutex<dyn Write + Send>>);

impl SharedOutput {
    pub(super) fn new(output: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }
}

impl Write for SharedOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        locked(&self.0).write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        locked(&self.0).flush()
    }
}

impl fmt::Debug for SharedOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedOutput")
    }
}

/// The number of reported failures before one is reported twice.
const MANY: usize = 9;

pub(super) struct RpcEventOutput<W> {
    output: W,
    line: Vec<u8>,
    failures: usize,
    latest: Value,
}

impl<W: Write> RpcEventOutput<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output, line: Vec::new(), failures: 0, latest: Value::Null }
    }

    fn outgoing(&mut self, line: Vec<u8>) -> Vec<u8> {
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

impl<W: Write> Write for RpcEventOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let reported = self.outgoing(line);
                self.output.write_all(&reported)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }
}
