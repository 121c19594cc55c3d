//! The file of a report: written whole or not at all, and opened before the run, which may be long.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::sink::ReportError;

/// A file that is written once.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    file: File,
    /// The temporary file that replaces the target at the end; none for pipes and devices.
    partial: Option<PartialFile>,
}

#[derive(Debug)]
struct PartialFile {
    from: PathBuf,
    to: PathBuf,
}

impl ReportFile {
    /// Opens the file.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        open(path).map_err(|cause| failed(path, cause))
    }

    /// Writes the whole text. A second call replaces what the first wrote.
    pub fn write(&mut self, text: &str) -> Result<(), ReportError> {
        let mut write = || {
            self.file.write_all(text.as_bytes())?;
            self.file.flush()?;
            let Some(PartialFile { from, to }) = &self.partial else { return Ok(()) };
            fs::rename(from, to)
        };
        write().map_err(|cause| failed(&self.path, cause))?;
        self.partial = None;
        Ok(())
    }
}

impl ReportFile {
    /// The error that the report could not be made for this file.
    pub(super) fn error(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> ReportError {
        failed(&self.path, io::Error::other(cause))
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if let Some(PartialFile { from, .. }) = &self.partial {
            let _ = fs::remove_file(from);
        }
    }
}

fn open(path: &Path) -> io::Result<ReportFile> {
    let is_device = path.starts_with("/dev") || path.starts_with("/proc");
    let found = fs::metadata(path);
    if found.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; expected a file"));
    }
    if found.as_ref().is_ok_and(|found| is_device || !found.is_file()) {
        let file = OpenOptions::new().append(true).open(path)?;
        return Ok(ReportFile { path: path.to_owned(), file, partial: None });
    }
    if found.is_ok() {
        // Only to check: a write-protected file must not be replaced.
        OpenOptions::new().append(true).open(path)?;
    }
    // The target of a link is replaced, not the link.
    let to = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name =
        to.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "expected the name of a file"))?;
    let mut partial = name.to_owned();
    partial.push(format!(".{:08x}.partial", fastrand::u32(..)));
    let from = to.with_file_name(partial);
    let file = OpenOptions::new().write(true).create_new(true).open(&from).map_err(|error| no_folder(path, error))?;
    Ok(ReportFile { path: path.to_owned(), file, partial: Some(PartialFile { from, to }) })
}

fn no_folder(path: &Path, error: io::Error) -> io::Error {
    match path.parent() {
        Some(folder) if error.kind() == io::ErrorKind::NotFound => {
            let problem = format!("the folder `{}` does not exist", folder.display());
            io::Error::new(error.kind(), problem)
        }
        _ => error,
    }
}

fn failed(path: &Path, cause: io::Error) -> ReportError {
    ReportError { to: path.display().to_string(), cause }
}
