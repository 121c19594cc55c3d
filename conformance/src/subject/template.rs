//! Commands of servers, and where each start of them is to be.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::params::{Params, Ports, placeholders};
use crate::scenario::Bindings;
use crate::transport::port;
use crate::transport::{Address, SocketFolder, WebAddress};

/// The placeholder for the port in commands and URLs; others end in `_port}`.
const PORT: &str = "{port}";
/// The placeholder for the path of a socket.
const SOCKET: &str = "{socket}";

/// A command and the URL that the server is then reached by, both with `{port}` where a free port, or `{socket}` where the path of a socket is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTemplate {
    words: Vec<String>,
    url: String,
    /// The URL, with a port or a path that nobody listens at.
    address: Address,
    folder: Option<PathBuf>,
    params: Params,
}

/// Where a server that is started is to be, and what is then run.
#[derive(Debug)]
pub(super) struct LaunchSpec {
    pub(super) words: Vec<String>,
    pub(super) address: Address,
    /// Where else it is to listen.
    pub(super) others: Vec<Address>,
    /// The folder of its socket, where it has one.
    pub(super) _socket: Option<SocketFolder>,
    /// What the server declares of itself.
    pub(super) params: Bindings,
}

impl ServerTemplate {
    /// Reads a command line as a POSIX shell would split it; no shell runs it.
    ///
    /// # Errors
    /// Where quotes are left open, or there is nothing to run.
    pub fn new(command: &str, url: Option<&str>) -> Result<Self, String> {
        let words = shell_words::split(command).map_err(|error| format!("--command: {error}"))?;
        Self::of_words(words, url)
    }

    /// The command that consists of these words.
    ///
    /// # Errors
    /// Where there is nothing to run.
    pub fn of_words(words: Vec<String>, url: Option<&str>) -> Result<Self, String> {
        if words.is_empty() {
            return Err("--command: is empty".to_owned());
        }
        let has = |placeholder: &str| words.iter().any(|word| word.contains(placeholder));
        let usual = if has(SOCKET) { "unix:{socket}" } else { "ws://127.0.0.1:{port}" };
        let url = url.unwrap_or(usual).to_owned();
        if has(SOCKET) != url.contains(SOCKET) {
            return Err("`{socket}` has to stand in the command and, where one is given, in the URL: \
                        write --command 'my-daemon --socket {socket}'"
                .to_owned());
        }
        if has(PORT) != url.contains(PORT) {
            return Err("`{port}` has to stand in the command and, where one is given, in the URL: \
                        write --command 'my-relay --port {port}'"
                .to_owned());
        }
        let address = url.replace(PORT, "1").replace(SOCKET, "/socket").parse();
        let address = address.map_err(|error: String| error.replace(":1`", ":{port}`"))?;
        Ok(Self { words, url, address, folder: None, params: Params::default() })
    }

    /// A place of its own for a server, where the template leaves it open.
    pub(super) fn place(&self) -> Result<LaunchSpec, String> {
        let ports = free_ports(self.words.iter().flat_map(|word| placeholders(word)).collect())
            .map_err(|error| format!("no port is free: {error}"))?;
        let socket = self.url.contains(SOCKET).then(SocketFolder::new).transpose();
        let socket = socket.map_err(|error| format!("no folder for the socket: {error}"))?;
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

    /// The same, which declares this of itself.
    ///
    /// # Errors
    /// Where a value holds the placeholder of a port that the command does not have.
    pub fn with_params(self, params: Params) -> Result<Self, String> {
        let known: BTreeSet<_> = self.words.iter().flat_map(|word| placeholders(word)).collect();
        let unknown = params.values().flat_map(placeholders).find(|placeholder| !known.contains(placeholder));
        match unknown {
            Some(unknown) => Err(format!("--param: `{unknown}` has to stand in the command too")),
            None => Ok(Self { params, ..self }),
        }
    }

    /// Whether each start gets a port or a socket of its own, so that several can run side by side.
    #[must_use]
    pub fn has_place(&self) -> bool {
        self.url.contains(PORT) || self.url.contains(SOCKET)
    }

    /// Where the server is reached, with a port or a path that nobody listens at.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The URL that the server is reached by, with `{port}`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The command, as reports show it.
    #[must_use]
    pub fn shown(&self) -> String {
        shell_words::join(&self.words)
    }
}

/// A free port for each placeholder, all of them different.
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
    fn templates_need_the_port_on_both_sides() {
        assert!(ServerTemplate::new("relay --port {port}", None).is_ok_and(|template| template.has_place()));
        assert!(ServerTemplate::new("relay", Some("ws://127.0.0.1:9000")).is_ok_and(|template| !template.has_place()));
        assert!(ServerTemplate::new("relay --port 9000", None).is_err());
        assert!(ServerTemplate::new("relay --port {port}", Some("ws://127.0.0.1:9000")).is_err());
        assert!(ServerTemplate::new("daemon {socket}", None).is_ok_and(|template| template.url() == "unix:{socket}"));
        assert!(ServerTemplate::new("daemon", Some("unix:/run/daemon.sock")).is_ok_and(|template| !template.has_place()));
        assert!(ServerTemplate::new("daemon {socket}", Some("unix:/run/daemon.sock")).is_err());
        assert!(ServerTemplate::new("daemon", Some("unix:{socket}")).is_err());
        assert!(ServerTemplate::new("relay 'open", None).is_err());
        assert!(ServerTemplate::new("  ", None).is_err());
        let shown = ServerTemplate::new("'my relay' --port {port}", None).map(|template| template.shown());
        assert_eq!(shown, Ok("'my relay' --port {port}".to_owned()));
    }
}
