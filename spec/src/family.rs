//! What a protocol family is: its endpoints, roles, messages and order rules. The list of them is [`FAMILIES`].

pub use crate::families::FAMILIES;

use serde_json::Value;

use crate::model::ModelFactory;
use crate::reconnect::Policy;
use crate::requirement::{self, Requirement, SHARED, WIRE};
use crate::schema::MessageSchema;
use crate::wire::{BinaryError, DecodeError, Direction};

/// An address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The path of the handshake, such as `/mac`.
    pub path: &'static str,
    /// The role of the clients that connect there.
    pub role: &'static str,
}

/// The messages of one direction.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// The sending and the receiving role.
    pub direction: Direction,
    /// The schemas of its messages.
    pub schemas: fn() -> Vec<MessageSchema>,
    /// Decodes a message and encodes it in canonical form: known members only, in the order of the chapter.
    pub canonical: fn(&str) -> Result<String, DecodeError>,
    /// The requirement that an invalid message violates, unless the message's schema names another one. It binds the sender.
    pub rule: &'static str,
    /// The binary messages of the direction, if any.
    pub binary: Option<Binary>,
}

impl Channel {
    /// The same channel with binary messages that have no JSON form; an invalid one violates the rule.
    pub(crate) const fn with_binary(
        self,
        canonical: fn(&[u8]) -> Result<Vec<u8>, BinaryError>,
        rule: &'static str,
    ) -> Self {
        Self { binary: Some(Binary { canonical, rule, packing: None }), ..self }
    }
}

/// The binary messages of one direction.
#[derive(Debug, Clone, Copy)]
pub struct Binary {
    /// Decodes a message and encodes it in canonical form.
    pub canonical: fn(&[u8]) -> Result<Vec<u8>, BinaryError>,
    /// The requirement that an invalid message violates. It binds the sender.
    pub rule: &'static str,
    /// The JSON form of the binary messages, if they have one.
    pub packing: Option<Packing>,
}

/// Converts between binary messages and their JSON form.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    /// The JSON form of a binary message, valid or not.
    pub json: fn(&[u8]) -> Result<Value, BinaryError>,
    /// The binary message of a JSON form, valid or not; empty if no message has this form.
    pub pack: fn(&Value) -> Vec<u8>,
}

/// How the messages of a family are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFraming {
    /// WebSocket messages, at the endpoints' paths.
    WebSocket,
    /// Frames on a Unix stream socket, each prefixed with its length in 4 bytes, big-endian. All messages are binary.
    LengthPrefixed,
}

/// One protocol family.
///
/// ```
/// use relayspec::family::Family;
///
/// let pairing = Family::named("pairing").expect("a built-in family");
/// assert_eq!(pairing.role_at("/browser?token=x"), Some("viewer"));
/// let channel = pairing.channel("viewer", "relay").expect("viewers send messages");
/// let message = (channel.canonical)(r#"{ "code": "K7QX4M", "type": "join", "extra": 1 }"#);
/// assert_eq!(message.as_deref(), Ok(r#"{"type":"join","code":"K7QX4M"}"#));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name, such as `pairing`; also that of its chapter, schemas, fixtures and scenarios.
    pub name: &'static str,
    /// A one-line summary.
    pub title: &'static str,
    /// How its messages are framed.
    pub framing: MessageFraming,
    /// The role that accepts connections.
    pub server: &'static str,
    /// The roles that connect.
    pub clients: &'static [&'static str],
    /// The server's endpoints.
    pub endpoints: &'static [Endpoint],
    /// The messages of each direction.
    pub channels: &'static [Channel],
    /// Where a message's name is.
    pub naming: Naming,
    /// The model of a server, if there is one.
    pub model: Option<ModelFactory>,
    /// Whether the server treats a client differently if others are connected, so that scenarios must run one at a time.
    pub solo: bool,
    /// How its clients reconnect after a loss, unless they declare another policy.
    pub policy: Policy,
    /// How a client of a role opens a connection.
    pub opening: fn(&str) -> Opening,
}

/// Where a message's name is in its JSON form.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// The name of a message; `None` if it has none.
    pub name: fn(&Value) -> Option<&str>,
    /// A pattern that every message of this name matches.
    pub like: fn(&str) -> Value,
}

/// The usual naming: a member `type`.
pub const BY_TYPE: Naming =
    Naming { name: |message| message["type"].as_str(), like: |name| serde_json::json!({ "type": name }) };

/// How a client reaches success on a new connection (RECON-04): the parameters it needs and the messages of both sides.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// Parameters for the client, beside those that every client gets: names and values.
    pub params: &'static [(&'static str, &'static str)],
    /// The turns. Success is the last one.
    pub turns: &'static [OpeningTurn],
    /// What the client may also send, at any time.
    pub asides: &'static [Aside],
}

/// A message that a client may send at any time, and that no scenario waits for.
#[derive(Debug, Clone, Copy)]
pub struct Aside {
    /// Its type.
    pub message: &'static str,
    /// Which messages of this type are asides; all of them if omitted.
    pub when: Option<fn(&Value) -> bool>,
    /// The server's answer, if it sends one.
    pub answer: Option<fn(&Value) -> Value>,
}

/// One turn of an opening.
#[derive(Debug, Clone, Copy)]
pub enum OpeningTurn {
    /// The client sends a message of this type.
    Client(&'static str),
    /// The server sends this message; the argument is the current time, in ms since the Unix epoch.
    Server(fn(f64) -> Value),
    /// The server sends this message; the argument is the client's latest message.
    Answer(fn(&Value) -> Value),
}

impl Family {
    /// The endpoints at a path, one for each role that connects there; a query string is ignored.
    pub fn endpoints_at(&self, target: &str) -> impl Iterator<Item = &'static Endpoint> + use<> {
        let path = target.split_once('?').map_or(target, |(path, _)| path).to_owned();
        self.endpoints.iter().filter(move |endpoint| endpoint.path == path)
    }

    /// The role of the clients that connect to a path; `None` if there are several, and the first message decides.
    pub fn role_at(&self, target: &str) -> Option<&'static str> {
        let mut roles = self.endpoints_at(target).map(|endpoint| endpoint.role);
        roles.next().filter(|_| roles.next().is_none())
    }

    /// The endpoint of a client role.
    pub fn endpoint_of(&self, role: &str) -> Option<&'static Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.role == role)
    }

    /// The channel from one role to another.
    pub fn channel(&self, from: &str, to: &str) -> Option<&'static Channel> {
        self.channels.iter().find(|channel| channel.direction.from == from && channel.direction.to == to)
    }

    /// The type of the message with which the opening of a client role succeeds.
    pub fn success(&self, role: &str) -> Option<String> {
        match (self.opening)(role).turns.last()? {
            OpeningTurn::Client(name) => Some((*name).to_owned()),
            OpeningTurn::Server(message) => (self.naming.name)(&message(0.0)).map(str::to_owned),
            OpeningTurn::Answer(message) => (self.naming.name)(&message(&Value::Null)).map(str::to_owned),
        }
    }

    /// Whether its messages are length-prefixed frames on a Unix stream socket.
    pub fn is_framed(&self) -> bool {
        self.framing == MessageFraming::LengthPrefixed
    }

    /// The requirements that bind a role: those of its own chapter, and those of the shared chapters for its side. The wire rules apply to
    /// WebSockets only.
    pub fn requirements(&self, role: &str) -> impl Iterator<Item = &'static Requirement> {
        let side = if role == self.server { "server" } else { "client" };
        let (name, is_framed) = (self.name, self.is_framed());
        requirement::all().iter().filter(move |requirement| match requirement.chapter {
            WIRE if is_framed => false,
            chapter if SHARED.contains(&chapter) => requirement.roles.contains(&side),
            chapter => chapter == name && requirement.roles.contains(&role),
        })
    }

    /// The requirement that an invalid message of a channel violates: the one that its schema names, if that binds the sender, or else the
    /// channel's own.
    pub fn violated_by(&self, channel: &Channel, named: Option<&str>) -> &'static str {
        let mut own = self.requirements(channel.direction.from).map(|requirement| requirement.id);
        named.and_then(|named| own.find(|id| *id == named)).unwrap_or(channel.rule)
    }
}
