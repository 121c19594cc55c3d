//! What several tests need.

use std::path::{Path, PathBuf};

/// A folder of a test's own, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("a folder to empty");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
