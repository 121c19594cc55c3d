//! Protocols: loads them from folders, single files and the binary itself, by one road. The only place that knows where a protocol came from.
//!
//! What the rest of the runner asks of a protocol stands in [`Protocol`].

mod check;
mod codec;
mod error;
mod load;
mod located;
mod requirements;
mod schemas;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use relayspec::protocol::message::Unknown;
use relayspec::protocol::order::Observer;
use relayspec::protocol::transport::Transport;
use relayspec::protocol::{Definition, built_in_rule};
use relayspec::requirement::{self, SHARED, WIRE};

pub use codec::{Codec, Raw, Unreadable};
pub use error::{Problem, ProtocolError};
pub use requirements::Statement;
pub use schemas::MessageSchema;

use source::{Source, whole};

// `PROTOCOLS: &[(&str, &[(&str, &str)])]`, name and files of each built-in protocol, made by the build script.
include!(concat!(env!("OUT_DIR"), "/protocols.rs"));

/// The names of the built-in protocols.
pub const BUILT_IN: &[&str] = &["pairing", "terminal", "tunnel", "sync", "rpc"];

/// A protocol that was loaded and whose parts fit together.
pub struct Protocol {
    /// What its file says, with all that it extends.
    pub definition: Definition,
    /// The messages of each direction.
    pub channels: Vec<Channel>,
    /// Its own requirements. Those of the shared chapters hold besides.
    pub requirements: Vec<Statement>,
    order: Arc<relayspec::protocol::order::Order>,
    source: Source,
}

/// The messages of one direction.
#[derive(Debug)]
pub struct Channel {
    /// The role that sends.
    pub from: String,
    /// The role that receives.
    pub to: String,
    /// The schemas of the messages, by name.
    pub messages: IndexMap<String, MessageSchema>,
    /// What the sender violates with a message that is none, or does not match its schema.
    pub violates: String,
    /// What it violates with a malformed binary message.
    pub binary: Option<String>,
    /// What a message with an unknown name is.
    pub unknown: Unknown,
}

/// The requirement that is violated where neither a schema nor a direction names one.
const USUAL: &str = "WIRE-01";

impl Protocol {
    /// Loads a protocol by the name of a built-in one, or from its folder or file.
    ///
    /// # Errors
    /// If there is none, or it is not sound: one error with file, line, column and remedy.
    pub fn load(name: &str) -> Result<Self, ProtocolError> {
        if BUILT_IN.contains(&name) || !Path::new(name).exists() {
            let source = load::named(name, None).map_err(|problem| whole(name.to_owned(), problem))?;
            return Self::from_source(source);
        }
        Self::from_source(Source::at(Path::new(name))?)
    }

    fn from_source(source: Source) -> Result<Self, ProtocolError> {
        let read = load::read(source)?;
        let requirements = read_requirements(&read)?;
        check::check(&read.definition, &requirements).map_err(|(path, problem)| read.failed(&path, problem))?;
        let channels = channels(&read)?;
        let order = Arc::new(read.definition.order.clone());
        Ok(Self { definition: read.definition, channels, requirements, order, source: read.source })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// The role that accepts connections.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.definition.roles.server
    }

    /// The roles that connect.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        self.definition.roles.clients.keys().map(String::as_str)
    }

    /// Whether its messages travel in WebSocket messages.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.definition.transport == Transport::Websocket
    }

    /// The messages from one role to another.
    #[must_use]
    pub fn channel(&self, from: &str, to: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.from == from && channel.to == to)
    }

    /// An observer of the order of a new connection of a client in this role.
    #[must_use]
    pub fn observer(&self, client: &str) -> Observer {
        Observer::new(Arc::clone(&self.order), client, built_in_rule)
    }

    /// The requirements that bind a role: its own, and those of the shared chapters for its side. The wire rules are those of WebSockets.
    pub fn requirements_of(&self, role: &str) -> impl Iterator<Item = &str> {
        let side = if role == self.server() { "server" } else { "client" };
        let own = self.requirements.iter().filter(move |own| own.roles.iter().any(|bound| bound == role));
        let shared = requirement::all().iter().filter(move |shared| {
            SHARED.contains(&shared.chapter)
                && shared.roles.contains(&side)
                && (shared.chapter != WIRE || self.is_websocket())
        });
        own.map(|own| own.id.as_str()).chain(shared.map(|shared| shared.id))
    }

    /// The names of its own scenario files.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn scenarios(&self) -> Result<Vec<String>, ProtocolError> {
        self.source.yaml_below("scenarios")
    }
}

fn read_requirements(read: &load::Read) -> Result<Vec<Statement>, ProtocolError> {
    const USUAL_FILE: &str = "requirements.md";
    let file = read.definition.requirements.as_deref();
    let own = match file {
        None if !read.source.has(USUAL_FILE) => Vec::new(),
        file => {
            let file = file.unwrap_or(USUAL_FILE);
            let text = match file {
                _ if read.source.has(file) || read.base.is_none() => read.source.read(file)?,
                _ => String::new(),
            };
            let roles = &read.definition.roles;
            let roles: Vec<_> = roles.clients.keys().chain([&roles.server]).map(String::as_str).collect();
            requirements::read(&text, &roles).map_err(|(place, problem)| ProtocolError {
                file: read.source.shown(file),
                place,
                problem,
            })?
        }
    };
    let mut all = own;
    if let Some(base) = &read.base {
        let inherited = read_requirements(base)?;
        all.extend(inherited.into_iter().filter(|one| !read.definition.absent.contains_key(&one.id)));
    }
    Ok(all)
}

fn channels(read: &load::Read) -> Result<Vec<Channel>, ProtocolError> {
    let (definition, mut reader) = (&read.definition, schemas::SchemaReader::new(&read.source));
    let server = &definition.roles.server;
    let mut channels = Vec::new();
    for (name, direction) in &definition.messages.directions {
        let client = definition.roles.clients.keys().find(|client| name.starts_with(&format!("{client}-to-")));
        let (from, to) = match client {
            Some(client) if *name == format!("{client}-to-{server}") => (client.clone(), server.clone()),
            _ => (server.clone(), name[server.len() + "-to-".len()..].to_owned()),
        };
        let mut messages = IndexMap::new();
        for (message, form) in &direction.messages {
            let path =
                format!("/messages/directions/{}/messages/{}", located::escaped(name), located::escaped(message));
            let schema = match (&form.schema, &form.inline) {
                (Some(file), _) => owner(read, file)
                    .map_or_else(|| reader.read(file), |base| schemas::SchemaReader::new(&base.source).read(file)),
                (None, inline) => {
                    let schema = inline.clone().unwrap_or_default();
                    let origin = read.source.shown(read.source.main());
                    reader.inline(schema, origin).map_err(|problem| read.failed(&format!("{path}/inline"), problem))
                }
            };
            messages.insert(message.clone(), schema.map_err(|error| placed(read, &path, error))?);
        }
        let usual = || definition.messages.violates.clone().unwrap_or_else(|| USUAL.to_owned());
        channels.push(Channel {
            from,
            to,
            messages,
            violates: direction.violates.clone().unwrap_or_else(usual),
            binary: direction.binary.clone(),
            unknown: direction.unknown.clone(),
        });
    }
    Ok(channels)
}

/// The protocol further down that has a file which this one does not.
fn owner<'r>(read: &'r load::Read, file: &str) -> Option<&'r load::Read> {
    let file = file.split('#').next().unwrap_or(file);
    if read.source.has(file) {
        return None;
    }
    let base = read.base.as_deref()?;
    owner(base, file).or(Some(base).filter(|base| base.source.has(file)))
}

/// A schema file that is not there is a mistake in the definition, which names it.
fn placed(read: &load::Read, path: &str, error: ProtocolError) -> ProtocolError {
    match error.problem {
        Problem::Unreadable(why) => {
            read.failed(&format!("{path}/schema"), Problem::Unreadable(format!("{} ({})", why, error.file)))
        }
        problem @ Problem::Outside(_) => read.failed(&format!("{path}/schema"), problem),
        problem => ProtocolError { problem, ..error },
    }
}

/// The files of a built-in protocol.
fn built_in(name: &str) -> Option<Source> {
    let (folder, files) = PROTOCOLS.iter().find(|(known, _)| *known == name)?;
    Some(Source::Embedded { folder: format!("schemas/{folder}"), files: files.iter().copied().collect() })
}

/// All built-in protocols.
///
/// # Errors
/// If one is not sound; the tests of this crate load all of them.
pub fn all_built_in() -> Result<Vec<&'static Protocol>, ProtocolError> {
    BUILT_IN.iter().map(|name| of_name(name)).collect()
}

/// A built-in protocol, loaded when it is first asked for.
///
/// # Errors
/// If there is none, or it is not sound.
pub fn of_name(name: &str) -> Result<&'static Protocol, ProtocolError> {
    static LOADED: [OnceLock<Result<Protocol, ProtocolError>>; BUILT_IN.len()] =
        [const { OnceLock::new() }; BUILT_IN.len()];
    let unknown = || Problem::UnknownProtocol { name: name.to_owned(), known: BUILT_IN.join(", ") };
    let index = BUILT_IN.iter().position(|known| *known == name).ok_or_else(|| whole(name.to_owned(), unknown()))?;
    LOADED[index].get_or_init(|| Protocol::load(name)).as_ref().map_err(Clone::clone)
}
