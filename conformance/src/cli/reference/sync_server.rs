//! `conformance reference sync-server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use relayspec::sync::Pin;
use relayspec::timing::Timing;
use relayspec_reference::{Options, SyncOptions, SyncServer};

use super::super::exit::{Exit, Failure};
use super::server;

pub(super) const ROLE: &str = "sync.server";

/// The sync server: clients connect to /sync, and browsers find a chat page at the same port
#[derive(Debug, Args)]
#[group(id = "sync_server")]
pub(super) struct Server {
    #[command(flatten)]
    pub(super) server: server::Server,

    /// The PIN of 6 digits that clients have to show; drawn at random and printed unless given.
    #[arg(long, value_name = "PIN", value_parser = pin)]
    pin: Option<Pin>,

    /// The file that has projects, chats and messages; without one they are gone with the server. A new one begins with examples.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,

    /// For tests alone: the address where chats are made by HTTP, as 127.0.0.1:0.
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
}

fn pin(text: &str) -> Result<Pin, String> {
    Pin::new(text).ok_or_else(|| "a PIN has 6 digits".to_owned())
}

impl Server {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let door = self.server.door(ROLE)?;
        let options = self.server.options(Timing::default(), &Options::default(), &door);
        let own = SyncOptions { pin: self.pin.clone(), database: self.database.clone(), control: self.control };
        self.server.run(async {
            let server = SyncServer::bind(options, own).await?;
            if let Some(address) = server.control_addr() {
                anstream::println!("tests make chats at http://{address}");
            }
            if self.pin.is_none() {
                anstream::println!("the PIN is {}", server.pin().as_str());
            }
            let (address, stop) = (server.local_addr(), door.stop());
            door.open(address, server.serve(stop)).await;
            Ok(())
        })
    }
}
