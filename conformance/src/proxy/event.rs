//! What happens on the connections of a proxy.

use tokio::sync::mpsc;

use super::checker::PeerViolation;
use super::transcript::TranscriptEntry;

/// Receives events in batches. Without a receiver, checking waits and forwarding does not.
pub type ProxyEvents = mpsc::Sender<Vec<ProxyEvent>>;

/// What happens on the connections of a proxy, in order.
#[derive(Debug)]
pub enum ProxyEvent {
    /// Something was forwarded, or a connection opened or ended.
    Entry(TranscriptEntry),
    /// A peer violated the specification.
    Violation {
        /// The number of the connection, counted from 1.
        connection: usize,
        /// When, in ms since the proxy started.
        at_ms: f64,
        /// What, and by which peer.
        violation: PeerViolation,
    },
    /// Information for people that concerns no peer.
    Note {
        /// The number of the connection.
        connection: usize,
        /// The text.
        text: String,
    },
}
