//! Makes time pass faster for an unmodified subject, by preloading libfaketime.
//!
//! The library intercepts every query of the time and shortens every wait, so that five minutes take fifteen seconds. It cannot be loaded
//! into a statically linked program; the report then says so.

use std::path::PathBuf;

use crate::clock::Clock;

/// The environment variable with the path of the library, if it is in none of the usual places.
pub const LIBRARY_VARIABLE: &str = "CONFORMANCE_FAKETIME";

/// The name of the library, wherever it is.
const NAME: &str = "libfaketime";

/// Where Debian, Fedora, a local build and Homebrew install it.
const USUAL_PATHS: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/opt/homebrew/lib/faketime/libfaketime.1.dylib",
    "/usr/local/lib/faketime/libfaketime.1.dylib",
];

/// Why time cannot be accelerated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceleratorError {
    /// The variable does not name a file.
    #[error("{LIBRARY_VARIABLE} names {}, which is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The library is in none of the usual places.
    #[error(
        "libfaketime was not found: install it (Debian: apt-get install faketime; Homebrew: libfaketime), or set {LIBRARY_VARIABLE} to its path"
    )]
    NotFound,
}

/// Makes the processes that the runner starts follow the runner's clock.
#[derive(Debug, Clone)]
pub struct Accelerator {
    library: PathBuf,
    clock: Clock,
}

impl Accelerator {
    /// Accelerates processes to the speed of a clock.
    pub fn new(clock: Clock) -> Result<Self, AcceleratorError> {
        let given = std::env::var_os(LIBRARY_VARIABLE).map(PathBuf::from);
        let library = match given {
            Some(path) if path.is_file() => path,
            Some(path) => return Err(AcceleratorError::NotAFile(path)),
            None => {
                let found = USUAL_PATHS.iter().map(PathBuf::from).find(|path| path.is_file());
                found.ok_or(AcceleratorError::NotFound)?
            }
        };
        Ok(Self { library, clock })
    }

    /// The environment of a process that starts now. Its clock then agrees with this one, apart from the time that starting takes.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let library = self.library.display().to_string();
        let ahead = self.clock.ahead().as_secs_f64();
        let time = format!("+{ahead:.6} x{}", self.clock.speed());
        let preload = if cfg!(target_os = "macos") { "DYLD_INSERT_LIBRARIES" } else { "LD_PRELOAD" };
        // Libraries that are preloaded already stay.
        let others = std::env::var(preload).map(|others| format!(":{others}")).unwrap_or_default();
        // Files keep their real times, so that comparing them stays meaningful.
        vec![(preload, format!("{library}{others}")), ("FAKETIME", time), ("NO_FAKE_STAT", "1".to_owned())]
    }
}

/// Removes the memory that the library shares between a process and its children. The library does so itself unless the process is killed (Linux).
pub(super) fn forget(pid: i32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        // Usually it is gone already.
        let _ = std::fs::remove_file(format!("/dev/shm/{name}{pid}"));
    }
}

/// The names of the processes that run without the library; `None` if unknown (anywhere but on Linux).
pub(super) fn untouched(pids: &[i32]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for pid in pids {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
        // A process that has ended has no maps.
        if !maps.is_empty() && !maps.contains(NAME) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            names.push(name.trim().to_owned());
        }
    }
    Some(names)
}
