//! The pairing clients against a simulated relay and clock.

mod coming_back;
mod host;
mod viewer;
mod walk;

use std::time::Duration;

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use serde_json::{Value, json};

use super::{PairingHost, PairingViewer};
use crate::client::testing::{ClientFixture, describe, returned};
use crate::client::{ClientAction, ClientRole, Ending, Outgoing};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CODE: &str = "K7QX4M";

fn host() -> ClientFixture<PairingHost> {
    fixture(PairingHost::new(None), Policy::RELAY)
}

fn viewer() -> ClientFixture<PairingViewer> {
    viewer_with(Policy::RELAY)
}

fn viewer_with(policy: Policy) -> ClientFixture<PairingViewer> {
    fixture(PairingViewer::new(relayspec::pairing::JoinCode::new(CODE).expect("a code")), policy)
}

fn fixture<R: ClientRole>(role: R, policy: Policy) -> ClientFixture<R> {
    let mut timing = Timing::default();
    timing.declare(Parameter::ConnectTimeout, CONNECT_TIMEOUT);
    ClientFixture::new(role, policy, timing, |action| match action {
        ClientAction::Connect | ClientAction::Abandon | ClientAction::End(_) => None,
        ClientAction::Report(Event::Data { payload, .. }) => Some(format!("data:{payload}")),
        ClientAction::Report(_) => Some(describe(action)),
        other => panic!("{other:?}"),
    })
}

impl<R: ClientRole> ClientFixture<R> {
    fn refuse(&mut self, code: &str) {
        self.receive(json!({ "type": "error", "code": code, "message": "no" }));
    }
}

fn registered(code: &str) -> Value {
    json!({ "type": "registered", "code": code, "expiresAt": 1_760_000_300_000_u64 })
}

fn joined() -> Value {
    json!({ "type": "joined", "sessionId": "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11" })
}

fn join(code: &str) -> Value {
    json!({ "type": "join", "code": code })
}

fn data(payload: &str) -> Value {
    json!({ "type": "data", "payload": payload })
}
