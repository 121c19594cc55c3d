//! The file that a report is written to: whole or not at all, and opened before the run, which may be long.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ReportError;

/// A file that is written once.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    file: File,
    /// The file beside the target that takes its place at the end; none for pipes and devices.
    beside: Option<Beside>,
}

#[derive(Debug)]
struct Beside {
    from: PathBuf,
    to: PathBuf,
}

impl ReportFile {
    /// Opens what will be written.
    ///
    /// # Errors
    /// Where the path cannot be written to.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        open(path).map_err(|cause| failed(path, cause))
    }

    /// Writes the whole text. A second call replaces what the first wrote.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, text: &str) -> Result<(), ReportError> {
        let mut write = || {
            self.file.write_all(text.as_bytes())?;
            self.file.flush()?;
            let Some(Beside { from, to }) = &self.beside else { return Ok(()) };
            fs::rename(from, to)
        };
        write().map_err(|cause| failed(&self.path, cause))?;
        // From here on there is nothing to clean up.
        self.beside = None;
        Ok(())
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if let Some(Beside { from, .. }) = &self.beside {
            // A file that cannot be removed is no reason to fail: it says `partial` in its name.
            let _ = fs::remove_file(from);
        }
    }
}

fn open(path: &Path) -> io::Result<ReportFile> {
    let is_device = path.starts_with("/dev") || path.starts_with("/proc");
    let found = fs::metadata(path);
    if found.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file"));
    }
    if found.as_ref().is_ok_and(|found| is_device || !found.is_file()) {
        let file = OpenOptions::new().append(true).open(path)?;
        return Ok(ReportFile { path: path.to_owned(), file, beside: None });
    }
    if found.is_ok() {
        // Nothing but a trial: a file that is write-protected shall not be replaced.
        OpenOptions::new().append(true).open(path)?;
    }
    // What a link leads to is replaced, not the link.
    let to = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = to.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file"))?;
    let mut partial = name.to_owned();
    partial.push(format!(".{:08x}.partial", fastrand::u32(..)));
    let from = to.with_file_name(partial);
    let file = OpenOptions::new().write(true).create_new(true).open(&from).map_err(|error| no_folder(path, error))?;
    Ok(ReportFile { path: path.to_owned(), file, beside: Some(Beside { from, to }) })
}

fn no_folder(path: &Path, error: io::Error) -> io::Error {
    match path.parent() {
        Some(folder) if error.kind() == io::ErrorKind::NotFound => {
            let problem = format!("there is no folder `{}`; make it first", folder.display());
            io::Error::new(error.kind(), problem)
        }
        _ => error,
    }
}

fn failed(path: &Path, cause: io::Error) -> ReportError {
    ReportError { to: path.display().to_string(), cause }
}
