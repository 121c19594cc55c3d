//! Matches received values against patterns: reports the first difference, and sets variables.

use serde_json::Value;

use super::error::TermError;
use super::value::{Bindings, Kind, Term, Variables};

/// Why a value does not match.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// Where in the value, as a JSON Pointer (RFC 6901).
    pub path: String,
    /// What was expected there, in the notation of scenarios.
    pub expected: String,
    /// What was there; `None` if it is absent.
    pub got: Option<Value>,
}

impl Term {
    /// Matches a received value; on success, the variables that were set.
    ///
    /// # Errors
    /// The first difference.
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
        let unfilled = |error: TermError| mismatch(error.to_string());
        let require =
            |matched: bool, expected: &dyn Fn() -> String| if matched { Ok(()) } else { Err(mismatch(expected())) };
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
                        None if matches!(term, Self::Is(Kind::Nothing)) => Ok(()),
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
            Self::BeginsWith(terms) | Self::EndsWith(terms) => {
                let Value::Array(found) = actual else { return Err(mismatch(self.print())) };
                require(found.len() >= terms.len(), &|| format!("at least {} elements", terms.len()))?;
                let from = if matches!(self, Self::EndsWith(_)) { found.len() - terms.len() } else { 0 };
                terms.iter().zip(&found[from..]).zip(from..).try_for_each(|((term, value), at)| {
                    term.compare(value, variables, bindings, &format!("{path}/{at}"))
                })
            }
            Self::MadeOf { alphabet, length } => {
                let text = actual.as_str();
                let fits = text
                    .is_some_and(|text| text.chars().count() == *length && text.chars().all(|c| alphabet.contains(c)));
                require(fits, &|| self.print())
            }
            Self::Contains(pieces) => {
                let part = Self::Text(pieces.clone()).fill(variables).map_err(unfilled)?;
                let contained = actual.as_str().zip(part.as_str()).is_some_and(|(text, part)| text.contains(part));
                require(contained, &|| format!("a string that contains {part}"))
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
                let expected = term.fill(variables).map_err(unfilled)?;
                require(same(&expected, actual), &|| expected.to_string())
            }
            Self::JsonText(term) => {
                let read = actual.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
                let Some(read) = read else { return Err(mismatch("a string that is JSON".to_owned())) };
                term.compare(&read, variables, bindings, path)
            }
            Self::One { like, being } => {
                let Value::Array(found) = actual else { return Err(mismatch(self.print())) };
                let is_like = |value: &&Value| like.compare(value, variables, &mut bindings.clone(), "").is_ok();
                let alike: Vec<_> = found.iter().filter(is_like).collect();
                let [one] = &alike[..] else {
                    return Err(mismatch(format!("one element like {}, not {}", like.shown(variables), alike.len())));
                };
                let at = found.iter().position(|value| std::ptr::eq(value, *one)).unwrap_or_default();
                let path = format!("{path}/{at}");
                like.compare(one, variables, bindings, &path)?;
                being.compare(one, variables, bindings, &path)
            }
            Self::Plain(_) | Self::Text(_) | Self::Repeat { .. } | Self::Change { .. } | Self::Base64(_) => {
                let expected = self.fill(variables).map_err(unfilled)?;
                require(same(&expected, actual), &|| expected.to_string())
            }
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
            Self::Nothing => value.is_null() || value == "",
        }
    }
}
