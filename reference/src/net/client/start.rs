//! The clients that there are, each with the user that it has.

use std::io::{Read, Write};

use relayspec::pairing::JoinCode;
use relayspec::terminal::{Session, ViewerCode};
use relayspec::text::Uuid;
use relayspec::timing::Parameter;

use super::front::{Console, Front, Kind};
use super::local::Locals;
use super::shells::Shells;
use super::{ClientOptions, User, run};
use crate::client::tunnel::{self, LocalOrigin};
use crate::client::{Change, Ending, pairing, sync, terminal};
use crate::net::clock::{self, Clock};
use crate::tunnel::{Encoding, Token};

/// Runs a host of the pairing family until it has given up or is told to stop: by the driver, or by `stop`.
pub async fn pairing_host(
    options: ClientOptions,
    client_id: Option<Uuid>,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(kind(options.user, Kind::Person), input, output);
    run(pairing::Host::new(client_id), console, options, stop).await
}

/// Runs a viewer of the pairing family until it has given up or is told to stop: by the driver, or by `stop`.
pub async fn pairing_viewer(
    options: ClientOptions,
    code: JoinCode,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(kind(options.user, Kind::Person), input, output);
    run(pairing::Viewer::new(code), console, options, stop).await
}

/// Runs a host of the terminal family until it has given up or is told to stop: by the driver, or by `stop`. Without a driver each
/// session is a pseudo terminal in which `program` runs.
pub async fn terminal_host(
    options: ClientOptions,
    client_id: String,
    session: Session,
    program: String,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let first = Change::Open { session_id: session.id.clone() };
    let host = terminal::Host::new(client_id, session);
    let console = Console::start(kind(options.user, Kind::Person), input, output);
    if options.user == User::Driver {
        return run(host, console, options, stop).await;
    }
    let mut shells = Shells::start(console, program);
    shells.change(first);
    run(host, shells, options, stop).await
}

/// Runs a viewer of the terminal family until it has given up or is told to stop: by the driver, or by `stop`. Without a driver what
/// comes from `input` is typed as it is, as from a terminal in raw mode ([`super::RawMode`]).
pub async fn terminal_viewer(
    options: ClientOptions,
    code: ViewerCode,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(kind(options.user, Kind::Raw), input, output);
    run(terminal::Viewer::new(code), console, options, stop).await
}

/// What an agent of the tunnel family is told besides what all clients are.
#[derive(Debug, Clone)]
pub struct TunnelAgent {
    /// What it authenticates with.
    pub token: Token,
    /// The only address that it makes requests to.
    pub local: LocalOrigin,
    /// How it writes until the cloud writes otherwise.
    pub encoding: Encoding,
}

/// Runs an agent of the tunnel family until it has given up or is told to stop: by the driver, or by `stop`.
pub async fn tunnel_agent(
    options: ClientOptions,
    agent: TunnelAgent,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let TunnelAgent { token, local, encoding } = agent;
    let console = Console::start(kind(options.user, Kind::Person), input, output);
    let front = Locals::start(console, local.clone(), options.timing.value(Parameter::RequestTimeout));
    let now = Clock::start().now();
    let birth = tunnel::Birth { monotonic: clock::instant(), unix: now.unix };
    run(tunnel::Agent::new(token, local, encoding, &options.timing, birth), front, options, stop).await
}

/// Runs a client of the sync family until it has given up or is told to stop: by the driver, or by `stop`. Without a driver it subscribes to
/// `chat`, shows its messages, and sends there what comes from `input`, line by line.
pub async fn sync_client(
    options: ClientOptions,
    pin: String,
    chat: Option<String>,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let console = Console::start(kind(options.user, Kind::Person), input, output);
    run(sync::Client::new(pin, chat, &options.timing), console, options, stop).await
}

fn kind(user: User, person: Kind) -> Kind {
    match user {
        User::Driver => Kind::Driver,
        User::Person { .. } => person,
    }
}
