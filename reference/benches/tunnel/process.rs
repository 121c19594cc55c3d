//! The processes of a tunnel: this binary again.

use std::future::pending;
use std::io::{empty, sink};
use std::net::SocketAddr;
use std::process::Stdio;

use relayspec::reconnect::Policy;
use relayspec_reference::tunnel::{Encoding, Token, Tokens};
use relayspec_reference::{ClientOptions, TunnelAgentOptions, TunnelCloud, TunnelOptions, User, tunnel_agent};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::local;

/// Marks a part of the bench; followed by its name.
pub(crate) const FLAG: &str = "--part";
const TOKEN: &str = "a-token-for-the-bench-alone";

pub(crate) async fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["local", ..] => local::serve().await,
        ["cloud", ..] => {
            let tokens = Tokens::read(TOKEN).expect("a token");
            let cloud = TunnelCloud::bind(TunnelOptions::new(tokens)).await.expect("free ports");
            println!("{} {}", cloud.local_addr(), cloud.public_addr());
            cloud.serve(pending()).await;
        }
        ["agent", cloud, local, encoding, ..] => {
            let encoding: Encoding = encoding.parse().expect("an encoding");
            let local = format!("http://{local}").parse().expect("an origin");
            let agent = TunnelAgentOptions { token: Token::new(TOKEN), local, encoding };
            tunnel_agent(options(cloud), agent, empty(), sink(), pending()).await;
        }
        _ => panic!("unknown part: {arguments:?}"),
    }
}

fn options(address: &str) -> ClientOptions {
    let address = format!("ws://{address}/tunnel").parse().expect("an address");
    let options = ClientOptions::new(address, Policy::TUNNEL, User::Person { ends_with_input: false });
    ClientOptions { max_message: 24 << 20, ..options }
}

pub(crate) struct TunnelProcess {
    process: Child,
    /// The addresses that it printed first.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl TunnelProcess {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut running = Self::start_silent(arguments);
        let mut line = String::new();
        let stdout = running.process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).await.expect("a line");
        running.addresses = line.split_whitespace().map(|address| address.parse().expect("an address")).collect();
        running
    }

    pub(crate) fn start_silent(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the path of this binary"));
        command.arg(FLAG).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { process: command.kill_on_drop(true).spawn().expect("a process"), addresses: Vec::new() }
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.expect("a process that ends");
    }
}
