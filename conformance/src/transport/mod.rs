//! How the runner talks to a subject: addresses, handshakes, frames right and wrong, and connections that stamp what they read.
//!
//! Nothing here knows a family, a scenario or a verdict.

pub(crate) mod accept;
pub mod address;
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

pub use address::{Address, WebAddress};
pub use connection::{Act, StampedArrival, Connection, Observer, ConnectionWriter};
pub use decode::{Arrival, End};
pub use encode::{Masking, OutFrame, Side};
pub use folder::SocketFolder;
pub use handshake::{Dial, OpenError, Opened, Route, open};
pub use link::Link;
pub use listen::{ConnectionAttempt, Listener, Port, RequestError};
pub use splitter::FrameSplitter;
pub use tls::Trust;
