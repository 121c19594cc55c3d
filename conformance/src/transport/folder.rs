//! Folders of one's own for socket files.

use std::fs::{DirBuilder, remove_dir_all};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A new folder that nobody else can enter; it is removed with its value.
#[derive(Debug)]
pub struct SocketFolder(PathBuf);

impl SocketFolder {
    /// Makes one. Its path is short, since those of sockets are.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub fn new() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("relayspec-{:012x}", fastrand::u64(..1 << 48)));
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = remove_dir_all(&self.0);
    }
}
