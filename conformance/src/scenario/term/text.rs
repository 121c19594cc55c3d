//! Parses terms from values as scenarios write them, and writes them back.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::error::TermError;
use super::value::{Bytes, Change, Kind, LONGEST_TEXT, Piece, Term};

impl TryFrom<Value> for Term {
    type Error = TermError;

    fn try_from(value: Value) -> Result<Self, TermError> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) if is_name(name) => Self::Variable(name.to_owned()),
                _ => Self::Text(pieces(&text)?),
            },
            Value::Array(values) => Self::List(values.into_iter().map(Self::try_from).collect::<Result<_, _>>()?),
            Value::Object(members) => object(members)?,
            plain => Self::Plain(plain),
        })
    }
}

fn object(mut members: serde_json::Map<String, Value>) -> Result<Term, TermError> {
    let has = |name: &str| members.contains_key(name);
    if members.len() == 2 && has("repeat") && has("times") {
        let text = members["repeat"].as_str().ok_or(TermError::Type("repeat", "a string"))?;
        let times = members["times"].as_u64().ok_or(TermError::Type("times", "an integer"))? as usize;
        if text.len().saturating_mul(times) > LONGEST_TEXT {
            return Err(TermError::TooLong("repeat"));
        }
        return Ok(Term::Repeat { text: pieces(text)?, times });
    }
    if members.len() == 2 && has("change") && has("of") {
        let change =
            Change::deserialize(&members["change"]).map_err(|error| TermError::Name("change", error.to_string()))?;
        let of = pieces(members["of"].as_str().ok_or(TermError::Type("of", "a string, such as \"${code}\""))?)?;
        return Ok(Term::Change { change, of });
    }
    if members.len() == 2 && has("made_of") && has("length") {
        let alphabet = members["made_of"].as_str().ok_or(TermError::Type("made_of", "a string"))?.to_owned();
        let length = members["length"].as_u64().ok_or(TermError::Type("length", "an integer"))? as usize;
        return Ok(Term::MadeOf { alphabet, length });
    }
    if members.len() == 2 && has("one") && has("being") {
        let mut inner = |name: &str| Term::try_from(members.get_mut(name).map(Value::take).unwrap_or_default());
        let (like, being) = (inner("one")?, inner("being")?);
        return Ok(Term::One { like: Box::new(like), being: Box::new(being) });
    }
    if members.len() == 1 {
        if let Some(inner) = members.shift_remove("json_text") {
            return Ok(Term::JsonText(Box::new(inner.try_into()?)));
        }
        if let Some(bytes) = members.get("base64") {
            return Bytes::try_from(bytes.clone()).map(Term::Base64).map_err(|error| Box::new(error).into());
        }
        if let Some(kind) = members.get("is") {
            let kind = Kind::deserialize(kind).map_err(|error| TermError::Name("is", error.to_string()))?;
            return Ok(Term::Is(kind));
        }
        if let Some(text) = members.get("contains") {
            return pieces(text.as_str().ok_or(TermError::Type("contains", "a string"))?).map(Term::Contains);
        }
        if let Some(inner) = members.shift_remove("not") {
            return Ok(Term::Not(Box::new(inner.try_into()?)));
        }
        if let Some(inner) = members.shift_remove("equals") {
            return Ok(Term::Equals(Box::new(inner.try_into()?)));
        }
        for (name, made) in LISTS {
            if let Some(terms) = members.get(name).and_then(Value::as_array) {
                return Ok(made(terms.iter().cloned().map(Term::try_from).collect::<Result<_, _>>()?));
            }
        }
    }
    let terms = members.into_iter().map(|(name, value)| Ok((name, Term::try_from(value)?)));
    Ok(Term::Object(terms.collect::<Result<_, TermError>>()?))
}

/// Makes a matcher from a list.
type OfList = fn(Vec<Term>) -> Term;

/// The matchers made from a list.
const LISTS: [(&str, OfList); 3] =
    [("any_of", Term::AnyOf), ("begins_with", Term::BeginsWith), ("ends_with", Term::EndsWith)];

/// Whether a text can name a variable or a connection.
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn pieces(text: &str) -> Result<Vec<Piece>, TermError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        literal.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            literal.push('$');
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('{').and_then(|after| after.split_once('}')) {
            if !is_name(name) {
                return Err(TermError::Variable(name.to_owned()));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Variable(name.to_owned()));
            rest = after;
        } else {
            return Err(TermError::Dollar);
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn unpieced(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(&literal.replace('$', "$$")),
            Piece::Variable(name) => {
                let _ = write!(text, "${{{name}}}");
            }
        }
    }
    text
}

impl From<Term> for Value {
    fn from(term: Term) -> Self {
        match term {
            Term::Plain(value) => value,
            Term::Text(pieces) => unpieced(&pieces).into(),
            Term::Variable(name) => format!("${name}").into(),
            Term::List(terms) => terms.into_iter().map(Self::from).collect(),
            Term::Object(members) => {
                Self::Object(members.into_iter().map(|(name, term)| (name, Self::from(term))).collect())
            }
            Term::Repeat { text, times } => json!({ "repeat": unpieced(&text), "times": times }),
            Term::Change { change, of } => json!({ "change": change, "of": unpieced(&of) }),
            Term::MadeOf { alphabet, length } => json!({ "made_of": alphabet, "length": length }),
            Term::Base64(bytes) => json!({ "base64": Self::from(bytes) }),
            Term::Contains(text) => json!({ "contains": unpieced(&text) }),
            Term::Is(kind) => json!({ "is": kind }),
            Term::Not(term) => json!({ "not": Self::from(*term) }),
            Term::JsonText(term) => json!({ "json_text": Self::from(*term) }),
            Term::One { like, being } => json!({ "one": Self::from(*like), "being": Self::from(*being) }),
            Term::AnyOf(terms) => json!({ "any_of": values(terms) }),
            Term::BeginsWith(terms) => json!({ "begins_with": values(terms) }),
            Term::EndsWith(terms) => json!({ "ends_with": values(terms) }),
            Term::Equals(term) => json!({ "equals": Self::from(*term) }),
        }
    }
}

fn values(terms: Vec<Term>) -> Vec<Value> {
    terms.into_iter().map(Value::from).collect()
}

/// Deserializes a term that is present, even if it is `null`.
pub(in crate::scenario) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Term>, D::Error> {
    Term::deserialize(deserializer).map(Some)
}

impl schemars::JsonSchema for Term {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Term".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Any value, with variables: $name stands for a variable, ${name} for its text inside a string, $$ a dollar sign. Sent: { repeat: text, times: n }, { change: lower | other_case | shorter | full_width, of: text }, { base64: bytes }. Expected: { is: text | string | number | anything | nothing }, { made_of: alphabet, length: n }, { contains: text }, { not: … }, { any_of: […] }, { equals: … }, { begins_with: […] }, { ends_with: […] }, { json_text: … }, { one: …, being: … }; an object matches when it has at least the members named."
        })
    }
}
