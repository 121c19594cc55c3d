//! Reference servers and clients of the relay protocols. They are real programs, fit for use.
//!
//! Each has two parts. The core, in [`server`] or [`client`], is sans-I/O: input and the time go in, actions come out. The shell around it
//! does the I/O and takes no protocol decision. Messages, codes and constants come from [`relayspec`]; its order rules and models belong to
//! the conformance runner and are not used here, so that an error in one cannot hide in the other.
//!
//! # The pairing relay
//!
//! ```
//! use relayspec::timing::Timing;
//! use relayspec_reference::{Options, PairingRelay};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), relayspec_reference::BindError> {
//! let options = Options { listen: ([127, 0, 0, 1], 0).into(), timing: Timing::default(), ..Options::default() };
//! let relay = PairingRelay::bind(options).await?;
//! println!("hosts connect to ws://{}/mac", relay.local_addr());
//! let shutdown = async { /* wait for SIGTERM */ };
//! relay.serve(shutdown).await; // each connection is closed with 1001
//! # Ok(())
//! # }
//! ```
//!
//! # Memory of a relay
//!
//! An idle connection costs about 6 KiB: a read buffer of 4 KiB, a task and an empty mailbox. Data queued for a peer that does not read is
//! bounded: in a pairing relay by about 64 KiB and one message at each of three places (mailbox, task, WebSocket), after which its
//! partner is not read and the heartbeat limits how long that lasts; in a terminal relay by 2 MiB for each viewer plus the scrollback that a
//! late viewer reads first. A viewer that takes nothing for 5 s while its host waits is closed with code 1013. The scrollback of a host takes
//! 1 MiB and one message, and a few MiB more if its messages are tiny. Buffers that grew during a burst are released at the next Ping.
//!
//! # Limits of the tunnel
//!
//! A cloud has two ports, one for agents and one for the public. It carries whole bodies, so its buffers are bounded in bytes: 16 MiB for
//! a body, 8 MiB and one body for all requests that one agent has not read, 256 MiB for the answers that public clients have not read
//! ([`TunnelOptions`]). A larger body gets 413; uploads wait up to 5 s for room with the agent; an answer that finds no room is dropped, and its
//! client gets 503. So does a request beyond 1,000 in flight at one agent, or 4,000 in total. A client that takes nothing of its answer for
//! 30 s, or sends nothing of its request for `request_timeout`, is disconnected. Up to 10,000 public connections are served at once.
//!
//! An agent makes up to 1,000 requests at once and keeps up to 256 MiB of bodies; beyond that it answers with code 503, and answers of the
//! local server wait. While 4 MiB wait for the network, finished requests wait too; while 64 MiB wait, the cloud is not read.
//! A message has at most 100 header lines, a head of 128 KiB and a target of 64 KiB less one byte.
//!
//! # Limits of a client
//!
//! A client keeps up to 32 MiB of unsent data from a driver and refuses more. A person or a shell is paused from 1 MiB on.

pub mod client;
pub mod mutant;
pub mod tunnel;

mod net;
mod server;

pub use net::client::rpc::rpc_client;
pub use net::client::{
    Address, ClientOptions, InvalidAddress, RawMode, Trust, TrustError, TunnelAgentOptions, User, pairing_host,
    pairing_viewer, sync_client, terminal_host, terminal_viewer, tunnel_agent,
};
pub use net::rpc::{DaemonError, DaemonOptions, RpcDaemon};
pub use net::{
    BindError, DatabaseError, Options, PairingRelay, SyncOptions, SyncServer, SystemRandom, TerminalRelay, TunnelCloud,
    TunnelOptions, WebSocketServer,
};
pub use server::entropy::NoEntropy;
pub use server::tunnel::Limits;

/// A random UUID.
///
/// # Errors
/// If the system has no random bytes.
pub fn random_id() -> Result<String, NoEntropy> {
    server::entropy::draw_uuid(&mut SystemRandom).map(|uuid| uuid.to_string())
}
