//! Rows of the tables: a mutant, and what it makes of what goes by. Messages are read and written in either encoding.

use std::sync::LazyLock;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relayspec::family::Packing;
use relayspec::tunnel::FAMILY;
use serde_json::{Map, Value, json};

use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::{BINARY, Frame, TEXT};

/// A mutant of a link `L`.
pub(super) struct Rule<L> {
    pub(super) mutant: Mutant,
    /// Which way goes what it alters; nothing where both may.
    way: Option<Way>,
    does: Does<L>,
}

/// What comes of a frame; nothing where it passes as it is.
pub(super) type Does<L> = fn(&mut L, &Seen<'_>, &mut House) -> Option<Said>;

impl<L> Rule<L> {
    /// A mutant in what the reference hears.
    pub(super) const fn heard(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: Does<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), way: Some(Way::In), does }
    }

    /// A mutant in what the reference says.
    pub(super) const fn told(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: Does<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), way: Some(Way::Out), does }
    }

    /// A mutant in both.
    pub(super) const fn both(
        name: &'static str,
        breaks: &'static [&'static str],
        line: &'static str,
        does: Does<L>,
    ) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), way: None, does }
    }

    /// A mutant in something else than frames.
    pub(super) const fn other(name: &'static str, breaks: &'static [&'static str], line: &'static str) -> Self {
        Self { mutant: Mutant::new(name, breaks, line), way: None, does: |_, _, _| None }
    }

    pub(super) const fn causing(mut self, causes: &'static [&'static str]) -> Self {
        self.mutant = self.mutant.causing(causes);
        self
    }

    pub(super) const fn starving(mut self) -> Self {
        self.mutant = self.mutant.starving();
        self
    }

    pub(super) fn apply(&self, link: &mut L, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        (self.way.is_none() || self.way == Some(seen.way)).then(|| (self.does)(link, seen, house)).flatten()
    }
}

/// The tables of a link: its rules, and with them its mutants. Mutants of something else may stand behind them.
macro_rules! tables {
    ($link:ty: $($module:ident::$table:ident),* $(; and $other:ident::$mutants:ident)?) => {
        /// The mutants, table by table.
        pub(crate) static MUTANTS: &[&[Mutant]] = &[
            $(&rule::mutants::<$link, { $module::$table.len() }>($module::$table),)*
            $($other::$mutants)?
        ];

        const RULES: &[&[Rule<$link>]] = &[$($module::$table),*];
    };
}
pub(super) use tables;

/// The mutants of a table.
pub(super) const fn mutants<L, const N: usize>(rules: &[Rule<L>]) -> [Mutant; N] {
    let mut all = [Mutant::new("", &[], ""); N];
    let mut at = 0;
    while at < N {
        all[at] = rules[at].mutant;
        at += 1;
    }
    all
}

/// A frame that goes by.
pub(super) struct Seen<'a> {
    pub(super) way: Way,
    pub(super) frame: &'a Frame,
    /// The message in its JSON form; null where it is none.
    pub(super) message: &'a Value,
    pub(super) kind: &'a str,
}

impl Seen<'_> {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// A member of its data; null where there is none.
    pub(super) fn data(&self, name: &str) -> &Value {
        &self.message["data"][name]
    }

    /// A member of its data that is a string; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.data(name).as_str().unwrap_or_default()
    }

    /// The body, decoded; empty where there is none.
    pub(super) fn body(&self) -> Vec<u8> {
        BASE64.decode(self.text("body")).unwrap_or_default()
    }

    pub(super) fn whole(&self) -> Said {
        Said::whole(self.frame)
    }

    /// The connection ends with a code.
    pub(super) fn ended(&self, code: u16) -> Option<Said> {
        Some(Said::ended(self.frame, code))
    }

    /// Nothing comes of a message of this kind.
    pub(super) fn drops(&self, kind: &str) -> Option<Said> {
        self.drops_if(self.is(kind))
    }

    /// Nothing comes of it.
    pub(super) fn drops_if(&self, it_does: bool) -> Option<Said> {
        it_does.then(Said::nothing)
    }

    /// Another message in its place, in the same encoding.
    pub(super) fn instead(&self, message: &Value) -> Said {
        Said { onward: vec![frame(message, self.frame)], ..Said::default() }
    }

    /// The message with another value of a member of its data.
    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> Option<Said> {
        let mut message = self.message.clone();
        *message.get_mut("data")?.as_object_mut()?.entry(name).or_insert(Value::Null) = value.into();
        Some(self.instead(&message))
    }

    /// The message with another text as a member, if it is one of this kind and the text changes.
    pub(super) fn rewritten(&self, kind: &str, name: &str, write: impl Fn(&str) -> String) -> Option<Said> {
        let (old, new) = (self.text(name), write(self.text(name)));
        (self.is(kind) && old != new).then(|| self.with(name, new)).flatten()
    }

    /// The message with other headers, if it is one of this kind and they change.
    pub(super) fn reheaded(&self, kind: &str, change: impl Fn(&mut Map<String, Value>)) -> Option<Said> {
        let mut headers = self.data("headers").clone();
        change(headers.as_object_mut()?);
        (self.is(kind) && headers != *self.data("headers")).then(|| self.with("headers", headers)).flatten()
    }

    /// The message with another body, if it is one of this kind and it changes.
    pub(super) fn rebodied(&self, kind: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Option<Said> {
        let (old, new) = (self.body(), change(self.body()));
        (self.is(kind) && old != new).then(|| self.with("body", BASE64.encode(new))).flatten()
    }

    /// An answer to who says this, of the other side.
    pub(super) fn reply(&self, message: &Value) -> Frame {
        frame(message, &Frame { masked: !self.frame.masked, ..self.frame.clone() })
    }
}

/// A message in the encoding of another, and from the same side.
pub(super) fn frame(message: &Value, like: &Frame) -> Frame {
    let payload = match like.head {
        BINARY => (packing(like.masked).pack)(message),
        _ => message.to_string().into_bytes(),
    };
    Frame { payload, head: if like.head == BINARY { BINARY } else { TEXT }, masked: like.masked }
}

/// A message in its JSON form; null where it is none.
pub(super) fn read(frame: &Frame) -> Value {
    match frame.head {
        TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
        BINARY => (packing(frame.masked).json)(&frame.payload).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// How messages are packed: of an agent, whose frames are masked, or of a cloud.
fn packing(is_agents: bool) -> Packing {
    let from = if is_agents { "agent" } else { "cloud" };
    let channel = FAMILY.channels.iter().find(|channel| channel.direction.from == from);
    let none = Packing { json: |_| Ok(Value::Null), pack: |_| Vec::new() };
    channel.and_then(|channel| channel.binary).and_then(|binary| binary.packing).unwrap_or(none)
}

/// Lines of one name in one, as a careless server has them.
pub(super) fn joined(headers: &mut Map<String, Value>) {
    for value in headers.values_mut() {
        if let Some(values) = value.as_array().filter(|values| values.iter().all(Value::is_string)) {
            *value = values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into();
        }
    }
}

/// A body that went through a string.
pub(super) fn lossy(body: Vec<u8>) -> Vec<u8> {
    String::from_utf8_lossy(&body).into_owned().into_bytes()
}

/// The text of `Error` about a request.
pub(super) fn error(id: &Value, code: impl Into<Value>) -> Value {
    json!({ "type": "Error", "data": { "request_id": id, "error": "It went wrong.", "code": code.into() } })
}

/// Milliseconds since the first call.
pub(super) fn now() -> u128 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed().as_millis()
}
