//! Where things are: the workspace's root, and the binaries that it ships. Under cargo nothing here depends on the caller's directory.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::cargo;

/// The root of the workspace. Cargo tells where the package stands that it runs; without cargo the current folder and those
/// above it are searched. What was true while this was compiled may be no longer: a checkout can be moved.
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
/// Where the root was not found.
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

/// The path of the judge's release binary, which `cargo build --release` makes.
///
/// # Errors
/// As [`target`].
pub(crate) fn release_binary() -> Result<PathBuf> {
    Ok(target()?.join("release").join(format!("conformance{}", std::env::consts::EXE_SUFFIX)))
}

/// The target directory. Cargo is asked, as it may be set by the environment or by a configuration file.
///
/// # Errors
/// Where cargo cannot read the workspace.
pub(crate) fn target() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }

    let text = cargo::output(&mut cargo::cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")?;
    Ok(metadata.target_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_above_the_package_or_the_current_folder() {
        let (root, nowhere) = (root(), Path::new("/no/such/checkout/xtask"));
        assert!(check().is_ok());
        assert_eq!(find(&root.join("xtask"), nowhere), Some(root));
        assert_eq!(find(nowhere, &root.join("spec/text")), Some(root));
        assert_eq!(find(Path::new(""), nowhere), None);
    }
}
