//! The secret that an agent authenticates with. It is never printed: `Debug` hides it (TUN-05).

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// An agent's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A token file without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no token found: expected one on a line of its own")]
pub struct NoToken;

impl Token {
    /// A token of any text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the wire only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The tokens that a cloud accepts; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// Reads one token from each line, trimmed; empty lines are skipped.
    ///
    /// # Errors
    /// If there is no token.
    pub fn read(text: &str) -> Result<Self, NoToken> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<_> = lines.map(Token::new).collect();
        if tokens.is_empty() { Err(NoToken) } else { Ok(Self(tokens)) }
    }

    /// The first token; an agent has only one.
    #[must_use]
    pub fn first(&self) -> Option<&Token> {
        self.0.first()
    }

    /// Whether a token is accepted. Constant time: depends on the length of the guess, not on its content (TUN-02).
    pub(crate) fn admit(&self, guess: &Token) -> bool {
        let equal = |token: &Token| token.0.as_bytes().ct_eq(guess.0.as_bytes());
        self.0.iter().fold(Choice::from(0), |known, token| known | equal(token)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_token_per_line() {
        let tokens = Tokens::read("\n first-token \r\n\nsecond token\n").expect("two");
        for (guess, admitted) in [("first-token", true), ("second token", true), ("first", false), ("", false)] {
            assert_eq!(tokens.admit(&Token::new(guess)), admitted, "{guess}");
        }
        assert_eq!(Tokens::read(" \n\t\n"), Err(NoToken));
    }

    #[test]
    fn hides_tokens_in_debug_output() {
        let tokens = Tokens::read("s3cret").expect("one");
        assert_eq!(format!("{tokens:?}"), "Tokens([Token(…)])");
    }
}
