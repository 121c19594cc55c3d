//! Writes scenarios as YAML that [`super::load`] reads back to the same value.

use super::Script;

/// The script as YAML.
///
/// # Errors
/// Where the serializer refuses it, which no script that was loaded makes it do.
pub fn save(script: &Script) -> Result<String, String> {
    serde_saphyr::to_string(script).map_err(|error| error.to_string())
}
