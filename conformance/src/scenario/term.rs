//! Values with holes: what a scenario sends and what it expects.
//!
//! `$name` stands for a variable, `${name}` inside a longer string for its text, `$$` for a dollar sign. In what is sent,
//! `{ repeat: "x", times: 1000 }` makes a long string. In what is expected, `{ is: text }`, `{ not: … }`, `{ any_of: […] }` and
//! `{ equals: … }` are matchers, an object matches when it has at least the members named, and a variable that has no value
//! yet takes the one that it meets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A value with holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Term {
    /// `null`, a boolean or a number.
    Plain(Value),
    /// A string, made of literal text and variables.
    Text(Vec<Piece>),
    /// The value of a variable, of any type.
    Variable(String),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
    /// A string repeated (only in what is sent).
    Repeat {
        /// The string.
        text: Vec<Piece>,
        /// How many times.
        times: usize,
    },
    /// Any value of a kind (only in what is expected).
    Is(Kind),
    /// Any value that does not match (only in what is expected).
    Not(Box<Self>),
    /// Any value that matches one of these (only in what is expected).
    AnyOf(Vec<Self>),
    /// Exactly this value, members not named included (only in what is expected).
    Equals(Box<Self>),
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Literal(String),
    /// The text of a variable.
    Variable(String),
}

/// What a value can be asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A string that is not empty.
    Text,
    /// Any string.
    String,
    /// A number.
    Number,
    /// Any value at all.
    Anything,
}

/// The longest string that a scenario may make, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 << 20;

/// The variables that are in sight of a step.
pub trait Variables {
    /// The value of a variable, if it has one.
    fn get(&self, name: &str) -> Option<Value>;
}

/// Why a value does not match.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// Where in the value, as a JSON Pointer (RFC 6901).
    pub path: String,
    /// What was expected there, as a scenario would write it.
    pub expected: String,
    /// What stood there; `None` for nothing.
    pub got: Option<Value>,
}

/// Variables and their values, as a match gives them.
pub type Bindings = BTreeMap<String, Value>;

impl Variables for Bindings {
    fn get(&self, name: &str) -> Option<Value> {
        Self::get(self, name).cloned()
    }
}

impl Term {
    /// The value, with every variable filled in.
    ///
    /// # Errors
    /// Where a variable has no value, or a matcher stands in what should be sent.
    pub fn fill(&self, variables: &dyn Variables) -> Result<Value, String> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(pieces) => Value::String(text(pieces, variables)?),
            Self::Variable(name) => variables.get(name).ok_or_else(|| format!("`${name}` has no value here"))?,
            Self::List(terms) => terms.iter().map(|term| term.fill(variables)).collect::<Result<_, _>>()?,
            Self::Object(members) => {
                let filled = members.iter().map(|(name, term)| Ok((name.clone(), term.fill(variables)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            Self::Repeat { text: pieces, times } => Value::String(text(pieces, variables)?.repeat(*times)),
            Self::Is(_) | Self::Not(_) | Self::AnyOf(_) | Self::Equals(_) => {
                return Err(format!("`{}` is a matcher and cannot be sent", self.print()));
            }
        })
    }

    /// Compares with a value that came; on success the variables that have taken a value.
    ///
    /// # Errors
    /// The first place where the value differs.
    pub fn matches(&self, actual: &Value, variables: &dyn Variables) -> Result<Bindings, Mismatch> {
        let mut bindings = Bindings::new();
        self.compare(actual, variables, &mut bindings, "")?;
        Ok(bindings)
    }

    fn compare(
        &self,
        actual: &Value,
        variables: &dyn Variables,
        bindings: &mut Bindings,
        path: &str,
    ) -> Result<(), Mismatch> {
        let mismatch = |expected: String| Mismatch { path: path.to_owned(), expected, got: Some(actual.clone()) };
        let require = |matched: bool, expected: &dyn Fn() -> String| if matched { Ok(()) } else { Err(mismatch(expected())) };
        match self {
            Self::Variable(name) => match bindings.get(name).cloned().or_else(|| variables.get(name)) {
                Some(known) => require(same(&known, actual), &|| known.to_string()),
                None => {
                    bindings.insert(name.clone(), actual.clone());
                    Ok(())
                }
            },
            Self::Object(members) => {
                let Value::Object(found) = actual else { return Err(mismatch(self.print())) };
                members.iter().try_for_each(|(name, term)| {
                    let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
                    match found.get(name) {
                        Some(value) => term.compare(value, variables, bindings, &path),
                        None => Err(Mismatch { path, expected: term.shown(variables), got: None }),
                    }
                })
            }
            Self::List(terms) => {
                let Value::Array(found) = actual else { return Err(mismatch(self.print())) };
                require(found.len() == terms.len(), &|| format!("{} elements", terms.len()))?;
                let pairs = terms.iter().zip(found).enumerate();
                pairs.into_iter().try_for_each(|(at, (term, value))| {
                    term.compare(value, variables, bindings, &format!("{path}/{at}"))
                })
            }
            Self::Is(kind) => require(kind.fits(actual), &|| self.print()),
            Self::Not(term) => {
                let matched = term.compare(actual, variables, &mut bindings.clone(), path).is_ok();
                require(!matched, &|| format!("anything but {}", term.shown(variables)))
            }
            Self::AnyOf(terms) => {
                for term in terms {
                    let mut tried = bindings.clone();
                    if term.compare(actual, variables, &mut tried, path).is_ok() {
                        *bindings = tried;
                        return Ok(());
                    }
                }
                let shown: Vec<_> = terms.iter().map(|term| term.shown(variables)).collect();
                Err(mismatch(shown.join(" or ")))
            }
            Self::Equals(term) => {
                let expected = term.fill(variables).map_err(mismatch)?;
                require(same(&expected, actual), &|| expected.to_string())
            }
            Self::Plain(_) | Self::Text(_) | Self::Repeat { .. } => {
                let expected = self.fill(variables).map_err(mismatch)?;
                require(same(&expected, actual), &|| expected.to_string())
            }
        }
    }

    /// The term as a scenario writes it, on one line.
    #[must_use]
    pub fn print(&self) -> String {
        Value::from(self.clone()).to_string()
    }

    /// The term with its variables filled in where they have values, for people.
    #[must_use]
    pub fn shown(&self, variables: &dyn Variables) -> String {
        self.fill(variables).map_or_else(|_| self.print(), |value| value.to_string())
    }

    /// Calls `see` with the name of every variable.
    pub fn each_variable(&self, see: &mut dyn FnMut(&str)) {
        match self {
            Self::Variable(name) => see(name),
            Self::Text(pieces) | Self::Repeat { text: pieces, .. } => {
                for piece in pieces {
                    if let Piece::Variable(name) = piece {
                        see(name);
                    }
                }
            }
            Self::List(terms) | Self::AnyOf(terms) => terms.iter().for_each(|term| term.each_variable(see)),
            Self::Object(members) => members.iter().for_each(|(_, term)| term.each_variable(see)),
            Self::Not(term) | Self::Equals(term) => term.each_variable(see),
            Self::Plain(_) | Self::Is(_) => {}
        }
    }
}

/// Equality of JSON values with numbers compared by value, so that `1`, `1.0` and `1e0` are the same.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Anything => true,
        }
    }
}

fn text(pieces: &[Piece], variables: &dyn Variables) -> Result<String, String> {
    let mut made = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => made.push_str(literal),
            Piece::Variable(name) => match variables.get(name) {
                Some(Value::String(value)) => made.push_str(&value),
                Some(value) => made.push_str(&value.to_string()),
                None => return Err(format!("`${name}` has no value here")),
            },
        }
    }
    Ok(made)
}

impl TryFrom<Value> for Term {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
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

fn object(mut members: serde_json::Map<String, Value>) -> Result<Term, String> {
    let has = |name: &str| members.contains_key(name);
    if members.len() == 2 && has("repeat") && has("times") {
        let text = members["repeat"].as_str().ok_or("`repeat` takes a string")?;
        let times = members["times"].as_u64().ok_or("`times` takes a whole number")? as usize;
        if text.len().saturating_mul(times) > LONGEST_TEXT {
            return Err(format!("`repeat` makes more than {LONGEST_TEXT} bytes"));
        }
        return Ok(Term::Repeat { text: pieces(text)?, times });
    }
    if members.len() == 1 {
        if let Some(kind) = members.get("is") {
            let kind = Kind::deserialize(kind).map_err(|error| format!("`is`: {error}"))?;
            return Ok(Term::Is(kind));
        }
        if let Some(inner) = members.shift_remove("not") {
            return Ok(Term::Not(Box::new(inner.try_into()?)));
        }
        if let Some(inner) = members.shift_remove("equals") {
            return Ok(Term::Equals(Box::new(inner.try_into()?)));
        }
        if let Some(choices) = members.get("any_of").and_then(Value::as_array) {
            return Ok(Term::AnyOf(choices.iter().cloned().map(Term::try_from).collect::<Result<_, _>>()?));
        }
    }
    let terms = members.into_iter().map(|(name, value)| Ok((name, Term::try_from(value)?)));
    Ok(Term::Object(terms.collect::<Result<_, String>>()?))
}

/// Whether a text can name a variable or a connection.
#[must_use]
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
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
                return Err(format!("`{name}` cannot name a variable"));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Variable(name.to_owned()));
            rest = after;
        } else {
            return Err("a `$` in a string opens `${name}`; write `$$` for the character".to_owned());
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
            Term::Is(kind) => json!({ "is": kind }),
            Term::Not(term) => json!({ "not": Self::from(*term) }),
            Term::AnyOf(terms) => json!({ "any_of": terms.into_iter().map(Self::from).collect::<Vec<_>>() }),
            Term::Equals(term) => json!({ "equals": Self::from(*term) }),
        }
    }
}

impl schemars::JsonSchema for Term {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Term".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Any value, with holes: $name is a variable, ${name} its text inside a string, $$ a dollar sign. Sent: { repeat: text, times: n }. Expected: { is: text | string | number | anything }, { not: … }, { any_of: […] }, { equals: … }; an object matches when it has at least the members named."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(value: Value) -> Term {
        value.try_into().expect("a term")
    }

    #[test]
    fn sending_fills_in() {
        let variables = Bindings::from([("code".to_owned(), json!("K7QX4M")), ("n".to_owned(), json!(7))]);
        for (written, filled) in [
            (json!({ "type": "join", "code": "$code" }), json!({ "type": "join", "code": "K7QX4M" })),
            (json!("no ${n}: ${code}"), json!("no 7: K7QX4M")),
            (json!("$n"), json!(7)),
            (json!("$$n costs $$5"), json!("$n costs $5")),
            (json!({ "repeat": "ab", "times": 3 }), json!("ababab")),
            (json!([null, true, "$n"]), json!([null, true, 7])),
        ] {
            assert_eq!(term(written.clone()).fill(&variables), Ok(filled));
            assert_eq!(Value::from(term(written.clone())), written, "a term prints as it was written");
        }
        assert!(term(json!("$other")).fill(&variables).is_err());
        assert!(term(json!({ "is": "text" })).fill(&variables).is_err());
    }

    #[test]
    fn matching_binds_compares_and_locates() {
        let variables = Bindings::from([("code".to_owned(), json!("K7QX4M"))]);
        let matched = |pattern: Value, actual: Value| term(pattern).matches(&actual, &variables);
        assert_eq!(
            matched(json!({ "a": "$new", "b": "$new" }), json!({ "a": 1, "b": 1.0, "c": 0 })),
            Ok(Bindings::from([("new".to_owned(), json!(1))]))
        );
        for (pattern, actual) in [
            (json!("$code"), json!("K7QX4M")),
            (json!({ "not": "$code" }), json!("other")),
            (json!({ "any_of": [1, 2] }), json!(2)),
            (json!({ "is": "text" }), json!("x")),
            (json!({ "is": "anything" }), json!(null)),
            (json!({ "equals": { "a": 1 } }), json!({ "a": 1 })),
        ] {
            assert!(matched(pattern.clone(), actual).is_ok(), "{pattern}");
        }
        for (pattern, actual, path) in [
            (json!({ "a": { "b": 1 } }), json!({ "a": { "b": 2 } }), "/a/b"),
            (json!({ "a": 1 }), json!({}), "/a"),
            (json!(["x", "y"]), json!(["x", "z"]), "/1"),
            (json!(["x"]), json!(["x", "y"]), ""),
            (json!("$code"), json!("other"), ""),
            (json!({ "not": "$code" }), json!("K7QX4M"), ""),
            (json!({ "is": "text" }), json!(""), ""),
            (json!({ "is": "number" }), json!("1"), ""),
            (json!({ "equals": { "a": 1 } }), json!({ "a": 1, "b": 2 }), ""),
            (json!({ "any_of": [1, 2] }), json!(3), ""),
            (json!({ "a": "$new", "b": "$new" }), json!({ "a": 1, "b": 2 }), "/b"),
        ] {
            assert_eq!(matched(pattern.clone(), actual).map_err(|mismatch| mismatch.path), Err(path.to_owned()), "{pattern}");
        }
    }

    #[test]
    fn wrong_terms_are_refused() {
        for wrong in [json!("5 $ each"), json!("${Name}"), json!({ "is": "texts" }), json!({ "repeat": "x", "times": 1e12 }), json!({ "repeat": 1, "times": 1 })] {
            assert!(Term::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_string_prints_and_reads_back(text in ".*") {
            let term = Term::Text(if text.is_empty() { vec![] } else { vec![Piece::Literal(text)] });
            proptest::prop_assert_eq!(Term::try_from(Value::from(term.clone())), Ok(term));
        }
    }
}
