//! The tests of the law: vectors against types and schemas, schemas against their dialect, messages there and back.

mod fixtures;
mod messages;
mod schemas;
