//! The shell of the rpc daemon: a socket, a task for each connection, and the journal's file.
//!
//! Answers and state are decided in [`crate::server::rpc`].

mod connection;
mod error;
mod journal_file;
mod socket;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::rpc::SMALLEST_LIMIT;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::server::rpc::DaemonCore;
pub use error::DaemonError;
use journal_file::{JournalFile, Lock, lock};
use socket::{BoundSocket, Claim};

/// The pause after a failed accept, usually for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The options of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonOptions {
    /// The path of the socket.
    pub socket: PathBuf,
    /// The file of the journal.
    pub journal: PathBuf,
    /// The longest accepted frame, in bytes; at least 16 MiB (RPC-05).
    pub max_frame: usize,
}

impl DaemonOptions {
    /// A daemon at this socket, with its journal beside it.
    #[must_use]
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        let socket = socket.into();
        let mut journal = socket.as_os_str().to_owned();
        journal.push(".journal");
        Self { socket, journal: journal.into(), max_frame: SMALLEST_LIMIT }
    }
}

/// A listening daemon (chapter `rpc`, role `daemon`).
#[derive(Debug)]
pub struct RpcDaemon {
    socket: BoundSocket,
    journal: PathBuf,
    shared: Arc<DaemonShared>,
    _lock: Lock,
}

#[derive(Debug)]
struct DaemonShared {
    state: Mutex<JournaledDaemon>,
    max_frame: usize,
    failed: Mutex<Option<io::Error>>,
    failure: Notify,
}

#[derive(Debug)]
struct JournaledDaemon {
    daemon: DaemonCore,
    store: JournalFile,
}

impl JournaledDaemon {
    /// Writes what must be stored before answers are sent.
    fn write(&mut self) -> io::Result<()> {
        self.daemon.journal_write().map_or(Ok(()), |write| self.store.write(&write))
    }
}

impl RpcDaemon {
    /// Reads the journal and starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// If another daemon runs there, the journal is damaged, or the system refuses.
    pub fn bind(options: &DaemonOptions) -> Result<Self, DaemonError> {
        let DaemonOptions { socket, journal, max_frame } = options;
        if *max_frame < SMALLEST_LIMIT {
            return Err(DaemonError::MaxFrame { given: *max_frame });
        }
        let unusable = |source| DaemonError::Journal { path: journal.clone(), source };
        let (claim, lock) = (Claim::new(socket)?, take(journal)?);
        let mut state = restored(journal)?;
        // The state must be restored and storable before any client can connect.
        state.write().map_err(unusable)?;
        let socket = claim.listen()?;
        let shared = DaemonShared {
            state: Mutex::new(state),
            max_frame: *max_frame,
            failed: Mutex::default(),
            failure: Notify::new(),
        };
        Ok(Self { socket, journal: journal.clone(), shared: Arc::new(shared), _lock: lock })
    }

    /// Serves until `stop` resolves; acknowledged state is already stored.
    ///
    /// # Errors
    /// If the journal can no longer be written.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), DaemonError> {
        let (mut stop, mut connections) = (pin!(stop), JoinSet::new());
        loop {
            tokio::select! {
                () = &mut stop => {
                    info!("stopped");
                    return Ok(());
                }
                () = self.shared.failure.notified() => {
                    let failed = self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let source = failed.unwrap_or_else(|| io::Error::other("it failed"));
                    return Err(DaemonError::Journal { path: self.journal, source });
                }
                accepted = self.socket.listener.accept() => match accepted {
                    Ok((stream, _)) => _ = connections.spawn(connection::serve(stream, Arc::clone(&self.shared))),
                    Err(error) => {
                        warn!(%error, "cannot accept connections for now");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

fn take(journal: &Path) -> Result<Lock, DaemonError> {
    let path = journal.to_owned();
    match lock(journal) {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => Err(DaemonError::JournalTaken { path }),
        Err(source) => Err(DaemonError::Journal { path, source }),
    }
}

fn restored(journal: &Path) -> Result<JournaledDaemon, DaemonError> {
    let (store, bytes) =
        JournalFile::open(journal).map_err(|source| DaemonError::Journal { path: journal.to_owned(), source })?;
    let daemon =
        DaemonCore::restore(&bytes).map_err(|damaged| DaemonError::Damaged { path: journal.to_owned(), damaged })?;
    Ok(JournaledDaemon { daemon, store })
}
