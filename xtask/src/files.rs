//! Reading and writing files in folders.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The paths of all files below a folder, relative to it and with `/`. Files and folders that are not `wanted` are left out.
pub(crate) fn below(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let (mut files, mut unread) = (Vec::new(), vec![String::new()]);
    while let Some(prefix) = unread.pop() {
        let context = || format!("cannot read {}", folder.join(&prefix).display());
        for entry in fs::read_dir(folder.join(&prefix)).with_context(context)? {
            let entry = entry.with_context(context)?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if !wanted(&path) {
                continue;
            }
            if entry.file_type().with_context(context)?.is_dir() {
                unread.push(format!("{path}/"));
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file and creates its folder.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}
