//! What a model writes: steps of a scenario, as values in the form that `docs/scenarios.md` describes.

use std::time::Duration;

use serde_json::{Value, json};

/// Steps, and what their player has to know of the time that they take.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The steps in order, each an object whose only member bears the step's name.
    pub steps: Vec<Value>,
    /// The longest that a step waits for anything, and how scenarios write it.
    pub longest_wait: Option<(Duration, String)>,
    /// How long the steps wait in all.
    pub waits: Duration,
    /// The model knows no time: what it says holds where everything but the waiting takes less than this.
    pub holds_for: Option<Duration>,
}

/// The check of a Ping frame's answer.
pub const PONG: &str = "WIRE-04 ping-frame-is-answered";

/// A text as scenarios write it: without holes.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

impl Script {
    /// Adds a step.
    pub fn step(&mut self, name: &str, keys: Value) {
        self.steps.push(json!({ name: keys }));
    }

    /// A client connects, which `check` judges.
    pub fn connect(&mut self, name: &str, to: &str, check: &str) {
        self.step("connect", json!({ "as": name, "to": to, "check": check }));
    }

    /// A client sends a message.
    pub fn send(&mut self, on: &str, message: Value) {
        self.step("send", json!({ "on": on, "json": message }));
    }

    /// A client sends a message that it may not send.
    pub fn send_invalid(&mut self, on: &str, message: Value) {
        self.step("send", json!({ "on": on, "json": message, "invalid": "on purpose" }));
    }

    /// A client sends a text that is no message.
    pub fn send_text(&mut self, on: &str, text: &str) {
        self.step("send", json!({ "on": on, "text": literal(text), "invalid": "on purpose" }));
    }

    /// This message has to come next.
    pub fn expect(&mut self, on: &str, message: Value, check: &str) {
        self.step("expect", json!({ "on": on, "json": message, "check": check }));
    }

    /// This message has to come next, but for such that match `skipping`.
    pub fn expect_past(&mut self, on: &str, message: Value, skipping: Value, check: &str) {
        self.step("expect", json!({ "on": on, "json": message, "skipping": skipping, "check": check }));
    }

    /// One of these messages has to come next.
    pub fn expect_one(&mut self, on: &str, messages: &[Value], check: &str) {
        let choices: Vec<_> = messages.iter().map(|message| json!({ "json": message })).collect();
        self.step("expect", json!({ "on": on, "any_of": choices, "check": check }));
    }

    /// A Close frame has to come next, with one of these codes where there are any.
    pub fn expect_close(&mut self, on: &str, codes: &[u16], check: &str) {
        let close = if codes.is_empty() { json!({}) } else { json!({ "code": codes }) };
        self.step("expect", json!({ "on": on, "close": close, "check": check }));
    }

    /// The story waits for a span, which is so long.
    pub fn wait(&mut self, span: &str, length: Duration) {
        self.step("wait", json!({ "for": span }));
        self.waits_for(span, length);
    }

    /// The step that was written last waits for so long.
    pub fn waits_for(&mut self, span: &str, length: Duration) {
        self.waits += length;
        if self.longest_wait.as_ref().is_none_or(|(longest, _)| *longest < length) {
            self.longest_wait = Some((length, span.to_owned()));
        }
    }

    /// A connection ends, in one of five ways: by a Close frame with a code, with code and reason, or without, by FIN, or by RST. What the
    /// server has to do on that very connection is checked; true where it has then seen the end.
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

    /// A Ping frame, and its answer; nothing but what matches `skipping` may come before it.
    pub fn ping_frame(&mut self, on: &str, text: &str, skipping: Option<Value>, check: &str) {
        self.step("send", json!({ "on": on, "ping": text }));
        let mut expected = json!({ "on": on, "pong": text, "check": check });
        if let Some(skipping) = skipping {
            expected["skipping"] = skipping;
        }
        self.step("expect", expected);
    }

    /// A violation of RFC 6455, and the end that it brings.
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

    /// The steps, so many times one after the other; the variable counts from 1.
    pub fn in_turn(&mut self, counter: &str, count: u32, steps: Vec<Value>) {
        self.step("many", json!({ "as": counter, "count": count, "at_once": 1, "steps": steps }));
    }

    /// The steps, so many times at once; the variable counts from 1.
    pub fn at_once(&mut self, counter: &str, count: u32, steps: Vec<Value>) {
        self.step("many", json!({ "as": counter, "count": count, "steps": steps }));
    }

    /// The steps that are written by `write`, for use inside others.
    #[must_use]
    pub fn inner(write: impl FnOnce(&mut Self)) -> Vec<Value> {
        let mut script = Self::default();
        write(&mut script);
        script.steps
    }
}
