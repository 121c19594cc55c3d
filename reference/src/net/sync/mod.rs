//! The shell of the sync server: the shell of all servers, a database thread, and a control address for tests.

mod control;
pub(super) mod database;
mod worker;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use relayspec::sync::Pin;
use tokio::net::TcpListener;
use tracing::warn;

use super::listener::listen;
use super::options::{BindError, Options};
use super::server::WebSocketServer;
use super::system::SystemRandom;
use crate::server::entropy::draw_text;
use crate::server::sync;
use database::Database;
pub use database::DatabaseError;
use worker::JobSender;

/// The options of a sync server, besides those of all servers.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The PIN; random if `None`.
    pub pin: Option<Pin>,
    /// The database file; if `None`, the data ends with the server.
    pub database: Option<PathBuf>,
    /// The control address, where tests create chats; none if `None`. Port 0 lets the system choose.
    pub control: Option<SocketAddr>,
}

/// A listening sync server (chapter `sync`, role `server`).
#[derive(Debug)]
pub struct SyncServer {
    server: WebSocketServer<sync::SyncServerCore<JobSender>>,
    pin: Pin,
    jobs: JobSender,
    control: Option<TcpListener>,
    database: JoinHandle<()>,
}

impl SyncServer {
    /// Opens the database and starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// If an address cannot be bound, the database cannot be used, or an option is invalid.
    pub async fn bind(options: Options, own: SyncOptions) -> Result<Self, BindError> {
        let pin = match own.pin {
            Some(pin) => pin,
            None => draw_pin()?,
        };
        let database = Database::open(own.database.as_deref())?;
        let (jobs, waiting) = JobSender::channel();
        let server = WebSocketServer::start(sync::SyncServerCore::new(pin.clone(), jobs.clone()), options).await?;
        let control = own.control.map(listen).transpose()?;
        let hub = Arc::downgrade(&server.shared.hub);
        let database = waiting.start(database, hub).map_err(BindError::Thread)?;
        Ok(Self { server, pin, jobs, control, database })
    }

    /// The address, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// The control address, with the port that the system chose.
    #[must_use]
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control.as_ref()?.local_addr().ok()
    }

    /// The PIN.
    #[must_use]
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Serves until `shutdown` resolves; ends like the relays, after all jobs are done.
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
        // The core holds the last job sender, and ends with the last connection.
        if hub.upgrade().is_none() {
            _ = tokio::task::spawn_blocking(move || database.join()).await;
        } else {
            warn!("a connection is still open: the database thread is not joined");
        }
    }
}

fn draw_pin() -> Result<Pin, BindError> {
    let digits = draw_text(&mut SystemRandom, "0123456789", relayspec::sync::PIN_LENGTH)?;
    Ok(Pin::new(digits).expect("enough digits for a PIN"))
}
