//! The root of the workspace, independent of the caller's folder.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Result, ensure};

/// The root of the workspace. Cargo names the folder of the package that it runs; without cargo the current folder and those above it are
/// searched. A path from compile time would be wrong once a checkout is moved.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let current = std::env::current_dir().unwrap_or_default();
        find(&package, &current).unwrap_or(&current).to_owned()
    });
    &ROOT
}

/// Makes sure that there is a workspace to work on.
///
/// # Errors
/// If the root was not found.
pub(crate) fn check() -> Result<()> {
    ensure!(is_root(root()), "{} is in no checkout of relayspec: run `cargo xtask` inside one", root().display());
    Ok(())
}

fn find<'a>(package: &'a Path, current: &'a Path) -> Option<&'a Path> {
    package.parent().into_iter().chain(current.ancestors()).find(|folder| is_root(folder))
}

fn is_root(folder: &Path) -> bool {
    folder.join("xtask/Cargo.toml").is_file() && folder.join("Cargo.toml").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_root_above_the_package_or_the_current_folder() {
        let (root, nowhere) = (root(), Path::new("/no/such/checkout/xtask"));
        assert!(check().is_ok());
        assert_eq!(find(&root.join("xtask"), nowhere), Some(root));
        assert_eq!(find(nowhere, &root.join("spec/text")), Some(root));
        assert_eq!(find(Path::new(""), nowhere), None);
    }
}
