//! The journal's file: bytes go behind its end, or a new file takes its place.
//!
//! What `write` has taken survives the process, however that ends; a machine that loses power may lose the last moments.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::server::rpc::Writing;

/// Read and written by its owner alone.
const PRIVATE: u32 = 0o600;

/// A file that is locked as long as this process lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Locks the file of this name with `.lock` behind it; `None` where another process has done so.
pub(super) fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let file = options().create(true).truncate(false).open(with_end(path, ".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The journal's file.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    file: Option<File>,
}

impl Store {
    /// The file at this path, and what stands in it; nothing where there is none.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<u8>)> {
        let mut journal = Vec::new();
        match File::open(path) {
            Ok(mut file) => _ = file.read_to_end(&mut journal)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok((Self { path: path.to_owned(), file: None }, journal))
    }

    /// Writes.
    pub(super) fn write(&mut self, writing: &Writing) -> io::Result<()> {
        match (writing, &mut self.file) {
            (Writing::Append(records), Some(file)) => {
                let written = file.write_all(records);
                if written.is_err() {
                    // Behind a piece of a record no other may stand.
                    self.file = None;
                }
                written
            }
            (Writing::Append(_), None) => Err(io::Error::other("the journal is not open")),
            (Writing::Replace(whole), _) => {
                let new = with_end(&self.path, ".new");
                let mut file = options().create(true).truncate(true).open(&new)?;
                file.write_all(whole)?;
                std::fs::rename(&new, &self.path)?;
                self.file = Some(file);
                Ok(())
            }
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(PRIVATE);
    options
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
