//! The specification of relayspec: requirements, message types, schemas and policies of real-time protocols.
//!
//! This crate is pure: it opens no socket, reads no file and reads no clock. The normative text is in `text/`; [`requirement`] reads the
//! requirements from it, so text and code cannot drift apart.
//!
//! ```
//! use relayspec::pairing::{FromViewer, JoinCode};
//! use relayspec::requirement;
//!
//! let FromViewer::Join(join) = FromViewer::decode(r#"{"type":"join","code":"K7QX4M"}"#)? else { panic!() };
//! assert_eq!(JoinCode::new("K7QX4M"), Some(join.code));
//! assert!(requirement::find("PAIR-20").is_some_and(|requirement| requirement.roles == ["relay"]));
//! # Ok::<(), relayspec::wire::DecodeError>(())
//! ```

pub mod requirement;

mod number;
pub mod timing;

mod declare;
pub mod model;
mod packed;
pub mod schema;
pub mod text;
pub mod wire;
mod wrapped;

pub mod driver;
pub mod protocol;
pub mod reconnect;

mod families;
pub mod family;
pub mod pairing;
pub mod rpc;
pub mod sync;
pub mod terminal;
pub mod tunnel;
