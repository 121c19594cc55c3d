//! Fills in the variables of terms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::error::TermError;
use super::value::{Change, Piece, Term, Variables};

impl Term {
    /// The value, with every variable filled in.
    ///
    /// # Errors
    /// If a variable has no value, or the term contains a matcher.
    pub fn fill(&self, variables: &dyn Variables) -> Result<Value, TermError> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(pieces) => Value::String(text(pieces, variables)?),
            Self::Variable(name) => variables.get(name).ok_or_else(|| TermError::Unset(name.clone()))?,
            Self::List(terms) => terms.iter().map(|term| term.fill(variables)).collect::<Result<_, _>>()?,
            Self::Object(members) => {
                let filled = members.iter().map(|(name, term)| Ok((name.clone(), term.fill(variables)?)));
                Value::Object(filled.collect::<Result<_, TermError>>()?)
            }
            Self::Repeat { text: pieces, times } => Value::String(text(pieces, variables)?.repeat(*times)),
            Self::Change { change, of } => Value::String(change.apply(text(of, variables)?)),
            Self::Base64(bytes) => Value::String(STANDARD.encode(bytes.fill(variables)?)),
            matcher => return Err(TermError::Matcher(matcher.print())),
        })
    }

    /// The member of an object, if it is plain text.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&str> {
        let Self::Object(members) = self else { return None };
        match members.iter().find(|(known, _)| known == name) {
            Some((_, Self::Text(pieces))) => match pieces.as_slice() {
                [Piece::Literal(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The term as a scenario writes it, on one line.
    #[must_use]
    pub fn print(&self) -> String {
        Value::from(self.clone()).to_string()
    }

    /// The term with its variables filled in if they have values, for reports.
    #[must_use]
    pub fn shown(&self, variables: &dyn Variables) -> String {
        self.fill(variables).map_or_else(|_| self.print(), |value| value.to_string())
    }

    /// Calls `visit` with the name of every variable.
    pub fn each_variable(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::Variable(name) => visit(name),
            Self::Text(pieces)
            | Self::Repeat { text: pieces, .. }
            | Self::Change { of: pieces, .. }
            | Self::Contains(pieces) => {
                for piece in pieces {
                    if let Piece::Variable(name) = piece {
                        visit(name);
                    }
                }
            }
            Self::List(terms) | Self::AnyOf(terms) | Self::BeginsWith(terms) | Self::EndsWith(terms) => {
                terms.iter().for_each(|term| term.each_variable(visit));
            }
            Self::Object(members) => members.iter().for_each(|(_, term)| term.each_variable(visit)),
            Self::Not(term) | Self::Equals(term) | Self::JsonText(term) => term.each_variable(visit),
            Self::One { like, being } => [like, being].into_iter().for_each(|term| term.each_variable(visit)),
            Self::Base64(bytes) => bytes.each_variable(visit),
            Self::Plain(_) | Self::Is(_) | Self::MadeOf { .. } => {}
        }
    }

    /// The first matcher in the term, which makes it one that can only be expected.
    pub(in crate::scenario) fn matcher(&self) -> Option<&Self> {
        match self {
            Self::Plain(_) | Self::Text(_) | Self::Variable(_) | Self::Repeat { .. } | Self::Change { .. } => None,
            Self::List(terms) => terms.iter().find_map(Self::matcher),
            Self::Object(members) => members.iter().find_map(|(_, term)| term.matcher()),
            Self::Base64(bytes) => bytes.is_definite().is_err().then_some(self),
            matcher => Some(matcher),
        }
    }
}

impl Change {
    fn apply(self, text: String) -> String {
        let wide = |c: char| c.is_ascii_graphic().then(|| char::from_u32(u32::from(c) + 0xFEE0)).flatten().unwrap_or(c);
        let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        match self {
            Self::Lower => text.to_lowercase(),
            Self::OtherCase => text.chars().map(other).collect(),
            Self::Shorter => text.chars().take(text.chars().count().saturating_sub(1)).collect(),
            Self::FullWidth => text.chars().map(wide).collect(),
        }
    }
}

fn text(pieces: &[Piece], variables: &dyn Variables) -> Result<String, TermError> {
    let mut made = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => made.push_str(literal),
            Piece::Variable(name) => match variables.get(name) {
                Some(Value::String(value)) => made.push_str(&value),
                Some(value) => made.push_str(&value.to_string()),
                None => return Err(TermError::Unset(name.clone())),
            },
        }
    }
    Ok(made)
}
