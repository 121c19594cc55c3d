//! Mutants as data: each with the function that changes messages, in either encoding.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relayspec::family::Packing;
use relayspec::tunnel::FAMILY;
use serde_json::{Map, Value, json};

use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) struct Rule<L> {
    pub(super) mutant: Mutant,
    /// The direction that it changes; `None` for both.
    flow: Option<Flow>,
    does: RuleEffect<L>,
}

/// What happens to a frame; `None` to forward it.
pub(super) type RuleEffect<L> = fn(&mut L, &TunnelFrame<'_>, &mut Links) -> Option<Effect>;

impl<L> Rule<L> {
    pub(super) const fn received(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: RuleEffect<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), flow: Some(Flow::In), does }
    }

    pub(super) const fn sent(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: RuleEffect<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), flow: Some(Flow::Out), does }
    }

    pub(super) const fn both(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: RuleEffect<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), flow: None, does }
    }

    pub(super) const fn other(name: &'static str, breaks: &'static [&'static str], line: &'static str) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), flow: None, does: |_, _, _| None }
    }

    pub(super) const fn causing(mut self, causes: &'static [&'static str]) -> Self {
        self.mutant = self.mutant.causing(causes);
        self
    }

    pub(super) const fn starving(mut self) -> Self {
        self.mutant = self.mutant.starving();
        self
    }

    pub(super) fn apply(&self, link: &mut L, observed: &TunnelFrame<'_>, state: &mut Links) -> Option<Effect> {
        (self.flow.is_none() || self.flow == Some(observed.flow)).then(|| (self.does)(link, observed, state)).flatten()
    }
}

/// Declares the tables of a link and their mutants, and perhaps other mutants after them.
macro_rules! tables {
    ($link:ty: $($module:ident::$table:ident),* $(; and $other:ident::$mutants:ident)?) => {
        pub(crate) static MUTANTS: &[&[Mutant]] = &[
            $(&rule::mutants::<$link, { $module::$table.len() }>($module::$table),)*
            $($other::$mutants)?
        ];

        const RULES: &[&[Rule<$link>]] = &[$($module::$table),*];
    };
}
pub(super) use tables;

pub(super) const fn mutants<L, const N: usize>(rules: &[Rule<L>]) -> [Mutant; N] {
    let mut all = [Mutant::new("", &[], ""); N];
    let mut at = 0;
    while at < N {
        all[at] = rules[at].mutant;
        at += 1;
    }
    all
}

pub(super) struct TunnelFrame<'a> {
    pub(super) flow: Flow,
    pub(super) frame: &'a Frame,
    /// The JSON form of the message; null if there is none.
    pub(super) message: &'a Value,
    pub(super) kind: &'a str,
}

impl TunnelFrame<'_> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    pub(super) fn data(&self, name: &str) -> &Value {
        &self.message["data"][name]
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.data(name).as_str().unwrap_or_default()
    }

    pub(super) fn body(&self) -> Vec<u8> {
        BASE64.decode(self.text("body")).unwrap_or_default()
    }

    pub(super) fn whole(&self) -> Effect {
        Effect::whole(self.frame)
    }

    pub(super) fn ended(&self, code: u16) -> Option<Effect> {
        Some(Effect::ended(self.frame, code))
    }

    pub(super) fn drops(&self, kind: &str) -> Option<Effect> {
        self.drops_if(self.is(kind))
    }

    pub(super) fn drops_if(&self, it_does: bool) -> Option<Effect> {
        it_does.then(Effect::nothing)
    }

    /// Replaces the message, in the same encoding.
    pub(super) fn instead(&self, message: &Value) -> Effect {
        Effect { onward: vec![frame(message, self.frame)], ..Effect::default() }
    }

    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> Option<Effect> {
        let mut message = self.message.clone();
        *message.get_mut("data")?.as_object_mut()?.entry(name).or_insert(Value::Null) = value.into();
        Some(self.instead(&message))
    }

    /// Rewrites a text member of a message of this kind; `None` if nothing changes.
    pub(super) fn rewritten(&self, kind: &str, name: &str, write: impl Fn(&str) -> String) -> Option<Effect> {
        let (old, new) = (self.text(name), write(self.text(name)));
        (self.is(kind) && old != new).then(|| self.with(name, new)).flatten()
    }

    /// Rewrites the headers of a message of this kind; `None` if nothing changes.
    pub(super) fn reheaded(&self, kind: &str, change: impl Fn(&mut Map<String, Value>)) -> Option<Effect> {
        let mut headers = self.data("headers").clone();
        change(headers.as_object_mut()?);
        (self.is(kind) && headers != *self.data("headers")).then(|| self.with("headers", headers)).flatten()
    }

    /// Rewrites the body of a message of this kind; `None` if nothing changes.
    pub(super) fn rebodied(&self, kind: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Option<Effect> {
        let (old, new) = (self.body(), change(self.body()));
        (self.is(kind) && old != new).then(|| self.with("body", BASE64.encode(new))).flatten()
    }

    pub(super) fn reply(&self, message: &Value) -> Frame {
        frame(message, &Frame { masked: !self.frame.masked, ..self.frame.clone() })
    }
}

/// A message in the encoding of another, masked like it.
pub(super) fn frame(message: &Value, like: &Frame) -> Frame {
    let payload = match like.head {
        BINARY => (packing(like.masked).pack)(message),
        _ => message.to_string().into_bytes(),
    };
    Frame { payload, head: if like.head == BINARY { BINARY } else { TEXT }, masked: like.masked }
}

/// The JSON form of a message; null if there is none.
pub(super) fn read(frame: &Frame) -> Value {
    match frame.head {
        TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
        BINARY => (packing(frame.masked).json)(&frame.payload).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// The encoding of an agent's messages, if the frame is masked, or of the cloud's.
fn packing(is_agents: bool) -> Packing {
    let from = if is_agents { "agent" } else { "cloud" };
    let channel = FAMILY.channels.iter().find(|channel| channel.direction.from == from);
    let none = Packing { json: |_| Ok(Value::Null), pack: |_| Vec::new() };
    channel.and_then(|channel| channel.binary).and_then(|binary| binary.packing).unwrap_or(none)
}

pub(super) fn joined(headers: &mut Map<String, Value>) {
    for value in headers.values_mut() {
        if let Some(values) = value.as_array().filter(|values| values.iter().all(Value::is_string)) {
            *value = values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into();
        }
    }
}

/// A body after a lossy conversion to text.
pub(super) fn lossy(body: Vec<u8>) -> Vec<u8> {
    String::from_utf8_lossy(&body).into_owned().into_bytes()
}

pub(super) fn error(id: &Value, code: impl Into<Value>) -> Value {
    json!({ "type": "Error", "data": { "request_id": id, "error": "It went wrong.", "code": code.into() } })
}

pub(super) fn now() -> u128 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed().as_millis()
}

/// Prints a line to standard error, bypassing the log.
pub(super) fn print(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
