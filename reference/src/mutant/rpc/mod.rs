//! Mutants of the rpc family: a proxy between a daemon and its clients, on a socket file.

pub(super) mod client;
pub(super) mod daemon;
mod pass;
mod socket;

pub use client::RpcClientProxy;
pub use daemon::{DaemonProxy, DaemonProxyError};
