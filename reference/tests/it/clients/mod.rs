//! The clients with real sockets and pipes: what only their shell can get wrong.

pub(crate) mod losses;
mod pairs;
mod stopping;
mod tls;

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use relayspec::pairing::JoinCode;
use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use relayspec_reference::client::Ending;
use relayspec_reference::{ClientOptions, User, pairing_host, pairing_viewer};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::soon;

struct ClientRun {
    input: Option<PipeWriter>,
    output: mpsc::UnboundedReceiver<String>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Ending>,
}

fn options(address: SocketAddr, path: &str, user: User) -> ClientOptions {
    let mut timing = Timing::default();
    timing.declare(Parameter::ConnectTimeout, Duration::from_millis(300));
    let policy = Policy { base: Duration::from_millis(50), cap: Duration::from_millis(200), ..Policy::RELAY };
    let address = format!("ws://{address}{path}").parse().expect("an address");
    ClientOptions { timing, ..ClientOptions::new(address, policy, user) }
}

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl ClientRun {
    fn host(address: SocketAddr, user: User) -> Self {
        Self::host_with(options(address, "/mac", user))
    }

    fn host_with(options: ClientOptions) -> Self {
        let (host, output) =
            Self::unread(|input, output, stop| tokio::spawn(pairing_host(options, None, input, output, stop)));
        host.reading(output)
    }

    fn viewer(address: SocketAddr, code: &str, user: User) -> Self {
        Self::viewer_with(options(address, "/browser", user), code)
    }

    fn viewer_with(options: ClientOptions, code: &str) -> Self {
        let code = JoinCode::new(code).expect("a code");
        let (viewer, output) =
            Self::unread(|input, output, stop| tokio::spawn(pairing_viewer(options, code, input, output, stop)));
        viewer.reading(output)
    }

    fn unread(start: impl FnOnce(PipeReader, PipeWriter, Stop) -> JoinHandle<Ending>) -> (Self, PipeReader) {
        let (their_input, input) = pipe().expect("a pipe");
        let (output, their_output) = pipe().expect("a pipe");
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        let task = start(their_input, their_output, stopped);
        (Self { input: Some(input), output: mpsc::unbounded_channel().1, stop: Some(stop), task }, output)
    }

    fn reading(mut self, output: PipeReader) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        self.output = receiver;
        self
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("an open input"), "{line}").expect("written");
    }

    fn command(&mut self, command: Value) {
        self.say(&command.to_string());
    }

    fn give(&mut self, payload: &str) {
        self.command(json!({ "do": "send", "payload": payload }));
    }

    async fn line(&mut self) -> String {
        soon("a line", self.output.recv()).await.expect("a line, not the end")
    }

    async fn event(&mut self) -> Value {
        serde_json::from_str(&self.line().await).expect("JSON")
    }

    async fn event_name(&mut self) -> String {
        self.event().await["event"].as_str().expect("a name").to_owned()
    }

    async fn code(&mut self) -> String {
        loop {
            let event = self.event().await;
            if event["event"] == "registered" {
                return event["code"].as_str().expect("a code").to_owned();
            }
        }
    }

    async fn ended(self) -> Ending {
        soon("the end of the client", self.task).await.expect("no panic")
    }
}
