//! The socket's file: private from the start, replacing a stale one and never a live one (RPC-14).

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use relayspec::rpc::SOCKET_MODE;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::UnixListener;

use super::error::DaemonError;
use super::journal_file::{Lock, lock};

/// A path where no other daemon listens, locked against others.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    _lock: Lock,
}

/// A listening socket; its file is removed on drop.
#[derive(Debug)]
pub(super) struct BoundSocket {
    pub(super) listener: UnixListener,
    claim: Claim,
}

impl Claim {
    pub(super) fn new(path: &Path) -> Result<Self, DaemonError> {
        let failed = |source| DaemonError::Socket { path: path.to_owned(), source };
        let taken = || DaemonError::Taken { path: path.to_owned() };
        // Two daemons starting at once would both find a stale file; the lock admits one.
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

    pub(super) fn listen(self) -> Result<BoundSocket, DaemonError> {
        let failed = |source| DaemonError::Socket { path: self.path.clone(), source };
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        // A later chmod would leave a moment in which others could connect.
        let before = umask(Mode::from_raw_mode(!SOCKET_MODE & 0o777));
        let listener = UnixListener::bind(&self.path);
        umask(before);
        Ok(BoundSocket { listener: listener.map_err(failed)?, claim: self })
    }
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        // A file left behind is stale, and the next daemon replaces it.
        _ = std::fs::remove_file(&self.claim.path);
    }
}
