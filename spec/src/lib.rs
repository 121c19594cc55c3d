//! The law of relayspec: what pairing relays and their kin must say and do, as requirements, types and schemas.
//!
//! This crate is pure. It knows messages, codes, durations and rules; it opens no socket, reads no file and asks no clock.
//! The normative prose stands in `text/`; [`requirement`] reads the requirements from it, so prose and code cannot drift apart.

pub mod requirement;

pub mod number;
pub mod timing;

pub mod model;
pub mod order;
mod packed;
pub mod schema;
pub mod text;
pub mod wire;
pub mod wrapped;

pub mod driver;
pub mod reconnect;

pub mod family;
pub mod pairing;
pub mod rpc;
pub mod sync;
pub mod terminal;
pub mod tunnel;
