//! Servers that run already and are known by a URL.

use std::time::Duration;

use relayspec::family::Family;

use crate::clock::Clock;
use crate::engine::{SystemUnderTest, Process, Target};
use crate::scenario::Bindings;
use crate::transport::{Dial, OpenError, Route, open};

/// A server at a URL.
#[derive(Debug, Clone)]
pub struct UrlSubject {
    /// How to reach it.
    pub route: Route,
    /// What it declares of itself.
    pub params: Bindings,
}

impl Target for UrlSubject {
    fn route(&self) -> &Route {
        &self.route
    }

    fn params(&self) -> &Bindings {
        &self.params
    }
}

impl SystemUnderTest for UrlSubject {
    fn process(&self) -> Option<&dyn Process> {
        None
    }

    fn output(&self) -> String {
        String::new()
    }
}

/// Tries the family's endpoints until a handshake succeeds, so that a wrong address gets one clear message and not a report of failures.
///
/// # Errors
/// Where no WebSocket server answers at any of them; with a remedy.
pub async fn preflight(route: &Route, family: &Family, clock: &Clock, within: Duration) -> Result<(), String> {
    let mut first_problem = None;
    for endpoint in family.endpoints {
        let url = format!("{}{}", route.address, endpoint.path);
        let deadline = clock.now() + clock.real(within);
        let problem = match clock.within(deadline, open(route, endpoint.path, Dial::default())).await {
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => {
                let problem = format!("{url}: {error}; {}", remedy(&error, route.address.is_secure()));
                // Only a server that speaks HTTP may have another endpoint that accepts.
                if !matches!(error, OpenError::Status { .. }) {
                    return Err(first_problem.unwrap_or(problem));
                }
                problem
            }
            None => {
                return Err(format!(
                    "{url} accepted the connection and did not answer the WebSocket handshake within {} s; does another service listen there?",
                    within.as_secs_f64()
                ));
            }
        };
        first_problem.get_or_insert(problem);
    }
    first_problem.map_or(Ok(()), Err)
}

fn remedy(error: &OpenError, secure: bool) -> &'static str {
    match error {
        OpenError::Tcp(_) => "is the server running, and is this its address?",
        OpenError::Tls(_) if error.shows_authority() => {
            "make one with `-addext basicConstraints=critical,CA:FALSE` or have one signed by the authority, or trust any by --insecure"
        }
        OpenError::Tls(_) if secure => {
            "is this the TLS port? --ca-file trusts a certificate of your own, --insecure any"
        }
        OpenError::Status { .. } => "is this the relay's base URL, without the endpoint's path?",
        OpenError::NotHttp(_) | OpenError::Ended(_) if !secure => "does another service listen there, or is it wss?",
        _ => "is this a WebSocket server?",
    }
}
