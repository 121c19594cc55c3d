//! Making time pass faster for a subject, unchanged, by preloading libfaketime.
//!
//! The library answers every question about time, and shortens every wait, so that five minutes take fifteen seconds. It cannot reach a
//! program that is linked statically, since nothing is loaded into that; whoever asks for speed is told then.

use std::path::PathBuf;

use crate::clock::Clock;

/// The environment variable that says where the library is, where it is in none of the usual places.
pub const LIBRARY_VARIABLE: &str = "CONFORMANCE_FAKETIME";

/// What the library is called, wherever it is.
const NAME: &str = "libfaketime";

/// Where packages put it: Debian and its kin, Fedora and its kin, a build of one's own, Homebrew.
const PLACES: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/opt/homebrew/lib/faketime/libfaketime.1.dylib",
    "/usr/local/lib/faketime/libfaketime.1.dylib",
];

/// Makes the processes that the runner starts run by the runner's clock.
#[derive(Debug, Clone)]
pub struct Accelerator {
    library: PathBuf,
    clock: Clock,
}

impl Accelerator {
    /// What accelerates processes to the speed of a clock.
    ///
    /// # Errors
    /// Where the library is not found; with a remedy.
    pub fn new(clock: Clock) -> Result<Self, String> {
        let given = std::env::var_os(LIBRARY_VARIABLE).map(PathBuf::from);
        let library = match given {
            Some(path) if path.is_file() => path,
            Some(path) => return Err(format!("{LIBRARY_VARIABLE} names {}, which is no file", path.display())),
            None => PLACES.iter().map(PathBuf::from).find(|path| path.is_file()).ok_or_else(|| {
                format!("libfaketime is not found: install it (Debian: apt-get install faketime; Homebrew: libfaketime), or say where it is in {LIBRARY_VARIABLE}")
            })?,
        };
        Ok(Self { library, clock })
    }

    /// The variables of a process that is started now. Its clock then shows what this one shows, but for the time that starting it takes.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let library = self.library.display().to_string();
        let ahead = self.clock.ahead().as_secs_f64();
        let time = format!("+{ahead:.6} x{}", self.clock.speed());
        let preload = if cfg!(target_os = "macos") { "DYLD_INSERT_LIBRARIES" } else { "LD_PRELOAD" };
        // What is preloaded already stays.
        let others = std::env::var(preload).map(|others| format!(":{others}")).unwrap_or_default();
        // Files keep their real times: who compares them with one another must not be misled.
        vec![(preload, format!("{library}{others}")), ("FAKETIME", time), ("NO_FAKE_STAT", "1".to_owned())]
    }
}

/// Removes what the library shares between a process and its children. It does so by itself where the process exits, and not where that is killed (Linux).
pub(super) fn forget(pid: i32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        // Mostly it is gone.
        let _ = std::fs::remove_file(format!("/dev/shm/{name}{pid}"));
    }
}

/// Which processes of a tree run without the library; `None` where the system does not tell (anything but Linux).
pub(super) fn untouched(pids: &[i32]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for pid in pids {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
        // A process that has ended has no maps, and tells nothing.
        if !maps.is_empty() && !maps.contains(NAME) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            names.push(name.trim().to_owned());
        }
    }
    Some(names)
}
