//! Sans-I/O cores of the clients: when to connect, what to send, what to report; without sockets, clocks or tasks.
//!
//! [`ClientCore`] has what all clients share: attempts, losses, delays and stopping (chapter `reconnect`). A [`ClientRole`] adds one protocol
//! role. Actions must be carried out in order. Messages are pulled one at a time when the network can take one, so that unsent messages
//! survive the loss of a connection.

pub mod backoff;
pub mod context;
pub mod fetch;
pub mod liveness;
pub mod pairing;
pub mod rpc;
pub mod sync;
pub mod terminal;
pub mod tunnel;

mod action;
mod machine;
mod queue;
#[cfg(test)]
mod testing;

pub use action::{ClientAction, Ending, Outgoing, SessionChange};
pub use context::{ClientContext, ClientRole};
pub use machine::ClientCore;
