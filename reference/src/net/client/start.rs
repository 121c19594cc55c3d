//! Starts the clients, each with its frontend.

use std::io::{Read, Write};

use relayspec::pairing::JoinCode;
use relayspec::terminal::{Session, ViewerCode};
use relayspec::text::Uuid;
use relayspec::timing::Parameter;

use super::frontend::{Console, ConsoleMode, Frontend};
use super::local::AgentFrontend;
use super::shells::Shells;
use super::{ClientOptions, User, run};
use crate::client::tunnel::{self, LocalOrigin};
use crate::client::{Ending, SessionChange, pairing, sync, terminal};
use crate::net::clock::{self, Clock};
use crate::tunnel::{Encoding, Token};

/// Runs a pairing host until it gives up or is stopped, by the driver or by `stop`.
pub async fn pairing_host(
    options: ClientOptions,
    client_id: Option<Uuid>,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(mode(options.user, ConsoleMode::Lines), input, output);
    run(pairing::PairingHost::new(client_id), console, options, stop).await
}

/// Runs a pairing viewer until it gives up or is stopped, by the driver or by `stop`.
pub async fn pairing_viewer(
    options: ClientOptions,
    code: JoinCode,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(mode(options.user, ConsoleMode::Lines), input, output);
    run(pairing::PairingViewer::new(code), console, options, stop).await
}

/// Runs a terminal host until it gives up or is stopped, by the driver or by `stop`. Without a driver each session is a pseudo terminal that
/// runs `program`.
pub async fn terminal_host(
    options: ClientOptions,
    client_id: String,
    session: Session,
    program: String,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let first = SessionChange::Open { session_id: session.id.clone() };
    let host = terminal::TerminalHost::new(client_id, session);
    let console = Console::start(mode(options.user, ConsoleMode::Lines), input, output);
    if options.user == User::Driver {
        return run(host, console, options, stop).await;
    }
    let mut shells = Shells::start(console, program);
    shells.change(first);
    run(host, shells, options, stop).await
}

/// Runs a terminal viewer until it gives up or is stopped, by the driver or by `stop`. Without a driver `input` is typed as it is, as from a
/// terminal in raw mode ([`super::RawMode`]).
pub async fn terminal_viewer(
    options: ClientOptions,
    code: ViewerCode,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(mode(options.user, ConsoleMode::Raw), input, output);
    run(terminal::TerminalViewer::new(code), console, options, stop).await
}

/// The options of a tunnel agent, besides those of all clients.
#[derive(Debug, Clone)]
pub struct TunnelAgentOptions {
    /// The token.
    pub token: Token,
    /// The only server that it makes requests to.
    pub local: LocalOrigin,
    /// The encoding until the cloud chooses.
    pub encoding: Encoding,
}

/// Runs a tunnel agent until it gives up or is stopped, by the driver or by `stop`.
pub async fn tunnel_agent(
    options: ClientOptions,
    agent: TunnelAgentOptions,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let TunnelAgentOptions { token, local, encoding } = agent;
    let console = Console::start(mode(options.user, ConsoleMode::Lines), input, output);
    let frontend = AgentFrontend::start(console, local.clone(), options.timing.value(Parameter::RequestTimeout));
    let now = Clock::start().now();
    let started = tunnel::ProcessStart { monotonic: clock::instant(), unix: now.unix };
    run(tunnel::TunnelAgent::new(token, local, encoding, &options.timing, started), frontend, options, stop).await
}

/// Runs a sync client until it gives up or is stopped, by the driver or by `stop`. Without a driver it subscribes to `chat`, shows its
/// messages, and sends each line of `input` there.
pub async fn sync_client(
    options: ClientOptions,
    pin: String,
    chat: Option<String>,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(mode(options.user, ConsoleMode::Lines), input, output);
    run(sync::SyncClient::new(pin, chat, &options.timing), console, options, stop).await
}

fn mode(user: User, person: ConsoleMode) -> ConsoleMode {
    match user {
        User::Driver => ConsoleMode::Driver,
        User::Person { .. } => person,
    }
}
