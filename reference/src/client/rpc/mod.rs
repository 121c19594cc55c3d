//! The client of the rpc family: registers its session, makes calls, and reconnects (RPC-C1 to RPC-C9).
//!
//! [`Caller`] is the sans-I/O role; [`start`] runs it on a Unix stream socket, and [`RpcHandle`] makes calls from any task.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use relayspec::rpc::{Message, Request, SESSIONS, Scope, SessionStart};
//! use relayspec_reference::client::rpc::{self, CallError};
//! use relayspec_reference::{DaemonOptions, RpcDaemon};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("rpc-example-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let socket = folder.join("daemon.sock");
//! // A daemon; normally a separate process.
//! let daemon = RpcDaemon::bind(&DaemonOptions::at(&socket))?;
//! let daemon = tokio::spawn(daemon.serve(std::future::pending()));
//!
//! // The session, described anew for each connection.
//! let opening = |now| SessionStart {
//!     session_id: "shell-1".to_owned(),
//!     parent_session_id: None,
//!     timestamp_ms: now,
//!     attrs: BTreeMap::from([("shell".to_owned(), "zsh".to_owned())]),
//! };
//! let client = rpc::start(rpc::RpcClientOptions::at(&socket), opening, |event| println!("{event:?}"));
//! client.connected().await?;
//!
//! let request = Request {
//!     request_id: "1".to_owned(),
//!     session_id: "shell-1".to_owned(),
//!     query: SESSIONS.to_owned(),
//!     scope: Scope::AllSessions,
//! };
//! let Message::Response(response) = client.call(Message::Request(request.clone())).await? else { unreachable!() };
//! assert!(response.content.contains(r#""session_id":"shell-1""#));
//!
//! // Without a daemon calls fail at once; the client keeps trying to reconnect.
//! daemon.abort();
//! # _ = daemon.await;
//! while client.call(Message::Request(request.clone())).await.is_ok() {}
//! assert_eq!(client.call(Message::Request(request)).await, Err(CallError::NotConnected));
//! client.stop().await;
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```

mod caller;

pub(crate) use caller::Caller;
pub use caller::{CallError, CallResult};

pub use crate::net::client::rpc::{RpcClientOptions, RpcHandle, start};

#[cfg(test)]
mod tests;
