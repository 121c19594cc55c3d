//! What cloud and agent of the tunnel have in common: tokens, encodings, header lines. It decides nothing for either of them.

mod encoding;
pub(crate) mod fields;
mod token;

pub use encoding::Encoding;
pub use token::{NoToken, Token, Tokens};
