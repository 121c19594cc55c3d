//! Writes scenarios as YAML that [`super::load`] reads back to the same value.

use super::script::Script;

/// Why a script could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the script cannot be written as YAML: {0}")]
pub struct SaveError(#[from] serde_saphyr::ser::Error);

/// The script as YAML.
///
/// # Errors
/// If the serializer refuses it; it accepts every script that was loaded.
pub fn save(script: &Script) -> Result<String, SaveError> {
    Ok(serde_saphyr::to_string(script)?)
}
