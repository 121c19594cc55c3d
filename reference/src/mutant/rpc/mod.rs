//! Mutants of the rpc family: who stands between a daemon and its clients, on a socket file.

pub(super) mod client;
pub(super) mod daemon;
mod pass;
mod socket;

pub use client::RpcDisguise;
pub use daemon::{DaemonDoor, NoDoor};
