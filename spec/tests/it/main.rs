//! The tests of the law: vectors against types and schemas, schemas against their dialect, messages there and back.

mod driver;
mod fixtures;
mod messages;
mod reconnect;
mod rpc;
mod schemas;
mod terminal;
mod tunnel;
mod vectors;
