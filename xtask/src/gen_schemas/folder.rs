//! The folder `schemas/` on disk: what this command may replace, and how it does so. What it must keep stands in [`KEPT`].

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Files;
use super::diff::Difference;

/// What is written by hand or frozen by a release.
const KEPT: &[&str] = &["released", "README.md", "approved-breaks.toml"];

/// The files that this command owns. A folder that does not exist holds none.
///
/// # Errors
/// Where a file cannot be read.
pub(super) fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    if folder.is_dir() {
        collect(folder, "", &mut files)?;
    }
    Ok(files)
}

fn collect(folder: &Path, below: &str, files: &mut Files) -> Result<()> {
    let context = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if KEPT.contains(&path.as_str()) {
            continue;
        }
        if entry.file_type().with_context(context)?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            let bytes = fs::read(entry.path()).with_context(|| format!("cannot read schemas/{path}"))?;
            files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(())
}

/// Mends one difference.
///
/// # Errors
/// Where the file cannot be written or removed.
pub(super) fn apply(folder: &Path, difference: &Difference) -> Result<()> {
    let path = folder.join(difference.path());
    let parent = path.parent().unwrap_or(folder);
    match difference {
        Difference::Missing { wanted, .. } | Difference::Changed { wanted, .. } => fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, wanted))
            .with_context(|| format!("cannot write {}", path.display())),
        Difference::LeftOver { .. } => {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            let empty = fs::read_dir(parent).is_ok_and(|mut entries| entries.next().is_none());
            if empty && parent != folder {
                fs::remove_dir(parent).with_context(|| format!("cannot remove {}", parent.display()))?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::diff;
    use super::*;

    #[test]
    fn what_is_generated_is_replaced_and_what_is_kept_stays() {
        let folder = std::env::temp_dir().join(format!("xtask-schemas-{}", std::process::id()));
        for (path, text) in [
            ("README.md", "by hand"),
            ("released/0.1.0/pairing/join.json", "frozen"),
            ("pairing/join.json", "old"),
            ("gone/leave.json", "left over"),
        ] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            fs::write(path, text).expect("the file can be written");
        }

        let wanted = Files::from([("pairing/join.json".into(), "new".into()), ("report.json".into(), "{}\n".into())]);
        for difference in diff::between(&read(&folder).expect("it can be read"), &wanted) {
            apply(&folder, &difference).expect("it can be mended");
        }
        assert_eq!(read(&folder).expect("it can be read"), wanted);
        assert!(folder.join("README.md").is_file() && folder.join("released/0.1.0/pairing/join.json").is_file());
        assert!(!folder.join("gone").exists(), "an empty folder stays behind");
        fs::remove_dir_all(&folder).expect("the folder can be removed");
    }
}
