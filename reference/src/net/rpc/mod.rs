//! The shell of the rpc daemon: a socket, a task for each connection, and the file of the journal.
//!
//! It moves bytes; what is answered and what is kept is decided in [`crate::server::rpc`].

mod connection;
mod socket;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::rpc::SMALLEST_LIMIT;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::server::rpc::{Daemon, Damaged};
use socket::{Claim, Socket};
use store::{Lock, Store, lock};

/// The pause after the operating system refused a connection, for want of file descriptors as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a daemon runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonOptions {
    /// The path of the socket.
    pub socket: PathBuf,
    /// The file of the journal.
    pub journal: PathBuf,
    /// The longest frame that is accepted, in bytes; at least 16 MiB (RPC-05).
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

/// Why a daemon cannot start, or go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon listens there, or is about to (RPC-14).
    #[error("{path} belongs to a daemon that runs")]
    Taken {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The file is no socket, and is left as it is.
    #[error("{path} is no socket")]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The socket cannot be listened at.
    #[error("cannot listen at {path}")]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another daemon writes this journal.
    #[error("the journal {path} belongs to a daemon that runs")]
    JournalTaken {
        /// The path of the journal.
        path: PathBuf,
    },
    /// The journal cannot be read or written.
    #[error("the journal {path} cannot be used")]
    Journal {
        /// The path of the journal.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The journal is damaged.
    #[error("{path}: {damaged}; move it away to begin anew")]
    Damaged {
        /// The path of the journal.
        path: PathBuf,
        /// Where and how.
        damaged: Damaged,
    },
    /// The limit for frames is below what every daemon has to accept (RPC-05).
    #[error("a limit of {given} bytes for frames is below {SMALLEST_LIMIT}, which every daemon has to accept")]
    MaxFrame {
        /// The limit that was asked for, in bytes.
        given: usize,
    },
}

/// A daemon that listens (chapter `rpc`, role `daemon`).
#[derive(Debug)]
pub struct RpcDaemon {
    socket: Socket,
    journal: PathBuf,
    shared: Arc<Shared>,
    _lock: Lock,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    max_frame: usize,
    failed: Mutex<Option<io::Error>>,
    failure: Notify,
}

#[derive(Debug)]
struct State {
    daemon: Daemon,
    store: Store,
}

impl State {
    /// Writes what answers must not go out before.
    fn write(&mut self) -> io::Result<()> {
        self.daemon.writing().map_or(Ok(()), |writing| self.store.write(&writing))
    }
}

impl RpcDaemon {
    /// Reads the journal and starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// Where another daemon runs there, the journal is damaged, or the system refuses.
    pub fn bind(options: &DaemonOptions) -> Result<Self, DaemonError> {
        let DaemonOptions { socket, journal, max_frame } = options;
        if *max_frame < SMALLEST_LIMIT {
            return Err(DaemonError::MaxFrame { given: *max_frame });
        }
        let unusable = |source| DaemonError::Journal { path: journal.clone(), source };
        let (claim, lock) = (Claim::new(socket)?, take(journal)?);
        let mut state = restored(journal)?;
        // Nobody may connect before it is known what to answer, and that it can be kept.
        state.write().map_err(unusable)?;
        let socket = claim.listen()?;
        let shared = Shared {
            state: Mutex::new(state),
            max_frame: *max_frame,
            failed: Mutex::default(),
            failure: Notify::new(),
        };
        Ok(Self { socket, journal: journal.clone(), shared: Arc::new(shared), _lock: lock })
    }

    /// Serves until `stop` is done; what was acknowledged is kept already.
    ///
    /// # Errors
    /// Where the journal can be written no further.
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
                        warn!(%error, "no connection can be accepted");
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

fn restored(journal: &Path) -> Result<State, DaemonError> {
    let (store, bytes) =
        Store::open(journal).map_err(|source| DaemonError::Journal { path: journal.to_owned(), source })?;
    let daemon =
        Daemon::restore(&bytes).map_err(|damaged| DaemonError::Damaged { path: journal.to_owned(), damaged })?;
    Ok(State { daemon, store })
}
