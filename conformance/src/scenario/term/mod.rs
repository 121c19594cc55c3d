//! Values with variables: what a scenario sends and what it expects.
//!
//! `$name` stands for a variable, `${name}` for its text inside a longer string, `$$` for a dollar sign. In what is sent,
//! `{ repeat: "x", times: 1000 }` makes a long string. In what is expected, `{ is: text }`, `{ not: … }`, `{ any_of: […] }` and
//! `{ equals: … }` are matchers, an object matches if it has at least the members named, and a variable without a value
//! is set to the value that it matches.

mod bytes;
mod error;
mod fill;
mod matching;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use bytes::{ByteDifference, ExpectedBytes, hex};
pub use error::{BytesError, HexError, TermError};
pub use matching::{Mismatch, same};
pub(super) use text::given;
pub(crate) use text::is_name;
pub use value::{Bindings, Bytes, Kind, Term, Variables};
