//! What all connections of a proxy share.

use std::sync::Arc;

use relayspec::family::Family;
use rustls::ClientConfig;

use super::fault_injection::FaultInjection;
use crate::clock::Clock;
use crate::lint::Schemas;
use crate::transport::WebAddress;

/// What all connections of a proxy share.
#[derive(Debug)]
pub struct ProxySetup {
    /// The address of the real server.
    pub upstream: WebAddress,
    /// TLS, for `wss`.
    pub tls: Option<Arc<ClientConfig>>,
    /// The family of the peers.
    pub family: &'static Family,
    /// What to inject into connections.
    pub fault_injection: FaultInjection,
    /// The clock.
    pub clock: Clock,
    /// Compiled schemas.
    pub schemas: Arc<Schemas>,
}
