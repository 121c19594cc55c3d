//! A server that runs for one step, and ends with its value.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::cargo;

/// How the line begins in which a server prints its address.
const OPENING: &str = "listening on ";

/// How long a server may take to print its address.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server. Its process is killed and waited for when the value is dropped.
pub(super) struct ServerProcess {
    process: Child,
    url: String,
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl ServerProcess {
    /// Starts a server and waits until it prints its address, as in `listening on ws://…`.
    ///
    /// # Errors
    /// If it does not start, ends early, or takes longer than 15 s.
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let shown = cargo::shown(&command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let process = command.spawn().with_context(|| format!("`{shown}` does not start"))?;
        let mut server = Self { process, url: String::new() };
        let output = server.process.stdout.take().context("a piped output is missing")?;
        match address(output).recv_timeout(PATIENCE) {
            Ok(url) => {
                server.url = url;
                Ok(server)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("`{shown}` has not printed `{OPENING}…` within {} s", PATIENCE.as_secs())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = server.process.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(anyhow!("`{shown}` ended before it printed `{OPENING}…`: {status}"))
            }
        }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

/// Reads the output to its end, so that the server never blocks on it, and sends the address.
fn address(output: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix(OPENING) {
                let _ = sender.send(url.trim().to_owned());
            }
        }
    });
    receiver
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = cargo::program("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_server_has_an_address_and_ends_with_its_value() {
        let server = ServerProcess::start(shell("echo starting; echo listening on ws://127.0.0.1:1; exec sleep 60"));
        let server = server.expect("it starts");
        assert_eq!(server.url(), "ws://127.0.0.1:1");
        let process = PathBuf::from(format!("/proc/{}", server.process.id()));
        assert!(process.exists(), "it does not run");
        drop(server);
        assert!(!process.exists(), "it outlives its value");
    }

    #[test]
    fn reports_the_status_of_a_server_that_ends_early() {
        let error = ServerProcess::start(shell("echo no; exit 3")).err().expect("it ends early");
        assert_eq!(
            format!("{error:#}"),
            "`sh -c 'echo no; exit 3'` ended before it printed `listening on …`: exit status: 3"
        );
    }
}
