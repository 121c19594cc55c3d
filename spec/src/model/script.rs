//! The steps that a model writes, as values in the form that `docs/scenarios.md` describes.

use std::time::Duration;

use serde_json::{Value, json};

/// Steps of a scenario, and how long they take.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The steps in order, each an object whose only member is the step's name.
    pub steps: Vec<Value>,
    /// The longest wait of any step, and its notation in scenarios.
    pub longest_wait: Option<(Duration, String)>,
    /// The total time that the steps wait.
    pub waits: Duration,
    /// The model has no clock: its expectations hold if everything but the waiting takes less than this.
    pub holds_for: Option<Duration>,
}

/// The check that a Ping frame is answered.
pub const PONG: &str = "WIRE-04 ping-frame-is-answered";

/// A text as a scenario literal: `$` is escaped.
pub fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

impl Script {
    /// Adds a step.
    pub fn step(&mut self, name: &str, keys: Value) {
        self.steps.push(json!({ name: keys }));
    }

    /// A client connects; `check` covers the handshake.
    pub fn connect(&mut self, name: &str, to: &str, check: &str) {
        self.step("connect", json!({ "as": name, "to": to, "check": check }));
    }

    /// A client sends a message.
    pub fn send(&mut self, on: &str, message: Value) {
        self.step("send", json!({ "on": on, "json": message }));
    }

    /// A client sends an invalid message.
    pub fn send_invalid(&mut self, on: &str, message: Value) {
        self.step("send", json!({ "on": on, "json": message, "invalid": "on purpose" }));
    }

    /// A client sends a text that is not a message.
    pub fn send_text(&mut self, on: &str, text: &str) {
        self.step("send", json!({ "on": on, "text": literal(text), "invalid": "on purpose" }));
    }

    /// The next message must be this one.
    pub fn expect(&mut self, on: &str, message: Value, check: &str) {
        self.step("expect", json!({ "on": on, "json": message, "check": check }));
    }

    /// The next message must be this one, apart from messages that match `skipping`.
    pub fn expect_past(&mut self, on: &str, message: Value, skipping: Value, check: &str) {
        self.step("expect", json!({ "on": on, "json": message, "skipping": skipping, "check": check }));
    }

    /// The next message must be one of these.
    pub fn expect_one(&mut self, on: &str, messages: &[Value], check: &str) {
        let choices: Vec<_> = messages.iter().map(|message| json!({ "json": message })).collect();
        self.step("expect", json!({ "on": on, "any_of": choices, "check": check }));
    }

    /// A Close frame must come next, with one of these codes if there are any.
    pub fn expect_close(&mut self, on: &str, codes: &[u16], check: &str) {
        let close = if codes.is_empty() { json!({}) } else { json!({ "code": codes }) };
        self.step("expect", json!({ "on": on, "close": close, "check": check }));
    }

    /// Waits for a span of this length.
    pub fn wait(&mut self, span: &str, length: Duration) {
        self.step("wait", json!({ "for": span }));
        self.waits_for(span, length);
    }

    /// Records that the latest step waits for this long.
    pub fn waits_for(&mut self, span: &str, length: Duration) {
        self.waits += length;
        if self.longest_wait.as_ref().is_none_or(|(longest, _)| *longest < length) {
            self.longest_wait = Some((length, span.to_owned()));
        }
    }

    /// Ends a connection in one of five ways: a Close frame with code, with code and reason, or empty; FIN; RST. The server's part on this
    /// connection is checked; true if it was observed to the end.
    pub fn lose(&mut self, on: &str, how: u32) -> bool {
        let close = match how % 5 {
            0 => json!({ "on": on, "code": 1000 }),
            1 => json!({ "on": on, "code": 4321, "reason": "good bye" }),
            2 => json!({ "on": on }),
            by => {
                self.step("cut", json!({ "on": on, "by": if by == 3 { "fin" } else { "reset" } }));
                return false;
            }
        };
        self.step("close", close);
        self.expect_close(on, &[], "WIRE-05 close-is-answered");
        self.step("expect", json!({ "on": on, "end": {}, "check": "WIRE-05 tcp-ends" }));
        true
    }

    /// A Ping frame and its answer; only what matches `skipping` may come before it.
    pub fn ping_frame(&mut self, on: &str, text: &str, skipping: Option<Value>, check: &str) {
        self.step("send", json!({ "on": on, "ping": text }));
        let mut expected = json!({ "on": on, "pong": text, "check": check });
        if let Some(skipping) = skipping {
            expected["skipping"] = skipping;
        }
        self.step("expect", expected);
    }

    /// A violation of RFC 6455, which must close the connection.
    pub fn violate(&mut self, on: &str, how: u32) {
        let frames = match how % 15 {
            0 => json!([{ "opcode": "text", "hex": "ff" }]),
            1 => json!([{ "opcode": "text", "text": "{}", "masked": false }]),
            2 => json!([{ "opcode": 3, "text": "{}" }]),
            3 => json!([{ "opcode": "text", "text": "{}", "rsv": 4 }]),
            4 => json!([{ "opcode": 11, "text": "" }]),
            5 => json!([{ "opcode": "text", "text": "{}", "rsv": 1 }]),
            6 => json!([{ "opcode": "text", "hex": "ed a0 80" }]),
            7 => json!([{ "opcode": "text", "text": "{", "fin": false }, { "opcode": "continuation", "hex": "ff" }]),
            8 => json!([{ "opcode": "continuation", "text": "{}" }]),
            9 => json!([{ "opcode": "text", "text": "{", "fin": false }, { "opcode": "text", "text": "{}" }]),
            10 => json!([{ "opcode": "ping", "text": "p".repeat(126) }]),
            11 => json!([{ "opcode": "ping", "text": "p", "fin": false }]),
            12 => json!([{ "opcode": "close", "hex": "03" }]),
            13 => json!([{ "opcode": "close", "hex": "03 ed" }]),
            _ => json!([{ "opcode": "close", "hex": "03 e8 ff" }]),
        };
        for frame in frames.as_array().into_iter().flatten() {
            let mut frame = frame.clone();
            frame["on"] = json!(on);
            frame["invalid"] = json!("against RFC 6455");
            self.step("frame", frame);
        }
        self.expect_close(on, &[1002, 1007], "WIRE-06 violation-closes");
    }

    /// Repeats the steps one run after the other; the variable counts from 1.
    pub fn in_turn(&mut self, counter: &str, count: u32, steps: Vec<Value>) {
        self.step("many", json!({ "as": counter, "count": count, "at_once": 1, "steps": steps }));
    }

    /// Runs the steps this many times at once; the variable counts from 1.
    pub fn at_once(&mut self, counter: &str, count: u32, steps: Vec<Value>) {
        self.step("many", json!({ "as": counter, "count": count, "steps": steps }));
    }

    /// The steps that `write` adds, for use inside other steps.
    pub fn inner(write: impl FnOnce(&mut Self)) -> Vec<Value> {
        let mut script = Self::default();
        write(&mut script);
        script.steps
    }
}
