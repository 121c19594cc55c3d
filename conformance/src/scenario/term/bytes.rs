//! Binary messages as scenarios write them: joined parts of UTF-8 text and hexadecimal bytes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::error::{BytesError, HexError, TermError};
use super::value::{BytePart, Bytes, Kind, LONGEST_TEXT, Term, Variables};

/// Expected bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedBytes {
    /// How they begin.
    pub head: Vec<u8>,
    /// How they end, if anything may be in between; if `None`, they are exactly the head.
    pub tail: Option<Vec<u8>>,
}

impl Bytes {
    /// The bytes, with every variable filled in.
    ///
    /// # Errors
    /// If a variable has no value, or any bytes are accepted.
    pub fn fill(&self, variables: &dyn Variables) -> Result<Vec<u8>, TermError> {
        match self.expected(variables)? {
            ExpectedBytes { head, tail: None } => Ok(head),
            ExpectedBytes { tail: Some(_), .. } => Err(TermError::Matcher(ANYTHING.to_owned())),
        }
    }

    /// The expected bytes, with every variable filled in.
    ///
    /// # Errors
    /// If a variable has no value.
    pub fn expected(&self, variables: &dyn Variables) -> Result<ExpectedBytes, TermError> {
        let mut expected = ExpectedBytes { head: Vec::new(), tail: None };
        for part in &self.0 {
            let bytes = match part {
                BytePart::Hex(bytes, times) => bytes.repeat(*times),
                BytePart::Text(term) => match term.fill(variables)? {
                    Value::String(text) => text.into_bytes(),
                    other => other.to_string().into_bytes(),
                },
                BytePart::Anything => {
                    expected.tail = Some(Vec::new());
                    continue;
                }
            };
            expected.tail.as_mut().unwrap_or(&mut expected.head).extend(bytes);
        }
        Ok(expected)
    }

    /// Whether they can be sent once every variable has a value.
    ///
    /// # Errors
    /// If any bytes are accepted.
    pub(in crate::scenario) fn is_definite(&self) -> Result<(), BytesError> {
        if self.0.contains(&BytePart::Anything) { Err(BytesError::Matcher) } else { Ok(()) }
    }

    /// Calls `visit` with the name of every variable.
    pub fn each_variable(&self, visit: &mut dyn FnMut(&str)) {
        for part in &self.0 {
            if let BytePart::Text(term) = part {
                term.each_variable(visit);
            }
        }
    }
}

const ANYTHING: &str = r#"{"is":"anything"}"#;

/// How received bytes differ from what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the binary message differs at byte {at} ({lengths}): expected {expected}, got {got}")]
pub struct ByteDifference {
    at: usize,
    lengths: String,
    expected: String,
    got: String,
}

impl ExpectedBytes {
    /// Compares with received bytes.
    ///
    /// # Errors
    /// A description of the first difference.
    pub fn compare(&self, got: &[u8]) -> Result<(), ByteDifference> {
        let Some(tail) = &self.tail else { return differs(&self.head, got, 0) };
        let begins = &got[..got.len().min(self.head.len())];
        differs(&self.head, begins, 0)?;
        let rest = &got[self.head.len()..];
        let from = rest.len().saturating_sub(tail.len());
        differs(tail, &rest[from..], self.head.len() + from)
    }
}

/// Finds the first different byte; `before` bytes precede it.
fn differs(expected: &[u8], got: &[u8], before: usize) -> Result<(), ByteDifference> {
    if expected == got {
        return Ok(());
    }
    let at = expected.iter().zip(got).take_while(|(one, other)| one == other).count();
    let length = |bytes: &[u8]| before + bytes.len();
    let lengths = if expected.len() == got.len() {
        format!("of {} bytes", length(got))
    } else {
        format!("{} bytes instead of {}", length(got), length(expected))
    };
    let (expected, got) = (around(expected, at), around(got, at));
    Err(ByteDifference { at: before + at, lengths, expected, got })
}

/// A few bytes around a place, in hexadecimal.
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
    type Error = BytesError;

    fn try_from(value: Value) -> Result<Self, BytesError> {
        let parts = match value {
            Value::Array(parts) => parts,
            one => vec![one],
        };
        let parts: Vec<BytePart> = parts.into_iter().map(BytePart::try_from).collect::<Result<_, _>>()?;
        if parts.iter().filter(|part| **part == BytePart::Anything).count() > 1 {
            return Err(BytesError::TwoGaps);
        }
        Ok(Self(parts))
    }
}

impl TryFrom<Value> for BytePart {
    type Error = BytesError;

    fn try_from(value: Value) -> Result<Self, BytesError> {
        let text = value.to_string();
        if let Value::Object(members) = &value
            && let (1 | 2, Some(digits), times) = (members.len(), members.get("hex"), members.get("times"))
            && (members.len() == 1) == times.is_none()
        {
            let bytes = hex(digits.as_str().ok_or(TermError::Type("hex", "a string"))?)?;
            let times = times.map_or(Some(1), Value::as_u64).ok_or(TermError::Type("times", "an integer"))? as usize;
            if bytes.len().saturating_mul(times) > LONGEST_TEXT {
                return Err(TermError::TooLong("times").into());
            }
            return Ok(Self::Hex(bytes, times));
        }
        match Term::try_from(value)? {
            Term::Is(Kind::Anything) => Ok(Self::Anything),
            term @ (Term::Text(_) | Term::Variable(_) | Term::Repeat { .. } | Term::Change { .. }) => {
                Ok(Self::Text(term))
            }
            _ => Err(BytesError::Part(text)),
        }
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        let part = |part: BytePart| match part {
            BytePart::Text(term) => Self::from(term),
            BytePart::Anything => Self::from(Term::Is(Kind::Anything)),
            BytePart::Hex(bytes, times) => {
                let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let digits = digits.join(" ");
                if times == 1 { json!({ "hex": digits }) } else { json!({ "hex": digits, "times": times }) }
            }
        };
        bytes.0.into_iter().map(part).collect()
    }
}

/// Parses hexadecimal text; blanks are skipped.
///
/// # Errors
/// If it is invalid.
pub fn hex(text: &str) -> Result<Vec<u8>, HexError> {
    let wrong = || HexError(text.to_owned());
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
            "description": "A binary message: a part, or a list of parts that are joined. A part is a string with variables, as UTF-8; { hex: \"00 ff\" }, or repeated, as in { hex: \"00 ff\", times: 512 }; { repeat: text, times: n }; { change: …, of: text }; and, once in what is expected, { is: anything }.",
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
    fn reports_the_first_difference() {
        let any = || json!({ "is": "anything" });
        for (expected, got, message) in [
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
                "the binary message differs at byte 0 (0 bytes instead of 2): expected [61] 62, got nothing",
            ),
            (
                json!("0123456"),
                b"01234567",
                "the binary message differs at byte 7 (8 bytes instead of 7): expected …33 34 35 36 and no more, got …33 34 35 36 [37]",
            ),
            (
                json!(["ab", any(), "bc"]),
                b"abc",
                "the binary message differs at byte 2 (3 bytes instead of 4): expected [62] 63, got [63]",
            ),
        ] {
            let wanted = bytes(expected.clone()).expected(&Bindings::new()).expect("no variables");
            let difference = wanted.compare(got).err().map(|error| error.to_string());
            assert_eq!(difference.unwrap_or_default(), message, "{expected}");
        }
    }
}
