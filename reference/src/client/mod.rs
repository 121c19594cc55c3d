//! Sans-I/O cores of the clients: when to connect, what to send, what to report; without sockets, clocks or tasks.
//!
//! [`ClientCore`] has what all clients share: attempts, losses, delays and stopping (chapter `reconnect`). A [`ClientRole`] adds one protocol
//! role. Actions must be carried out in order. Messages are pulled one at a time when the network can take one, so that unsent messages
//! survive the loss of a connection.

pub(crate) mod backoff;
pub(crate) mod context;
pub(crate) mod fetch;
pub(crate) mod pairing;
pub mod rpc;
pub(crate) mod sync;
pub(crate) mod terminal;
pub(crate) mod tunnel;

mod action;
mod liveness;
mod machine;
mod queue;
#[cfg(test)]
mod testing;

pub use action::Ending;
pub(crate) use action::{ClientAction, Outgoing, SessionChange};
pub use backoff::PolicyDeviation;
pub(crate) use context::ClientRole;
pub(crate) use machine::ClientCore;
pub use tunnel::{InvalidOrigin, LocalOrigin};
