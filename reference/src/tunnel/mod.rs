//! Shared by cloud and agent of the tunnel: tokens, encodings, header lines.

mod encoding;
pub(crate) mod fields;
mod token;

pub use encoding::Encoding;
pub use token::{NoToken, Token, Tokens};
