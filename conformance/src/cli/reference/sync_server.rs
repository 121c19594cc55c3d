//! `conformance reference sync-server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use relayspec::sync::Pin;
use relayspec::timing::Timing;
use relayspec_reference::{Options, SyncOptions, SyncServer};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::server;

pub(super) const ROLE: &str = "sync.server";

/// The sync server: clients connect to /sync, and browsers get a chat page at the same port
#[derive(Debug, Args)]
#[group(id = "sync_server")]
pub(super) struct SyncServerArguments {
    #[command(flatten)]
    pub(super) server: server::ReferenceServerArguments,

    /// The PIN of 6 digits [default: random, and printed]
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin: Option<Pin>,

    /// The database file; without one the data ends with the server. A new file gets example data
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,

    /// For tests: the address for creating chats by HTTP, such as 127.0.0.1:0
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

fn pin(text: &str) -> Result<Pin, String> {
    Pin::new(text).ok_or_else(|| "expected 6 digits".to_owned())
}

impl SyncServerArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let entry = self.server.entry_point(ROLE)?;
        let options = self.server.options(Timing::default(), &Options::default(), &entry);
        let own = SyncOptions { pin: self.pin.clone(), database: self.database.clone(), control: self.control };
        self.server.run(async {
            let server = SyncServer::bind(options, own).await?;
            if let Some(address) = server.control_addr() {
                anstream::println!("tests make chats at http://{address}");
            }
            if self.pin.is_none() {
                anstream::println!("the PIN is {}", server.pin().as_str());
            }
            let (address, stop) = (server.local_addr(), entry.stop());
            entry.open(address, server.serve(stop)).await;
            Ok(())
        })
    }
}
