//! Where things are: the workspace's root, and the binaries that it ships. Nothing here depends on the caller's directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cargo;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The path of the judge's release binary, which `cargo build --release` makes. Cargo is asked, as the target directory
/// may be set by the environment or by a configuration file.
///
/// # Errors
/// Where cargo cannot read the workspace.
pub(crate) fn release_binary() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }

    let text = cargo::output(&mut cargo::cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("`cargo metadata` printed something unexpected")?;
    Ok(metadata.target_directory.join("release").join(format!("conformance{}", std::env::consts::EXE_SUFFIX)))
}
