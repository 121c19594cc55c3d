//! Why a value is invalid, or cannot be sent.

use super::value::LONGEST_TEXT;

/// Why a value is not a term, or cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// A variable without a value.
    #[error("`${0}` has no value here")]
    Unset(String),
    /// A matcher in what is sent.
    #[error("`{0}` is a matcher and cannot be sent")]
    Matcher(String),
    /// A key, and the type that its value must have.
    #[error("`{0}` must be {1}")]
    Type(&'static str, &'static str),
    /// A key with an unknown name.
    #[error("invalid `{0}`: {1}")]
    Name(&'static str, String),
    /// A key that makes a value too long.
    #[error("`{0}` makes more than {LONGEST_TEXT} bytes")]
    TooLong(&'static str),
    /// An invalid name of a variable.
    #[error("invalid variable name `{0}`")]
    Variable(String),
    /// A dollar sign that introduces nothing.
    #[error("a `$` in a string must start `${{name}}`; write `$$` for the character")]
    Dollar,
    /// An invalid binary message.
    #[error(transparent)]
    Bytes(#[from] Box<BytesError>),
}

/// Why a value is not a binary message, or cannot be sent as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BytesError {
    /// Any bytes, in what is sent.
    #[error("`{{\"is\":\"anything\"}}` is a matcher: use it in what is expected, not in what is sent")]
    Matcher,
    /// More than one gap.
    #[error("`{{ is: anything }}` can occur only once in a binary message")]
    TwoGaps,
    /// A value that is no part of a binary message.
    #[error("invalid part {0}: expected a string or {{ hex: \"00 ff\" }}, in what is expected also {{ is: anything }}")]
    Part(String),
    /// Invalid hexadecimal text.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// An invalid string.
    #[error(transparent)]
    Text(#[from] TermError),
}

/// Invalid hexadecimal text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid hexadecimal text `{0}`: expected two digits per byte")]
pub struct HexError(pub(super) String);
