//! The families of protocols: their endpoints, roles, messages and order. [`FAMILIES`] is the only list of them.

use serde_json::Value;

use crate::model::Modelled;
use crate::order::Order;
use crate::pairing;
use crate::reconnect::Policy;
use crate::requirement::{self, Requirement, SHARED, WIRE};
use crate::rpc;
use crate::schema::MessageSchema;
use crate::sync;
use crate::terminal;
use crate::tunnel;
use crate::wire::{BinaryError, DecodeError, Direction};

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
    /// The requirement that binds the sender and is broken by what is no message, where the message's schema names no other.
    pub rule: &'static str,
    /// The binary messages, where the direction has any.
    pub binary: Option<Binary>,
}

/// The binary messages of one direction.
#[derive(Debug, Clone, Copy)]
pub struct Binary {
    /// Reads a message and writes it again in canonical form.
    pub canonical: fn(&[u8]) -> Result<Vec<u8>, BinaryError>,
    /// The requirement that binds the sender and is broken by what is no message.
    pub rule: &'static str,
    /// How they stand for JSON, where they have a JSON form.
    pub packing: Option<Packing>,
}

/// How binary messages carry what has a JSON form.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    /// The JSON form of a binary message, be it a valid message or not.
    pub json: fn(&[u8]) -> Result<Value, BinaryError>,
    /// The binary message of a JSON form, be it a valid message or not; no bytes where none can say it.
    pub pack: fn(&Value) -> Vec<u8>,
}

/// How the messages of a family travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Travel {
    /// As WebSocket messages, at the endpoints' paths.
    WebSocket,
    /// As frames on a Unix stream socket, each behind its length in 4 bytes, big-endian. All messages are binary.
    Framed,
}

/// One protocol family.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name, as `pairing`; also of its chapter, schemas, fixtures and scenarios.
    pub name: &'static str,
    /// What it is, in half a sentence.
    pub title: &'static str,
    /// How its messages travel.
    pub travel: Travel,
    /// The role that accepts connections.
    pub server: &'static str,
    /// The roles that connect.
    pub clients: &'static [&'static str],
    /// The server's endpoints.
    pub endpoints: &'static [Endpoint],
    /// The messages, by direction.
    pub channels: &'static [Channel],
    /// How messages bear their names.
    pub naming: Naming,
    /// The order rules of a new connection of a client role.
    pub order: fn(&str) -> Box<dyn Order>,
    /// The model of a server, where there is one.
    pub model: Option<Modelled>,
    /// Whether what its server does for one client depends on which others there are, so that it is judged by one scenario at a time.
    pub solo: bool,
    /// How its clients come back after a loss, unless they declare another policy.
    pub policy: Policy,
    /// How a client of a role reaches the family's own success.
    pub welcome: fn(&str) -> Welcome,
}

/// How messages bear their names, in their JSON form.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// The name of a message; `None` where it has none.
    pub name: fn(&Value) -> Option<&str>,
    /// What every message of a name has.
    pub like: fn(&str) -> Value,
}

/// The usual way: a member `type`.
pub const BY_TYPE: Naming =
    Naming { name: |message| message["type"].as_str(), like: |name| serde_json::json!({ "type": name }) };

/// How a client reaches the family's own success on a new connection (RECON-04): what it has to be given first, and who says what.
#[derive(Debug, Clone, Copy)]
pub struct Welcome {
    /// What the client is handed over, beside what every client gets: names and texts.
    pub params: &'static [(&'static str, &'static str)],
    /// The turns. The last one is the success.
    pub turns: &'static [Turn],
    /// What the client may say besides, at any time and unasked.
    pub asides: &'static [Aside],
}

/// A message that a client may send at any time, and that nobody waits for.
#[derive(Debug, Clone, Copy)]
pub struct Aside {
    /// Its type.
    pub message: &'static str,
    /// Which messages of this type these are; all of them where it is not said.
    pub when: Option<fn(&Value) -> bool>,
    /// What the server answers, where it does.
    pub answer: Option<fn(&Value) -> Value>,
}

/// One turn of a welcome.
#[derive(Debug, Clone, Copy)]
pub enum Turn {
    /// The client sends a message of this type.
    Client(&'static str),
    /// The server sends this; the argument is the present, in ms since the Unix epoch.
    Server(fn(f64) -> Value),
    /// The server sends this; the argument is what the client has said last.
    Answer(fn(&Value) -> Value),
}

/// All families.
pub const FAMILIES: &[Family] = &[pairing::FAMILY, terminal::FAMILY, tunnel::FAMILY, sync::FAMILY, rpc::FAMILY];

impl Family {
    /// The family with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }

    /// The endpoints that a path names, one for each role that connects there; a query string is not part of it.
    pub fn endpoints_at(&self, target: &str) -> impl Iterator<Item = &'static Endpoint> + use<> {
        let path = target.split_once('?').map_or(target, |(path, _)| path).to_owned();
        self.endpoints.iter().filter(move |endpoint| endpoint.path == path)
    }

    /// The role of the clients that connect to a path, where it is only one; otherwise the first message decides.
    #[must_use]
    pub fn role_at(&self, target: &str) -> Option<&'static str> {
        let mut roles = self.endpoints_at(target).map(|endpoint| endpoint.role);
        roles.next().filter(|_| roles.next().is_none())
    }

    /// The endpoint of a client role.
    #[must_use]
    pub fn endpoint_of(&self, role: &str) -> Option<&'static Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.role == role)
    }

    /// The channel from one role to another.
    #[must_use]
    pub fn channel(&self, from: &str, to: &str) -> Option<&'static Channel> {
        self.channels.iter().find(|channel| channel.direction.from == from && channel.direction.to == to)
    }

    /// The type of the message that is the success of a client role.
    #[must_use]
    pub fn success(&self, role: &str) -> Option<String> {
        match (self.welcome)(role).turns.last()? {
            Turn::Client(name) => Some((*name).to_owned()),
            Turn::Server(message) => (self.naming.name)(&message(0.0)).map(str::to_owned),
            Turn::Answer(message) => (self.naming.name)(&message(&Value::Null)).map(str::to_owned),
        }
    }

    /// Whether its messages travel as frames on a Unix stream socket.
    #[must_use]
    pub fn is_framed(&self) -> bool {
        self.travel == Travel::Framed
    }

    /// The requirements that bind a role: its chapter's own, and those of the shared chapters for its side. The wire rules are those of
    /// WebSockets.
    pub fn requirements(&self, role: &str) -> impl Iterator<Item = &'static Requirement> {
        let side = if role == self.server { "server" } else { "client" };
        let (name, is_framed) = (self.name, self.is_framed());
        requirement::all().iter().filter(move |requirement| match requirement.chapter {
            WIRE if is_framed => false,
            chapter if SHARED.contains(&chapter) => requirement.roles.contains(&side),
            chapter => chapter == name && requirement.roles.contains(&role),
        })
    }

    /// The requirement that the sender breaks with a message of a channel: the one that its schema names, if it binds the sender, or else
    /// the channel's own.
    #[must_use]
    pub fn broken(&self, channel: &Channel, named: Option<&str>) -> &'static str {
        let mut own = self.requirements(channel.direction.from).map(|requirement| requirement.id);
        named.and_then(|named| own.find(|id| *id == named)).unwrap_or(channel.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_channels_bind_the_sender() {
        for (family, channel) in FAMILIES.iter().flat_map(|family| family.channels.iter().map(move |one| (family, one)))
        {
            let rules = [Some(channel.rule), channel.binary.map(|binary| binary.rule)];
            for rule in rules.into_iter().flatten() {
                assert_eq!(family.broken(channel, Some(rule)), rule, "{} {}", family.name, channel.direction);
            }
        }
    }

    #[test]
    fn a_named_requirement_counts_where_it_binds_the_sender() {
        let family = Family::named("pairing").expect("the family");
        let (from, to) = (family.channel("host", "relay").expect("it"), family.channel("relay", "host").expect("it"));
        assert_eq!(family.broken(from, Some("PAIR-40")), "PAIR-H1");
        assert_eq!(family.broken(to, Some("PAIR-40")), "PAIR-40");
        assert_eq!(family.broken(to, None), "WIRE-01");
    }

    #[test]
    fn shared_chapters_bind_by_side() {
        let family = Family::named("pairing").expect("the family");
        let binds = |role, id| family.requirements(role).any(|requirement| requirement.id == id);
        assert!(binds("host", "RECON-01") && binds("viewer", "DRV-02") && binds("relay", "WIRE-10"));
        assert!(!binds("relay", "RECON-01") && !binds("host", "WIRE-10") && !binds("host", "PAIR-V1"));
        let framed = Family::named("rpc").expect("the family");
        let binds = |role, id| framed.requirements(role).any(|requirement| requirement.id == id);
        assert!(binds("client", "RPC-C1") && binds("client", "RECON-01") && binds("client", "DRV-02"));
        assert!(!binds("client", "WIRE-04") && !binds("daemon", "WIRE-08") && !binds("daemon", "RPC-C1"));
    }

    #[test]
    fn chapters_of_families_bind_their_roles() {
        for family in FAMILIES {
            let own = requirement::all().iter().filter(|requirement| requirement.chapter == family.name);
            for role in own.flat_map(|requirement| &requirement.roles) {
                assert!(*role == family.server || family.clients.contains(role), "{} has no {role}", family.name);
            }
        }
        // The roles of sync are called as the sides are; its own chapter speaks of no other family's.
        let binds = |family, role, id| {
            let family = Family::named(family).expect("the family");
            family.requirements(role).any(|requirement| requirement.id == id)
        };
        assert!(binds("sync", "client", "SYNC-C1") && binds("sync", "client", "RECON-01"));
        assert!(!binds("sync", "server", "SYNC-C1") && !binds("pairing", "host", "SYNC-C1"));
    }

    #[test]
    fn paths_name_endpoints_and_roles() {
        let family = Family::named("pairing").expect("the family");
        assert_eq!(family.role_at("/mac?a=/browser"), Some("host"));
        assert_eq!(family.role_at("/macs"), None);
        let shared = Family::named("terminal").expect("the family");
        assert_eq!(shared.endpoints_at("/ws?x").map(|endpoint| endpoint.role).collect::<Vec<_>>(), ["host", "viewer"]);
        assert_eq!(shared.role_at("/ws"), None);
        assert_eq!(family.endpoint_of("viewer").map(|endpoint| endpoint.path), Some("/browser"));
    }
}
