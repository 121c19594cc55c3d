//! Binary messages as scenarios write them: parts that are joined, texts in UTF-8 and bytes in hexadecimal.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::term::{Kind, LONGEST_TEXT, Term, Variables};

/// The bytes of a binary message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Bytes(Vec<Part>);

/// One part of them.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// Bytes as they are, so many times.
    Hex(Vec<u8>, usize),
    /// A string in UTF-8.
    Text(Term),
    /// Whatever bytes, or none (only in what is expected, and only once).
    Anything,
}

/// The bytes that are expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// How they begin.
    pub head: Vec<u8>,
    /// How they end, where anything may stand in between; without it they are the head and nothing else.
    pub tail: Option<Vec<u8>>,
}

impl Bytes {
    /// The bytes, with every variable filled in.
    ///
    /// # Errors
    /// Where a variable has no value, or anything will do.
    pub fn fill(&self, variables: &dyn Variables) -> Result<Vec<u8>, String> {
        match self.wanted(variables)? {
            Wanted { head, tail: None } => Ok(head),
            Wanted { tail: Some(_), .. } => Err(MATCHER.to_owned()),
        }
    }

    /// What has to come, with every variable filled in.
    ///
    /// # Errors
    /// Where a variable has no value.
    pub fn wanted(&self, variables: &dyn Variables) -> Result<Wanted, String> {
        let mut wanted = Wanted { head: Vec::new(), tail: None };
        for part in &self.0 {
            let bytes = match part {
                Part::Hex(bytes, times) => bytes.repeat(*times),
                Part::Text(term) => match term.fill(variables)? {
                    Value::String(text) => text.into_bytes(),
                    other => other.to_string().into_bytes(),
                },
                Part::Anything => {
                    wanted.tail = Some(Vec::new());
                    continue;
                }
            };
            wanted.tail.as_mut().unwrap_or(&mut wanted.head).extend(bytes);
        }
        Ok(wanted)
    }

    /// Why they cannot be sent, whatever the variables are.
    ///
    /// # Errors
    /// Where anything will do.
    pub(super) fn is_definite(&self) -> Result<(), String> {
        if self.0.contains(&Part::Anything) { Err(MATCHER.to_owned()) } else { Ok(()) }
    }

    /// Calls `see` with the name of every variable.
    pub fn each_variable(&self, see: &mut dyn FnMut(&str)) {
        for part in &self.0 {
            if let Part::Text(term) = part {
                term.each_variable(see);
            }
        }
    }
}

const MATCHER: &str = "`{\"is\":\"anything\"}` is a matcher: it goes with what is expected, not with what is sent";

impl Wanted {
    /// Compares with what came.
    ///
    /// # Errors
    /// The first place where it differs, in words.
    pub fn compare(&self, got: &[u8]) -> Result<(), String> {
        let Some(tail) = &self.tail else { return differs(&self.head, got, 0) };
        let begins = &got[..got.len().min(self.head.len())];
        differs(&self.head, begins, 0)?;
        let rest = &got[self.head.len()..];
        let from = rest.len().saturating_sub(tail.len());
        differs(tail, &rest[from..], self.head.len() + from)
    }
}

/// Tells the first byte that is another one; `before` bytes stand in front.
fn differs(expected: &[u8], got: &[u8], before: usize) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).take_while(|(one, other)| one == other).count();
    let length = |bytes: &[u8]| before + bytes.len();
    let lengths = if expected.len() == got.len() {
        format!("of {} bytes", length(got))
    } else {
        format!("it has {} bytes there instead of {}", length(got), length(expected))
    };
    let (expected, got) = (around(expected, at), around(got, at));
    Err(format!("the binary message differs at byte {} ({lengths}): expected {expected}, got {got}", before + at))
}

/// A little of the bytes around a place, in hexadecimal.
fn around(bytes: &[u8], at: usize) -> String {
    const BEFORE: usize = 4;
    const BEHIND: usize = 12;
    let (from, to) = (at.saturating_sub(BEFORE), (at + BEHIND).min(bytes.len()));
    let mut shown = if from > 0 { "…".to_owned() } else { String::new() };
    for (place, byte) in bytes.iter().enumerate().take(to).skip(from) {
        let gap = if place > from { " " } else { "" };
        let _ = if place == at { write!(shown, "{gap}[{byte:02x}]") } else { write!(shown, "{gap}{byte:02x}") };
    }
    if at >= bytes.len() {
        shown.push_str(if bytes.is_empty() { "nothing" } else { " and no more" });
    } else if to < bytes.len() {
        shown.push('…');
    }
    shown
}

impl TryFrom<Value> for Bytes {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let parts = match value {
            Value::Array(parts) => parts,
            one => vec![one],
        };
        let parts: Vec<Part> = parts.into_iter().map(Part::try_from).collect::<Result<_, _>>()?;
        if parts.iter().filter(|part| **part == Part::Anything).count() > 1 {
            return Err("`{ is: anything }` stands in a binary message once at most".to_owned());
        }
        Ok(Self(parts))
    }
}

impl TryFrom<Value> for Part {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let told = value.to_string();
        if let Value::Object(members) = &value
            && let (1 | 2, Some(digits), times) = (members.len(), members.get("hex"), members.get("times"))
            && (members.len() == 1) == times.is_none()
        {
            let bytes = hex(digits.as_str().ok_or("`hex` takes a string")?)?;
            let times = times.map_or(Some(1), Value::as_u64).ok_or("`times` takes a whole number")? as usize;
            if bytes.len().saturating_mul(times) > LONGEST_TEXT {
                return Err(format!("`times` makes more than {LONGEST_TEXT} bytes"));
            }
            return Ok(Self::Hex(bytes, times));
        }
        match Term::try_from(value)? {
            Term::Is(Kind::Anything) => Ok(Self::Anything),
            term @ (Term::Text(_) | Term::Variable(_) | Term::Repeat { .. } | Term::Change { .. }) => {
                Ok(Self::Text(term))
            }
            _ => Err(format!(
                "{told} is no part of a binary message: write a string, or {{ hex: \"00 ff\" }}; where it is expected also {{ is: anything }}"
            )),
        }
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        let part = |part: Part| match part {
            Part::Text(term) => Self::from(term),
            Part::Anything => Self::from(Term::Is(Kind::Anything)),
            Part::Hex(bytes, times) => {
                let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let digits = digits.join(" ");
                if times == 1 { json!({ "hex": digits }) } else { json!({ "hex": digits, "times": times }) }
            }
        };
        bytes.0.into_iter().map(part).collect()
    }
}

/// Reads hexadecimal text; blanks are skipped.
///
/// # Errors
/// Where it is none.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{text}` is no hexadecimal text of whole bytes");
    let digits: Option<Vec<u8>> =
        text.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2)).ok_or_else(wrong)?;
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

impl schemars::JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let hex = json!({
            "type": "object",
            "properties": {
                "hex": { "type": "string", "pattern": "^( *[0-9a-fA-F] *[0-9a-fA-F])* *$" },
                "times": { "type": "integer", "minimum": 0 }
            },
            "required": ["hex"],
            "additionalProperties": false
        });
        let text = json!({
            "type": "object",
            "anyOf": [{ "required": ["repeat", "times"] }, { "required": ["change", "of"] }, { "required": ["is"] }]
        });
        let part = json!({ "anyOf": [{ "type": "string" }, hex, text] });
        schemars::json_schema!({
            "description": "A binary message: a part, or a list of parts that are joined. A part is a string with holes, as UTF-8; { hex: \"00 ff\" }, or so many times as in { hex: \"00 ff\", times: 512 }; { repeat: text, times: n }; { change: …, of: text }; and, once in what is expected, { is: anything }.",
            "anyOf": [part.clone(), { "type": "array", "items": part }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Bindings;

    fn bytes(value: Value) -> Bytes {
        value.clone().try_into().unwrap_or_else(|error| panic!("{value}: {error}"))
    }

    #[test]
    fn parts_are_joined() {
        let variables = Bindings::from([("id".to_owned(), json!("é")), ("n".to_owned(), json!(7))]);
        for (written, joined) in [
            (json!([]), &b""[..]),
            (json!("ls\n"), b"ls\n"),
            (json!([{ "hex": "01 fF" }, "$id", " ${n}", "$n"]), b"\x01\xff\xc3\xa9 77"),
            (json!({ "repeat": "ab", "times": 3 }), b"ababab"),
        ] {
            let read = bytes(written.clone());
            assert_eq!(read.fill(&variables).as_deref(), Ok(joined), "{written}");
            assert_eq!(bytes(Value::from(read.clone())), read, "{written}");
        }
        assert!(bytes(json!("$unknown")).fill(&variables).is_err());
        assert!(bytes(json!({ "is": "anything" })).fill(&variables).is_err());
        let any = json!({ "is": "anything" });
        for wrong in
            [json!(1), json!([null]), json!([["a"]]), json!({ "hex": "0" }), json!({ "is": "text" }), json!([any, any])]
        {
            assert!(Bytes::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_difference_is_told() {
        let any = || json!({ "is": "anything" });
        for (expected, got, told) in [
            (json!("abc"), &b"abc"[..], ""),
            (json!(["a", any(), "c"]), b"ac", ""),
            (json!(["a", any(), "c"]), b"abbc", ""),
            (
                json!("abc"),
                b"abd",
                "the binary message differs at byte 2 (of 3 bytes): expected 61 62 [63], got 61 62 [64]",
            ),
            (
                json!("ab"),
                b"",
                "the binary message differs at byte 0 (it has 0 bytes there instead of 2): expected [61] 62, got nothing",
            ),
            (
                json!("0123456"),
                b"01234567",
                "the binary message differs at byte 7 (it has 8 bytes there instead of 7): expected …33 34 35 36 and no more, got …33 34 35 36 [37]",
            ),
            (
                json!(["ab", any(), "bc"]),
                b"abc",
                "the binary message differs at byte 2 (it has 3 bytes there instead of 4): expected [62] 63, got [63]",
            ),
        ] {
            let wanted = bytes(expected.clone()).wanted(&Bindings::new()).expect("no variables");
            assert_eq!(wanted.compare(got).err().unwrap_or_default(), told, "{expected}");
        }
    }
}
