//! The socket file on which the proxy listens.

use std::fs::{Permissions, remove_file, rename, set_permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

pub(super) fn is_live(path: &Path) -> bool {
    UnixStream::connect(path).is_ok()
}

/// Listens on a private file and replaces a stale one, unless the mutant does otherwise.
pub(super) fn listen(mutant: &str, path: &Path) -> Result<UnixListener> {
    let is_replaced = path.exists();
    if is_replaced {
        let is_refused = mutant != "takes-the-place" && is_live(path);
        if is_refused || mutant == "respects-stale-files" {
            return Err(Error::new(ErrorKind::AddrInUse, "a process listens there"));
        }
        remove_file(path)?;
    }
    let new = beside(path, ".new");
    let listener = UnixListener::bind(&new)?;
    let mode = match mutant {
        "open-to-all" => 0o666,
        "open-in-a-stale-place" if is_replaced => 0o666,
        "open-to-the-group" => 0o660,
        _ => 0o600,
    };
    set_permissions(&new, Permissions::from_mode(mode))?;
    rename(&new, path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
