//! Why a value is invalid, or cannot be sent.

use super::value::LONGEST_TEXT;

/// Why a value is not a term, or cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum TermError {
    #[error("`${0}` has no value here")]
    Unset(String),
    #[error("`{0}` is a matcher and cannot be sent")]
    Matcher(String),
    #[error("`{0}` must be {1}")]
    Type(&'static str, &'static str),
    #[error("invalid `{0}`: {1}")]
    Name(&'static str, String),
    #[error("`{0}` makes more than {LONGEST_TEXT} bytes")]
    TooLong(&'static str),
    #[error("invalid variable name `{0}`")]
    Variable(String),
    #[error("a `$` in a string must start `${{name}}`; write `$$` for the character")]
    Dollar,
    #[error(transparent)]
    Bytes(#[from] Box<BytesError>),
}

/// Why a value is not a binary message, or cannot be sent as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum BytesError {
    #[error("`{{\"is\":\"anything\"}}` is a matcher: use it in what is expected, not in what is sent")]
    Matcher,
    #[error("`{{ is: anything }}` can occur only once in a binary message")]
    TwoGaps,
    #[error("invalid part {0}: expected a string or {{ hex: \"00 ff\" }}, in what is expected also {{ is: anything }}")]
    Part(String),
    #[error(transparent)]
    Hex(#[from] HexError),
    #[error(transparent)]
    Text(#[from] TermError),
}

/// Invalid hexadecimal text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid hexadecimal text `{0}`: expected two digits per byte")]
pub struct HexError(pub(super) String);
