//! The shell of the sync server: that of the relays, and beside it a thread for the database and an address for tests.

mod control;
mod database;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use relayspec::sync::Pin;
use tokio::net::TcpListener;
use tracing::warn;

use super::{BindError, Options, Server, System, listen};
use crate::server::entropy::draw_text;
use crate::server::sync;
use database::Database;
pub use database::DatabaseError;
use worker::Jobs;

/// How a sync server runs, beside what all servers are told.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The PIN; drawn at random where there is none.
    pub pin: Option<Pin>,
    /// The file that has projects, chats and messages; where there is none they are gone with the server.
    pub database: Option<PathBuf>,
    /// Where tests make chats; nowhere if there is none. Port 0 lets the system choose.
    pub control: Option<SocketAddr>,
}

/// A sync server that listens (chapter `sync`, role `server`).
#[derive(Debug)]
pub struct SyncServer {
    server: Server<sync::Server<Jobs>>,
    pin: Pin,
    jobs: Jobs,
    control: Option<TcpListener>,
    database: JoinHandle<()>,
}

impl SyncServer {
    /// Opens the database and starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// Where an address cannot be listened at, the database cannot be used, or an option makes no sense.
    pub async fn bind(options: Options, own: SyncOptions) -> Result<Self, BindError> {
        let pin = match own.pin {
            Some(pin) => pin,
            None => draw_pin()?,
        };
        let database = Database::open(own.database.as_deref())?;
        let (jobs, waiting) = Jobs::channel();
        let server = Server::start(sync::Server::new(pin.clone(), jobs.clone()), options).await?;
        let control = own.control.map(listen).transpose()?;
        let hub = Arc::downgrade(&server.shared.hub);
        let database = waiting.start(database, hub).map_err(BindError::Thread)?;
        Ok(Self { server, pin, jobs, control, database })
    }

    /// The address that the server listens at, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Where tests make chats, with the port that the system chose.
    #[must_use]
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control.as_ref()?.local_addr().ok()
    }

    /// The PIN.
    #[must_use]
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Serves until the future is ready, and ends as the relays do, when all that was asked for is in the database.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { server, pin: _, jobs, control, database } = self;
        let hub = Arc::downgrade(&server.shared.hub);
        let controlling = async {
            match control {
                Some(listener) => control::serve(listener, jobs).await,
                None => {
                    drop(jobs);
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = server.serve(shutdown) => {}
            () = controlling => {}
        }
        // With the last connection the core is gone, and with it the last who could leave a job.
        if hub.upgrade().is_none() {
            _ = tokio::task::spawn_blocking(move || database.join()).await;
        } else {
            warn!("a connection is still there: the database is left as it is");
        }
    }
}

fn draw_pin() -> Result<Pin, BindError> {
    let digits = draw_text(&mut System, "0123456789", relayspec::sync::PIN_LENGTH)?;
    Ok(Pin::new(digits).expect("so many digits are a PIN"))
}
