//! The commands that start subjects, and what a start of a server is given: its address, ports and folder.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::params::{Params, Ports, placeholders};
use super::start_error::StartProblem;
use crate::scenario::Bindings;
use crate::transport::port;
use crate::transport::{Address, AddressError, SocketFolder, WebAddress};

/// The placeholder for the port in commands and URLs; those for further ports end in `_port}`.
const PORT: &str = "{port}";
/// The placeholder for the path of a socket.
const SOCKET: &str = "{socket}";

/// Why a command cannot start a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A shell could not split it.
    #[error("invalid command: {0}")]
    Quotes(#[from] shell_words::ParseError),
    /// A client has no command.
    #[error("the command is empty; write it after `--`, as in `-- node client.js {{url}}`")]
    EmptyClient,
    /// A server has no command.
    #[error("--command is empty; write it as in --command 'my-relay --port {{port}}'")]
    EmptyServer,
    /// Only one of command and URL has the placeholder of the socket.
    #[error(
        "`{{socket}}` must be in both the command and the URL (if any): write --command 'my-daemon --socket {{socket}}'"
    )]
    Socket,
    /// Only one of command and URL has the placeholder of the port.
    #[error("`{{port}}` must be in both the command and the URL (if any): write --command 'my-relay --port {{port}}'")]
    Port,
    /// The URL is invalid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A param has the placeholder of a port that the command does not have.
    #[error("--param: `{0}` must be in the command as well")]
    UnknownPort(String),
}

/// The command of a client; `{url}` stands for the address, which is in the environment as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTemplate {
    pub(super) words: Vec<String>,
    pub(super) folder: Option<PathBuf>,
}

impl ClientTemplate {
    /// Splits a command line as a POSIX shell does; no shell runs it.
    pub fn new(command: &str) -> Result<Self, TemplateError> {
        Self::of_words(shell_words::split(command)?)
    }

    /// The command of these words.
    pub fn of_words(words: Vec<String>) -> Result<Self, TemplateError> {
        if words.first().is_none_or(String::is_empty) {
            return Err(TemplateError::EmptyClient);
        }
        Ok(Self { words, folder: None })
    }

    /// The same, run in this folder instead of the current one.
    #[must_use]
    pub fn in_folder(self, folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), ..self }
    }

    /// The command, for reports.
    #[must_use]
    pub fn shown(&self) -> String {
        shell_words::join(&self.words)
    }
}

/// The command of a server and its URL, both with `{port}` for a free port or `{socket}` for the path of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTemplate {
    words: Vec<String>,
    url: String,
    /// The URL, with a port or path at which nothing listens.
    address: Address,
    folder: Option<PathBuf>,
    params: Params,
}

/// What one start of a server runs, and where it is to listen.
#[derive(Debug)]
pub(super) struct LaunchSpec {
    pub(super) words: Vec<String>,
    pub(super) address: Address,
    /// The further addresses at which it is to listen.
    pub(super) others: Vec<Address>,
    /// The folder of its socket, if any.
    pub(super) _socket: Option<SocketFolder>,
    /// The values that the server declares.
    pub(super) params: Bindings,
}

impl ServerTemplate {
    /// Splits a command line as a POSIX shell does; no shell runs it.
    pub fn new(command: &str, url: Option<&str>) -> Result<Self, TemplateError> {
        Self::of_words(shell_words::split(command)?, url)
    }

    /// The command of these words.
    pub fn of_words(words: Vec<String>, url: Option<&str>) -> Result<Self, TemplateError> {
        if words.is_empty() {
            return Err(TemplateError::EmptyServer);
        }
        let has = |placeholder: &str| words.iter().any(|word| word.contains(placeholder));
        let default = if has(SOCKET) { "unix:{socket}" } else { "ws://127.0.0.1:{port}" };
        let url = url.unwrap_or(default).to_owned();
        if has(SOCKET) != url.contains(SOCKET) {
            return Err(TemplateError::Socket);
        }
        if has(PORT) != url.contains(PORT) {
            return Err(TemplateError::Port);
        }
        let address = url.replace(PORT, "1").replace(SOCKET, "/socket").parse();
        let address = address.map_err(|error: AddressError| AddressError { url: url.clone(), ..error })?;
        Ok(Self { words, url, address, folder: None, params: Params::default() })
    }

    /// A new start, with ports and socket of its own.
    pub(super) fn launch_spec(&self) -> Result<LaunchSpec, StartProblem> {
        let ports =
            free_ports(self.words.iter().flat_map(|word| placeholders(word)).collect()).map_err(StartProblem::Port)?;
        let socket = self.url.contains(SOCKET).then(SocketFolder::new).transpose();
        let socket = socket.map_err(StartProblem::Folder)?;
        let path = socket.as_ref().map(|folder| folder.path().join("daemon.sock").display().to_string());
        let fill = |text: &str| ports.fill(text).replace(SOCKET, path.as_deref().unwrap_or_default());
        let words = self.words.iter().map(|word| fill(word)).collect();
        let host = match &self.address {
            Address::Web(address) => address.host.clone(),
            Address::Unix(_) => Ipv4Addr::LOCALHOST.to_string(),
        };
        let other = |port| Address::Web(WebAddress { secure: false, host: host.clone(), port, prefix: String::new() });
        let others = ports.others().map(other).collect();
        Ok(LaunchSpec {
            words,
            address: fill(&self.url).parse()?,
            others,
            _socket: socket,
            params: self.params.bindings(&ports),
        })
    }

    /// The folder to run it in.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The same, run in this folder instead of the current one.
    #[must_use]
    pub fn in_folder(self, folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), ..self }
    }

    /// The same, with these params.
    pub fn with_params(self, params: Params) -> Result<Self, TemplateError> {
        let known: BTreeSet<_> = self.words.iter().flat_map(|word| placeholders(word)).collect();
        let unknown = params.values().flat_map(placeholders).find(|placeholder| !known.contains(placeholder));
        match unknown {
            Some(unknown) => Err(TemplateError::UnknownPort(unknown)),
            None => Ok(Self { params, ..self }),
        }
    }

    /// Whether each start gets a port or socket of its own, so that several can run side by side.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.url.contains(PORT) || self.url.contains(SOCKET)
    }

    /// The address of the server, with a port or path at which nothing listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The URL of the server, with its placeholders.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The command, for reports.
    #[must_use]
    pub fn shown(&self) -> String {
        shell_words::join(&self.words)
    }
}

/// A free port for each placeholder, all different.
fn free_ports(placeholders: BTreeSet<String>) -> std::io::Result<Ports> {
    let held: Vec<_> =
        placeholders.into_iter().map(|placeholder| Ok((placeholder, port::hold()?))).collect::<std::io::Result<_>>()?;
    let ports: Vec<_> = held
        .iter()
        .map(|(placeholder, listener)| Ok((placeholder.clone(), listener.local_addr()?.port())))
        .collect::<std::io::Result<_>>()?;
    Ok(Ports::new(ports))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_and_url_need_the_same_placeholders() {
        assert!(ServerTemplate::new("relay --port {port}", None).is_ok_and(|template| template.is_repeatable()));
        assert!(
            ServerTemplate::new("relay", Some("ws://127.0.0.1:9000")).is_ok_and(|template| !template.is_repeatable())
        );
        assert!(ServerTemplate::new("relay --port 9000", None).is_err());
        assert!(ServerTemplate::new("relay --port {port}", Some("ws://127.0.0.1:9000")).is_err());
        assert!(ServerTemplate::new("daemon {socket}", None).is_ok_and(|template| template.url() == "unix:{socket}"));
        assert!(
            ServerTemplate::new("daemon", Some("unix:/run/daemon.sock"))
                .is_ok_and(|template| !template.is_repeatable())
        );
        assert!(ServerTemplate::new("daemon {socket}", Some("unix:/run/daemon.sock")).is_err());
        assert!(ServerTemplate::new("daemon", Some("unix:{socket}")).is_err());
        assert!(ServerTemplate::new("relay 'open", None).is_err());
        assert!(ServerTemplate::new("  ", None).is_err());
        let shown = ServerTemplate::new("'my relay' --port {port}", None).map(|template| template.shown());
        assert_eq!(shown, Ok("'my relay' --port {port}".to_owned()));
    }
}
