//! The processes of a chain: this binary again.

use std::future::pending;
use std::io::{stdin, stdout};

use relayspec::reconnect::Policy;
use relayspec::terminal::{Session, ViewerCode};
use relayspec::timing::Timing;
use relayspec_reference::client::backoff::Habit;
use relayspec_reference::{ClientOptions, Options, TerminalRelay, Trust, User, terminal_host, terminal_viewer};

use crate::plain;

/// Before the name of a part.
pub(crate) const FLAG: &str = "--part";
pub(crate) const SHELL: &str = "/bin/sh";

/// Runs until it is killed.
pub(crate) async fn run(arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["relay", ..] => {
            let relay = TerminalRelay::bind(Options::default()).await.expect("a free port");
            println!("{}", relay.local_addr());
            relay.serve(pending()).await;
        }
        ["host", address, ..] => {
            let session = Session { id: "1".to_owned(), name: "sh".to_owned() };
            let (client_id, program) = ("bench".to_owned(), SHELL.to_owned());
            terminal_host(options(address), client_id, session, program, stdin(), stdout(), pending()).await;
        }
        ["viewer", address, code, ..] => {
            let code = ViewerCode::new(code).expect("a code");
            terminal_viewer(options(address), code, stdin(), stdout(), pending()).await;
        }
        ["plain-relay", ..] => plain::relay().await,
        ["plain-host", address, ..] => plain::host(address).await,
        ["plain-viewer", address, ..] => plain::viewer(address).await,
        _ => panic!("no part: {arguments:?}"),
    }
}

fn options(address: &str) -> ClientOptions {
    let address = format!("ws://{address}/ws").parse().expect("an address");
    let user = User::Person { ends_with_input: false };
    ClientOptions {
        address,
        trust: Trust::default(),
        policy: Policy::RELAY,
        timing: Timing::default(),
        max_message: 2 << 20,
        user,
        habit: Habit::Kept,
    }
}
