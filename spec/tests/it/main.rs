//! The tests of the specification: vectors against types and schemas, schemas against their dialect, and round trips of messages.

#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

mod driver;
mod fixtures;
mod messages;
mod order;
mod reconnect;
mod rpc;
mod schemas;
mod sync;
mod terminal;
mod tunnel;
mod vectors;
