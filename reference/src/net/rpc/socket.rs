//! The socket's file: private from its first moment, in the place of a stale one, and never in that of a live one (RPC-14).

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use relayspec::rpc::SOCKET_MODE;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::UnixListener;

use super::DaemonError;
use super::store::{Lock, lock};

/// A path at which no other daemon listens, or can begin to.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    _lock: Lock,
}

/// A socket that is listened at; its file is removed with its value.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: UnixListener,
    claim: Claim,
}

impl Claim {
    /// Looks whether a daemon listens there.
    pub(super) fn new(path: &Path) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Socket { path: path.to_owned(), source };
        let taken = || DaemonError::Taken { path: path.to_owned() };
        // Two that start at once would both find a stale file; only one of them gets the lock.
        let lock = lock(path).map_err(failed)?.ok_or_else(taken)?;
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
            Ok(file) if !file.file_type().is_socket() => return Err(DaemonError::NoSocket { path: path.to_owned() }),
            Ok(_) => match UnixStream::connect(path) {
                Ok(_) => return Err(taken()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(failed(error)),
            },
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Listens there, in the place of a stale file.
    pub(super) fn listen(self) -> Result<Socket, DaemonError> {
        let failed = |source| DaemonError::Socket { path: self.path.clone(), source };
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        // Changed afterwards, the mode would come too late for whoever waits for the file.
        let before = umask(Mode::from_raw_mode(!SOCKET_MODE & 0o777));
        let listener = UnixListener::bind(&self.path);
        umask(before);
        Ok(Socket { listener: listener.map_err(failed)?, claim: self })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What is left behind is stale, and replaced by the next daemon.
        _ = std::fs::remove_file(&self.claim.path);
    }
}
