//! The secret of agent and cloud. It is never shown, not even by accident (TUN-05).

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

/// The secret that an agent authenticates with.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// There is no token where one is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("holds no token: write one on a line of its own")]
pub struct NoToken;

impl Token {
    /// A token of any characters.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What goes over the wire, and nowhere else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The tokens that a cloud admits; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// Reads them from the text of a file: one on each line, without the white space around it; empty lines do not count.
    ///
    /// # Errors
    /// Where there is none.
    pub fn read(text: &str) -> Result<Self, NoToken> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<_> = lines.map(Token::new).collect();
        if tokens.is_empty() { Err(NoToken) } else { Ok(Self(tokens)) }
    }

    /// The first one: that of an agent, which has one.
    #[must_use]
    pub fn first(&self) -> Option<&Token> {
        self.0.first()
    }

    /// Whether a token is among them. How long that takes depends on its length, and on no character of it (TUN-02).
    pub(crate) fn admit(&self, guess: &Token) -> bool {
        let equal = |token: &Token| token.0.as_bytes().ct_eq(guess.0.as_bytes());
        self.0.iter().fold(Choice::from(0), |known, token| known | equal(token)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_lines() {
        let tokens = Tokens::read("\n first-token \r\n\nsecond token\n").expect("two");
        for (guess, admitted) in [("first-token", true), ("second token", true), ("first", false), ("", false)] {
            assert_eq!(tokens.admit(&Token::new(guess)), admitted, "{guess}");
        }
        assert_eq!(Tokens::read(" \n\t\n"), Err(NoToken));
    }

    #[test]
    fn a_token_is_not_shown() {
        let tokens = Tokens::read("s3cret").expect("one");
        assert_eq!(format!("{tokens:?}"), "Tokens([Token(…)])");
    }
}
