//! How the runner talks to a subject: addresses, handshakes, valid and invalid frames, and connections that stamp what they read.
//!
//! Nothing here knows a family, a scenario or a verdict.

pub(crate) mod accept;
pub mod address;
mod arrival;
mod command;
pub mod connection;
pub mod decode;
pub mod encode;
pub mod folder;
pub mod handshake;
pub mod http;
mod link;
pub mod listen;
mod outbox;
pub mod port;
mod pump;
pub mod splitter;
#[cfg(test)]
mod tests;
pub mod tls;

pub use address::{Address, AddressError, AddressProblem, WebAddress};
pub use arrival::{Arrival, End, Observer, StampedArrival};
pub use command::Act;
pub use connection::{Connection, ConnectionWriter};
pub use encode::{Masking, OutFrame, Side};
pub use folder::SocketFolder;
pub use handshake::{Dial, OpenError, Opened, Route, open};
pub use link::Link;
pub use listen::{ConnectionAttempt, Listener, Port, RequestError};
pub use splitter::FrameSplitter;
pub use tls::{TlsError, Trust};
