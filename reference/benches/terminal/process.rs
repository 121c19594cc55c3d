//! The processes of a chain: this binary again.

use std::future::pending;
use std::io::{stdin, stdout};

use relayspec::reconnect::Policy;
use relayspec::terminal::{Session, ViewerCode};
use relayspec_reference::{ClientOptions, Options, TerminalRelay, User, terminal_host, terminal_viewer};

use crate::plain;

/// Marks a part of the bench; followed by its name.
pub(crate) const FLAG: &str = "--part";
pub(crate) const SHELL: &str = "/bin/sh";

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
        _ => panic!("unknown part: {arguments:?}"),
    }
}

fn options(address: &str) -> ClientOptions {
    let address = format!("ws://{address}/ws").parse().expect("an address");
    ClientOptions::new(address, Policy::RELAY, User::Person { ends_with_input: false })
}
