//! The journal's file: records are appended, or a new file replaces it.
//!
//! Written data survives the death of the process; a power loss may cost the last moments.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::server::rpc::JournalWrite;

/// Accessible to the owner only.
const PRIVATE: u32 = 0o600;

#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Locks `path.lock`; `None` if another process holds the lock.
pub(super) fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let file = options().create(true).truncate(false).open(with_end(path, ".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[derive(Debug)]
pub(super) struct JournalFile {
    path: PathBuf,
    file: Option<File>,
}

impl JournalFile {
    /// Opens the file, and returns its content; empty if there is none.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<u8>)> {
        let mut journal = Vec::new();
        match File::open(path) {
            Ok(mut file) => _ = file.read_to_end(&mut journal)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok((Self { path: path.to_owned(), file: None }, journal))
    }

    pub(super) fn write(&mut self, write: &JournalWrite) -> io::Result<()> {
        match (write, &mut self.file) {
            (JournalWrite::Append(records), Some(file)) => {
                let written = file.write_all(records);
                if written.is_err() {
                    // Nothing may follow an incomplete record.
                    self.file = None;
                }
                written
            }
            (JournalWrite::Append(_), None) => Err(io::Error::other("the journal is not open")),
            (JournalWrite::Replace(whole), _) => {
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
