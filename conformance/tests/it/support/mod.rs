//! Shared by the tests: the real binary, scripted servers, temporary folders. Everything ends with the test that started it.

pub(crate) mod peer;
mod process;
mod run;
mod server;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub(crate) use process::{ReferenceProcess, is_alive, is_gone};

pub(crate) use run::{BINARY, BinaryOutput, FLAWED, RunningBinary, TestRun, conformance, test_run};
pub(crate) use server::{RefusingPort, TcpServer};

/// The folder of this process, since several may share a target directory. It stays, to investigate failures, until a later process
/// finds that its owner has ended.
static OWN: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for name in names(all) {
        let owner = name.strip_prefix("run-").and_then(|id| id.parse().ok());
        if owner.is_some_and(|id| !is_alive(id)) {
            // Another process may be faster.
            let _ = std::fs::remove_dir_all(all.join(name));
        }
    }
    all.join(format!("run-{}", std::process::id()))
});

/// An empty folder for a test.
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

/// What differs between runs, and its replacement in snapshots.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (env!("CARGO_BIN_EXE_conformance"), "CONFORMANCE"),
        (concat!(env!("CARGO_TARGET_TMPDIR"), r"/run-\d+"), "TMP"),
        (r"(?m)^    noise     the machine was late by .*\n", ""),
        (r"(127\.0\.0\.1|localhost|port) ?:?\d{4,5}\b", "$1:PORT"),
        (r"\d+(\.\d+)? m?s(; run (twice|\d+ times))?\)", "TIME)"),
        (r"\d+\.\d{3} s into", "TIME into"),
        (r"\b\d{13}\b", "EPOCH_MS"),
        (r"\b\d+ of \d+ checks", "N of N checks"),
        (r"\b\d+ (checks?|passed|skipped|inconclusive)\b", "N $1"),
        (r"off by \d+ ms", "off by TIME"),
        (r"(?m)^(  [→ ]) +\d+\.\d{3} ", "$1 T.TTT "),
        (r"\d\d\d\d-\d\d-\d\dT[0-9:.]+Z", "MOMENT"),
    ]
}

/// Compares a text with a snapshot, after [`filters`].
macro_rules! assert_shown {
    ($shown:expr) => {
        let shown = &$shown;
        insta::with_settings!({ filters => crate::support::filters() }, { insta::assert_snapshot!(shown) });
    };
    ($name:expr, $shown:expr) => {
        let shown = &$shown;
        insta::with_settings!({ filters => crate::support::filters() }, { insta::assert_snapshot!($name, shown) });
    };
}

pub(crate) use assert_shown;
