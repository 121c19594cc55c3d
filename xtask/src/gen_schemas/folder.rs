//! The folder `schemas/` on disk: which of its files are generated, and how they are brought up to date.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::diff::{Difference, Files};
use crate::files;

/// What is written by hand or frozen by a release.
const KEPT: &[&str] = &["released", "README.md", "approved-breaks.toml"];

/// The generated files; none if the folder does not exist.
pub(super) fn read(folder: &Path) -> Result<Files> {
    if !folder.is_dir() {
        return Ok(Files::new());
    }
    let read = |path: String| {
        let bytes = fs::read(folder.join(&path)).with_context(|| format!("cannot read schemas/{path}"))?;
        Ok((path, String::from_utf8_lossy(&bytes).into_owned()))
    };
    files::below(folder, &|path| !KEPT.contains(&path))?.into_iter().map(read).collect()
}

/// Resolves one difference.
pub(super) fn apply(folder: &Path, difference: &Difference) -> Result<()> {
    let path = folder.join(&difference.path);
    if let Some(wanted) = &difference.wanted {
        return files::write(&path, wanted);
    }
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    let parent = path.parent().unwrap_or(folder);
    let is_empty = fs::read_dir(parent).is_ok_and(|mut entries| entries.next().is_none());
    if is_empty && parent != folder {
        fs::remove_dir(parent).with_context(|| format!("cannot remove {}", parent.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::diff;
    use super::*;

    #[test]
    fn replaces_generated_files_and_keeps_others() {
        let folder = std::env::temp_dir().join(format!("xtask-schemas-{}", std::process::id()));
        for (path, text) in [
            ("README.md", "by hand"),
            ("released/0.1.0/pairing/join.json", "frozen"),
            ("pairing/join.json", "old"),
            ("gone/leave.json", "left over"),
        ] {
            files::write(&folder.join(path), text).expect("a file");
        }

        let wanted = Files::from([("pairing/join.json".into(), "new".into()), ("report.json".into(), "{}\n".into())]);
        for difference in diff::between(&read(&folder).expect("the files"), &wanted) {
            apply(&folder, &difference).expect("a written file");
        }
        assert_eq!(read(&folder).expect("the files"), wanted);
        assert!(folder.join("README.md").is_file() && folder.join("released/0.1.0/pairing/join.json").is_file());
        assert!(!folder.join("gone").exists(), "an empty folder is left");
        fs::remove_dir_all(&folder).expect("the folder is removed");
    }
}
