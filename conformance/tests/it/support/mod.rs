//! What several tests need: the real binary, servers that are no relay, folders of their own.
//!
//! Everything here ends with the test that started it.

pub(crate) mod peer;
mod process;
mod run;
mod server;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(crate) use process::{Reference, is_alive, is_gone};

pub(crate) use run::{BINARY, FLAWED, Judged, Ran, Running, conformance, judge};
pub(crate) use server::{Nobody, Server};

/// The folder of this process, as several may share a target directory. It stays for those who look into a failure, until
/// a later process finds that its owner is gone.
static OWN: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for name in names(all) {
        let owner = name.strip_prefix("run-").and_then(|id| id.parse().ok());
        if owner.is_some_and(|id| !is_alive(id)) {
            // Another process may be quicker.
            let _ = std::fs::remove_dir_all(all.join(name));
        }
    }
    all.join(format!("run-{}", std::process::id()))
});

/// A folder of a test's own, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = OWN.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("a folder to empty");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A file in a folder; its path.
pub(crate) fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What differs from run to run, and what it is shown as in a snapshot.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (env!("CARGO_BIN_EXE_conformance"), "CONFORMANCE"),
        (concat!(env!("CARGO_TARGET_TMPDIR"), r"/run-\d+"), "TMP"),
        // The machine's own affair.
        (r"(?m)^    noise     the machine was late by .*\n", ""),
        (r"(127\.0\.0\.1|localhost|port) ?:?\d{4,5}\b", "$1:PORT"),
        (r"\d+(\.\d+)? m?s(; played (twice|\d+ times))?\)", "TIME)"),
        (r"\d+\.\d{3} s into", "TIME into"),
        (r"\b\d{13}\b", "EPOCH_MS"),
        (r"\b\d+ of \d+ checks", "N of N checks"),
        (r"\b\d+ (checks?|passed|skipped|inconclusive)\b", "N $1"),
        (r"off by \d+ ms", "off by TIME"),
        (r"(?m)^(  [→ ]) +\d+\.\d{3} ", "$1 T.TTT "),
        (r"\d\d\d\d-\d\d-\d\dT[0-9:.]+Z", "MOMENT"),
    ]
}

/// Compares with a snapshot, after what differs from run to run was replaced.
macro_rules! assert_told {
    ($told:expr) => {
        let told = &$told;
        insta::with_settings!({ filters => crate::support::filters() }, { insta::assert_snapshot!(told) });
    };
    ($name:expr, $told:expr) => {
        let told = &$told;
        insta::with_settings!({ filters => crate::support::filters() }, { insta::assert_snapshot!($name, told) });
    };
}

pub(crate) use assert_told;
