//! Servers that the runner starts by a command.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::TcpStream;

use super::accelerate::Accelerator;
use super::guard::Guard;
use super::params::{Params, Ports, placeholders};
use super::process::{Group, Spawn};
use crate::clock::Clock;
use crate::engine::{Boxed, Launcher, Party, Process, Target};
use crate::scenario::Bindings;
use crate::transport::{Address, Route};

/// The placeholder for the port in commands and URLs; others end in `_port}`.
const PORT: &str = "{port}";
/// How long a server has to end by itself after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks whether a server listens.
const GLANCE: Duration = Duration::from_millis(5);

/// How long the last output of a process that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A command and the URL that the server is then reached by, both with `{port}` where a free port is to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    words: Vec<String>,
    url: String,
    secure: bool,
    prefix: String,
    folder: Option<PathBuf>,
    params: Params,
}

impl Template {
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
        let url = url.unwrap_or("ws://127.0.0.1:{port}").to_owned();
        if words.iter().any(|word| word.contains(PORT)) != url.contains(PORT) {
            return Err("`{port}` has to stand in the command and, where one is given, in the URL: \
                        write --command 'my-relay --port {port}'"
                .to_owned());
        }
        let address: Address =
            url.replace(PORT, "1").parse().map_err(|error: String| error.replace(":1`", ":{port}`"))?;
        Ok(Self { words, url, secure: address.secure, prefix: address.prefix, folder: None, params: Params::default() })
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

    /// Whether each start gets a port of its own, so that several can run side by side.
    #[must_use]
    pub fn has_port(&self) -> bool {
        self.url.contains(PORT)
    }

    /// Whether the server is reached by TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The URL that the server is reached by, with `{port}`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What stands in the URL before every endpoint's path.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The command, as reports show it.
    #[must_use]
    pub fn shown(&self) -> String {
        shell_words::join(&self.words)
    }
}

/// Starts servers by a template.
#[derive(Debug, Clone)]
pub struct CommandLauncher {
    /// The command.
    pub template: Template,
    /// TLS, for `wss` URLs.
    pub tls: Option<Arc<ClientConfig>>,
    /// How long a server has to begin to listen.
    pub ready_within: Duration,
    /// The clock.
    pub clock: Clock,
    /// Ends the servers where this process is killed.
    pub guard: Option<Arc<Guard>>,
    /// Makes time pass faster for them.
    pub accelerator: Option<Accelerator>,
}

/// A server that was started by a command. It is ended with its whole process group when it is dropped.
#[derive(Debug)]
pub struct CommandSubject {
    route: Route,
    params: Bindings,
    group: Group,
    clock: Clock,
}

/// Why a server could not be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotStarted {
    /// What went wrong.
    pub problem: String,
    /// What the server printed last.
    pub output: String,
}

impl From<String> for NotStarted {
    fn from(problem: String) -> Self {
        Self { problem, output: String::new() }
    }
}

/// Both in one text, for those who have one place for it.
impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match self.output.trim() {
            "" => Ok(()),
            output => write!(f, "; it printed:\n{output}"),
        }
    }
}

impl CommandLauncher {
    /// Starts a server and waits until it accepts connections, at every port that its command names.
    ///
    /// # Errors
    /// Where it cannot be started, ends at once, or does not listen in time; with what it printed.
    pub async fn start(&self) -> Result<CommandSubject, NotStarted> {
        let template = &self.template;
        let ports = free_ports(template.words.iter().flat_map(|word| placeholders(word)).collect())
            .map_err(|error| format!("no port is free: {error}"))?;
        let words: Vec<_> = template.words.iter().map(|word| ports.fill(word)).collect();
        let address: Address = ports.fill(&template.url).parse()?;
        let group = Group::start(Spawn {
            words: &words,
            folder: self.template.folder.as_deref(),
            guard: self.guard.clone(),
            accelerator: self.accelerator.as_ref(),
            ..Spawn::default()
        })?;
        let deadline = self.clock.now() + self.clock.real(self.ready_within);
        let mut unready: Vec<u16> = ports.others().chain([address.port]).collect();
        while let Some(port) = unready.last() {
            let connecting = TcpStream::connect((address.host.as_str(), *port));
            let connected = self.clock.within(deadline, connecting).await.is_some_and(|result| result.is_ok());
            let ended = group.ended();
            // Where the process is gone, it is somebody else who listens.
            if connected && ended.is_none() {
                unready.pop();
                continue;
            }
            let at = if *port == address.port { address.to_string() } else { format!("{}:{port}", address.host) };
            let problem = match ended {
                Some(ending) => {
                    format!("`{}` ended before it listened on {at} ({})", self.template.shown(), ending.told)
                }
                None if self.clock.now() > deadline => {
                    format!(
                        "`{}` did not listen on {at} within {} s",
                        self.template.shown(),
                        self.ready_within.as_secs_f64()
                    )
                }
                None => {
                    self.clock.nap(GLANCE).await;
                    continue;
                }
            };
            self.last_words(&group).await;
            return Err(NotStarted { problem, output: group.output.text() });
        }
        let route = Route { address, tls: self.tls.clone() };
        let params = template.params.bindings(&ports);
        Ok(CommandSubject { route, params, group, clock: self.clock.clone() })
    }

    /// Waits for what a process that has ended printed last. Not for long: others may hold its streams open.
    async fn last_words(&self, group: &Group) {
        let until = self.clock.now() + self.clock.real(LAST_WORDS);
        while group.ended().is_some() && !group.output.is_complete() && self.clock.now() < until {
            self.clock.nap(GLANCE).await;
        }
    }
}

impl CommandSubject {
    /// Why time does not pass faster for it, though it should.
    #[must_use]
    pub fn in_real_time(&self) -> Option<String> {
        self.group.in_real_time()
    }

    /// Ends the server in an orderly way.
    pub async fn stop(&self) {
        self.group.stop(&self.clock, PATIENCE).await;
    }
}

impl Launcher for CommandLauncher {
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, String>> {
        let told = |error: NotStarted| error.to_string();
        Box::pin(async move { self.start().await.map(|subject| Arc::new(subject) as Arc<dyn Target>).map_err(told) })
    }
}

impl Target for CommandSubject {
    fn route(&self) -> &Route {
        &self.route
    }

    fn params(&self) -> &Bindings {
        &self.params
    }
}

impl Party for CommandSubject {
    fn process(&self) -> Option<&dyn Process> {
        Some(&self.group)
    }

    fn output(&self) -> String {
        self.group.output.text()
    }
}

/// A free port for each placeholder, all of them different.
fn free_ports(placeholders: BTreeSet<String>) -> std::io::Result<Ports> {
    let held: Vec<_> = placeholders
        .into_iter()
        .map(|placeholder| Ok((placeholder, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?)))
        .collect::<std::io::Result<_>>()?;
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
        assert!(Template::new("relay --port {port}", None).is_ok_and(|template| template.has_port()));
        assert!(Template::new("relay", Some("ws://127.0.0.1:9000")).is_ok_and(|template| !template.has_port()));
        assert!(Template::new("relay --port 9000", None).is_err());
        assert!(Template::new("relay --port {port}", Some("ws://127.0.0.1:9000")).is_err());
        assert!(Template::new("relay 'open", None).is_err());
        assert!(Template::new("  ", None).is_err());
        let shown = Template::new("'my relay' --port {port}", None).map(|template| template.shown());
        assert_eq!(shown, Ok("'my relay' --port {port}".to_owned()));
    }

    #[test]
    fn what_was_printed_follows_the_problem() {
        let told = |output: &str| NotStarted { output: output.to_owned(), ..NotStarted::from("it ended".to_owned()) };
        assert_eq!(told("\n").to_string(), "it ended");
        assert_eq!(told("no such port\n").to_string(), "it ended; it printed:\nno such port");
    }
}
