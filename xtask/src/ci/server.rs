//! A server that runs for one step. It ends when its value does, however the step goes.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::cargo;

/// How the line begins in which a server tells its address.
const OPENING: &str = "listening on ";

/// A server gets this long to tell its address.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server. Its process is ended by its id and waited for, so that nothing of it outlives this value.
pub(super) struct Server {
    process: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error here means that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a server and waits until it tells its address in a line of its output, `listening on ws://…`.
    ///
    /// # Errors
    /// Where it does not start, ends before it has told its address, or takes longer than 15 s.
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
                Err(anyhow!("`{shown}` ended before it had printed `{OPENING}…`: {status}"))
            }
        }
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    #[cfg(test)]
    fn id(&self) -> u32 {
        self.process.id()
    }
}

/// Reads the output to its end, so that the server never waits for a reader, and sends the address when it comes by.
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
    fn a_server_tells_its_address_and_ends_with_its_value() {
        let server = Server::start(shell("echo starting; echo listening on ws://127.0.0.1:1; exec sleep 60"));
        let server = server.expect("it starts");
        assert_eq!(server.url(), "ws://127.0.0.1:1");
        let process = PathBuf::from(format!("/proc/{}", server.id()));
        assert!(process.exists(), "it does not run");
        drop(server);
        assert!(!process.exists(), "it outlives its value");
    }

    #[test]
    fn a_server_that_ends_early_is_told_with_its_status() {
        let error = Server::start(shell("echo no; exit 3")).err().expect("it ends early");
        assert_eq!(
            format!("{error:#}"),
            "`sh -c 'echo no; exit 3'` ended before it had printed `listening on …`: exit status: 3"
        );
    }
}
