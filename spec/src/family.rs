//! The families of protocols: their endpoints, roles, messages and order. [`FAMILIES`] is the only list of them.

use crate::order::Order;
use crate::pairing;
use crate::requirement::{self, Requirement};
use crate::schema::MessageSchema;
use crate::wire::{DecodeError, Direction};

/// An address of a server that clients connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The path of the handshake, as `/mac`.
    pub path: &'static str,
    /// The role of the client that connects there.
    pub role: &'static str,
}

/// The messages of one direction.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// Who sends to whom.
    pub direction: Direction,
    /// The schemas of its messages.
    pub schemas: fn() -> Vec<MessageSchema>,
    /// Reads a message and writes it again in canonical form: known members only, in the order of the chapter.
    pub canonical: fn(&str) -> Result<String, DecodeError>,
}

/// One protocol family.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name, as `pairing`; also of its chapter, schemas, fixtures and scenarios.
    pub name: &'static str,
    /// What it is, in half a sentence.
    pub title: &'static str,
    /// The role that accepts connections.
    pub server: &'static str,
    /// The roles that connect.
    pub clients: &'static [&'static str],
    /// The server's endpoints.
    pub endpoints: &'static [Endpoint],
    /// The messages, by direction.
    pub channels: &'static [Channel],
    /// The order rules of a new connection of a client role.
    pub order: fn(&str) -> Box<dyn Order>,
}

/// All families.
pub const FAMILIES: &[Family] = &[pairing::FAMILY];

impl Family {
    /// The family with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }

    /// The endpoint that a path names; a query string is not part of it.
    #[must_use]
    pub fn endpoint(&self, target: &str) -> Option<&'static Endpoint> {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        self.endpoints.iter().find(|endpoint| endpoint.path == path)
    }

    /// The channel from one role to another.
    #[must_use]
    pub fn channel(&self, from: &str, to: &str) -> Option<&'static Channel> {
        self.channels.iter().find(|channel| channel.direction.from == from && channel.direction.to == to)
    }

    /// The requirements that bind a role: its chapter's own, and those of the wire rules for its side.
    pub fn requirements(&self, role: &str) -> impl Iterator<Item = &'static Requirement> {
        let side = if role == self.server { "server" } else { "client" };
        let name = self.name;
        requirement::all().iter().filter(move |requirement| match requirement.chapter {
            "wire" => requirement.roles.contains(&side),
            chapter => chapter == name && requirement.roles.contains(&role),
        })
    }
}
