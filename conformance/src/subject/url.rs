//! Servers that run already and are known by a URL.

use std::time::Duration;

use relayspec::family::Family;

use crate::clock::Clock;
use crate::engine::{Process, Target};
use crate::transport::{OpenError, Route, open};

/// A server at a URL.
#[derive(Debug, Clone)]
pub struct UrlSubject {
    /// How to reach it.
    pub route: Route,
}

impl Target for UrlSubject {
    fn route(&self) -> &Route {
        &self.route
    }

    fn process(&self) -> Option<&dyn Process> {
        None
    }

    fn output(&self) -> String {
        String::new()
    }
}

/// Tries one handshake at the family's first endpoint, so that a wrong address gets one clear message and not a report of failures.
///
/// # Errors
/// Where no WebSocket server answers there; with a remedy.
pub async fn preflight(route: &Route, family: &Family, clock: &Clock, within: Duration) -> Result<(), String> {
    let Some(endpoint) = family.endpoints.first() else { return Ok(()) };
    let url = format!("{}{}", route.address, endpoint.path);
    let deadline = clock.now() + within;
    let Some(opened) = clock.within(deadline, open(route, endpoint.path, None)).await else {
        return Err(format!(
            "{url} accepted the connection and did not answer the WebSocket handshake within {} s; does another service listen there?",
            within.as_secs_f64()
        ));
    };
    let Err(error) = opened else { return Ok(()) };
    let remedy = match &error {
        OpenError::Tcp(_) => "is the server running, and is this its address?",
        OpenError::Tls(_) if route.address.secure => {
            "is this the TLS port? --ca-file trusts a certificate of your own, --insecure any"
        }
        OpenError::Status { .. } => "is this the relay's base URL, without the endpoint's path?",
        OpenError::NotHttp(_) | OpenError::Ended(_) if !route.address.secure => {
            "does another service listen there, or is it wss?"
        }
        _ => "is this a WebSocket server?",
    };
    Err(format!("{url}: {error}; {remedy}"))
}
