//! The example: reference servers and clients of the relay protocols, real ones that may be put into service.
//!
//! Each is made of two parts. The core, below [`server`] and [`client`], is sans-I/O: what came in and the time go in, actions come out. The
//! shell does the input and output and decides nothing that the protocol speaks of. Messages, codes and constants come from
//! [`relayspec`]; its order rules and state models are the judge's, and must not be used here: an error in one must not hide
//! in the other.
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
//! # What is kept for a peer
//!
//! An idle connection of a relay costs about 6 KiB: a read buffer of 4 KiB, a task, an empty mailbox. What waits for a peer that does
//! not read is bounded, in a pairing relay by some 64 KiB and one message at each of three places: its mailbox, its task, its WebSocket.
//! Then its partner is not read any more, and the heartbeat decides how long that may last. In a terminal relay it is 2 MiB for each
//! viewer, and what a late one has to read first; a viewer that takes nothing for 5 s, while its host waits for it, is closed with code 1013. The scrollback of
//! a host takes 1 MiB and one message, and a few MiB more where its messages are tiny. What a burst or a large message has needed is
//! given back with the next Ping.
//!
//! # The tunnel
//!
//! A cloud has two ports, one for agents and one for the public. It carries whole bodies, so what it keeps is bounded in bytes: 16 MiB for
//! a body, 8 MiB and one body for all that one agent has not read, 256 MiB for the answers that public clients have not read ([`TunnelOptions`]). Beyond
//! the first the answer is 413; uploads wait for room in the second, for 5 s; an answer that finds no room in the third
//! is dropped, and its client told 503. So is whoever asks while 1,000 requests are under way at the agent, or 4,000 at all. A client that takes
//! nothing of its answer for 30 s, or sends nothing of its request for as long as `request_timeout` says, is given up. Up to
//! 10,000 public connections are served at once.
//!
//! An agent makes up to 1,000 requests at once and keeps up to 256 MiB of bodies; beyond that a request is answered with code 503, and answers
//! of the local server wait. While 4 MiB wait for the network, so does what is done; while 64 MiB wait, the cloud is not read.
//! Header lines are bounded by 100, heads by 128 KiB, targets by 64 KiB less one byte.
//!
//! # What a client keeps
//!
//! A client keeps up to 32 MiB of what a driver gives while it cannot be sent, and refuses more. A person or a shell waits from 1 MiB on.

pub mod client;
pub mod mutant;
pub mod server;
pub mod tunnel;

mod net;

pub use net::client::rpc::rpc_client;
pub use net::client::{
    Address, ClientOptions, NoAddress, NoTrust, RawMode, Trust, TunnelAgent, User, pairing_host, pairing_viewer,
    sync_client, terminal_host, terminal_viewer, tunnel_agent,
};
pub use net::rpc::{DaemonError, DaemonOptions, RpcDaemon};
pub use net::{
    BindError, DatabaseError, Options, PairingRelay, Server, SyncOptions, SyncServer, System, TerminalRelay,
    TunnelCloud, TunnelOptions,
};

/// A random id that no other client has, a UUID.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn random_id() -> Result<String, server::entropy::NoEntropy> {
    server::entropy::draw_uuid(&mut System).map(|uuid| uuid.to_string())
}
