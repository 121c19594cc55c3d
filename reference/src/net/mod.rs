//! The shell of the servers: accept, serve, shut down. The clients' shell is in [`client`].
//!
//! The shell moves bytes and keeps time; protocol decisions are taken in [`crate::server`]. Each connection is one task: [`handshake`], then
//! [`connection`], then [`closing`]. Tasks share the core through the [`hub`], and pass data directly through each other's [`mailbox`].

pub(crate) mod client;

mod bodies;
mod clock;
mod closing;
mod connection;
mod handshake;
mod http;
mod hub;
pub(crate) mod listener;
mod mailbox;
mod message_queue;
mod options;
pub(crate) mod rpc;
mod server;
mod shared;
mod strict;
mod sync;
mod system;
mod tunnel;
mod watched_stream;

pub use options::{BindError, Options};
pub use server::{PairingRelay, TerminalRelay, WebSocketServer};
pub use sync::{DatabaseError, SyncOptions, SyncServer};
pub use system::SystemRandom;
pub use tunnel::{TunnelCloud, TunnelOptions};
