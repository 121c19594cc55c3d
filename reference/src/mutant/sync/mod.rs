//! Mutants of the sync family.

pub(super) mod client;
pub(super) mod server;
