//! Judges both peers of one connection by what passes between them.

use std::sync::Arc;

use relayspec::family::{Family, OpeningTurn};
use serde_json::Value;

use crate::lint::{ConnectionLint, Schemas};
use crate::outcome::Finding;
use crate::transport::{Arrival, Side};

/// A peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Who has connected.
    Client,
    /// Who was connected to.
    Server,
}

/// What a peer did that the law forbids.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The role of the peer.
    pub by: &'static str,
    /// What is wrong.
    pub finding: Finding,
}

/// The judge of one connection.
pub struct Watch {
    family: &'static Family,
    role: &'static str,
    of_client: ConnectionLint,
    of_server: ConnectionLint,
}

/// The role of a client, by the path that it asked for, or else by the type of its first message.
#[must_use]
pub fn role_of(family: &Family, target: &str, first: Option<&str>) -> Option<&'static str> {
    let opens_with = |role: &str| match (family.opening)(role).turns.first() {
        Some(OpeningTurn::Client(kind)) => Some(*kind),
        _ => None,
    };
    let mut at = family.endpoints_at(target).map(|endpoint| endpoint.role);
    family.role_at(target).or_else(|| {
        let first = first?;
        at.find(|role| opens_with(role) == Some(first))
    })
}

impl Watch {
    /// A new connection of a client of this role.
    #[must_use]
    pub fn new(family: &'static Family, role: &'static str, schemas: &Arc<Schemas>) -> Self {
        let lint = |side| ConnectionLint::new(family, role, side, Arc::clone(schemas));
        Self { family, role, of_client: lint(Side::Server), of_server: lint(Side::Client) }
    }

    /// The role of the client.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.role
    }

    /// Something passed; what was wrong with it.
    pub fn saw(&mut self, from: Peer, arrival: &Arrival) -> Vec<Violation> {
        let (judge, other, by) = match from {
            Peer::Client => (&mut self.of_client, &mut self.of_server, self.role),
            Peer::Server => (&mut self.of_server, &mut self.of_client, self.family.server),
        };
        let (findings, message) = judge.heard(arrival);
        match &message {
            Some(message) => other.overheard_message(message),
            None => other.overheard(arrival),
        }
        findings.into_iter().map(|finding| Violation { by, finding }).collect()
    }
}

/// The type of a message, in whichever encoding.
#[must_use]
pub fn kind(family: &Family, arrival: &Arrival) -> Option<String> {
    let message: Value = match arrival {
        Arrival::Text(text) => serde_json::from_str(text).ok()?,
        Arrival::Binary(bytes) => {
            let packings = family.channels.iter().filter_map(|channel| channel.binary?.packing);
            packings.filter_map(|packing| (packing.json)(bytes).ok()).next()?
        }
        _ => return None,
    };
    (family.naming.name)(&message).map(str::to_owned)
}
