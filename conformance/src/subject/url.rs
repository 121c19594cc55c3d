//! Servers that are already running, at a URL.

use std::time::Duration;

use relayspec::family::Family;
use relayspec::timing::HumanDuration;

use crate::clock::Clock;
use crate::engine::{Process, SystemUnderTest, Target};
use crate::scenario::Bindings;
use crate::transport::{Dial, OpenError, Route, open};

/// A server at a URL.
#[derive(Debug, Clone)]
pub struct UrlSubject {
    /// How to reach it.
    pub route: Route,
    /// The values that it declares.
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

/// Why no WebSocket server answers at a URL.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// No connection could be opened.
    #[error("{_0}: {_1}; {}", remedy(.1, .0.starts_with("wss:")))]
    Open(String, #[source] OpenError),
    /// The handshake was not answered in time.
    #[error(
        "{_0} accepted the connection but did not answer the WebSocket handshake within {}; is it another service?",
        HumanDuration(*.1)
    )]
    Unanswered(String, Duration),
}

/// Tries the family's endpoints until a handshake succeeds, so that a wrong address gets one clear message and not a report of failures.
pub async fn preflight(route: &Route, family: &Family, clock: &Clock, within: Duration) -> Result<(), PreflightError> {
    let mut first_problem = None;
    for endpoint in family.endpoints {
        let url = format!("{}{}", route.address, endpoint.path);
        let deadline = clock.now() + clock.real(within);
        let problem = match clock.within(deadline, open(route, endpoint.path, Dial::default())).await {
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => PreflightError::Open(url, error),
            None => return Err(PreflightError::Unanswered(url, within)),
        };
        // Only a server that speaks HTTP may have another endpoint that accepts.
        let is_http = matches!(&problem, PreflightError::Open(_, OpenError::Status { .. }));
        let first = first_problem.take().unwrap_or(problem);
        if !is_http {
            return Err(first);
        }
        first_problem = Some(first);
    }
    first_problem.map_or(Ok(()), Err)
}

fn remedy(error: &OpenError, secure: bool) -> &'static str {
    match error {
        OpenError::Tcp(_) => "is the server running, and is the address right?",
        OpenError::Tls(_) if error.shows_authority() => {
            "create one with `-addext basicConstraints=critical,CA:FALSE`, have one signed by the authority, or trust any with --insecure"
        }
        OpenError::Tls(_) if secure => "is this the TLS port? --ca-file trusts your own certificate, --insecure any",
        OpenError::Status { .. } => "is this the relay's base URL, without the endpoint's path?",
        OpenError::NotHttp(_) | OpenError::Ended(_) if !secure => "is it another service, or does it need wss?",
        _ => "is this a WebSocket server?",
    }
}
