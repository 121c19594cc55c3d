//! Manifests: files that describe a subject, so that the command line need not.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use relayspec::timing::{HumanDuration, Parameter, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::position::Position;
use crate::scenario::Size;

/// A subject. Flags of the command line override it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Manifest")]
pub struct Manifest {
    /// The family that a server speaks, or a list of families; pairing by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyNames>,
    /// The base URL, such as `ws://127.0.0.1:8080`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command that starts it, with `{port}` for a free port (a server) or `{url}` for the address (a client). It runs in the manifest's
    /// folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The role of a client, such as `pairing.host`; none for a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether a client speaks the driver protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<bool>,
    /// How a client reconnects, such as `base=100ms,factor=2,cap=800ms,jitter=0.2`; the family's policy for what is omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<String>,
    /// The timing parameters that it runs with; the defaults of the chapter for those omitted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timing: BTreeMap<ParameterName, HumanDuration>,
    /// The params that a server declares for scenarios, such as `token`; in values `{name_port}` stands for a free port, as in the command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The largest message that it accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message: Option<Size>,
    /// The baseline of expected failures, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<PathBuf>,
    /// The PEM file of trusted certificates, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The file that it was read from, if any.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// The name of a family, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "the name of a family, or a list of names")]
pub enum FamilyNames {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The name of a timing parameter, such as `code_lifetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParameterName(pub Parameter);

/// No timing parameter has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown timing parameter `{name}`; expected one of: {}", names().join(", "), name = .0)]
pub struct ParameterNameError(pub String);

fn names() -> Vec<&'static str> {
    Parameter::ALL.iter().map(|parameter| parameter.name()).collect()
}

impl FromStr for ParameterName {
    type Err = ParameterNameError;

    fn from_str(name: &str) -> Result<Self, ParameterNameError> {
        Parameter::named(name).map(Self).ok_or_else(|| ParameterNameError(name.to_owned()))
    }
}

impl TryFrom<String> for ParameterName {
    type Error = ParameterNameError;

    fn try_from(name: String) -> Result<Self, ParameterNameError> {
        name.parse()
    }
}

impl From<ParameterName> for String {
    fn from(name: ParameterName) -> Self {
        name.0.name().to_owned()
    }
}

impl JsonSchema for ParameterName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ParameterName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": names(), "description": "The name of a timing parameter." })
    }
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("manifest {}: cannot be read: {_1}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// It is not a valid manifest.
    #[error("manifest {}:{_1}: {}", .0.display(), .2.message().trim_end().replace('\n', "; "))]
    Invalid(PathBuf, Position, #[source] Box<toml::de::Error>),
}

impl Manifest {
    /// The manifest in a file, or an empty one if no file is given.
    pub fn of(path: Option<&Path>) -> Result<Self, ManifestError> {
        path.map_or_else(|| Ok(Self::default()), Self::load)
    }

    /// Reads a manifest; paths in it become relative to the current folder.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let file = || path.to_owned();
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| ManifestError::Unreadable(file(), error))?;
        let mut manifest: Self = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let position = Position::of_offset(&text, error.span().unwrap_or_default().start);
            ManifestError::Invalid(file(), position, Box::new(error))
        })?;
        manifest.file = Some(file());
        if let Some(folder) = manifest.folder().map(Path::to_owned) {
            for file in [&mut manifest.baseline, &mut manifest.ca_file].into_iter().flatten() {
                *file = folder.join(&*file);
            }
        }
        Ok(manifest)
    }

    /// Its folder; `None` if that is the current one. A pipe has no folder.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let file = self.file.as_deref().filter(|file| !file.starts_with("/dev") && !file.starts_with("/proc"))?;
        file.parent().filter(|folder| *folder != Path::new(""))
    }

    /// The names of its families.
    #[must_use]
    pub fn families(&self) -> &[String] {
        match &self.family {
            None => &[],
            Some(FamilyNames::One(name)) => std::slice::from_ref(name),
            Some(FamilyNames::Several(names)) => names,
        }
    }

    /// The timing parameters that it declares.
    #[must_use]
    pub fn timing(&self) -> Timing {
        let mut timing = Timing::default();
        self.timing.iter().for_each(|(name, value)| timing.declare(name.0, value.0));
        timing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_manifests_and_rejects_unknown_keys() {
        let good: Result<Manifest, _> =
            toml::from_str("url = 'ws://x'\nmax_message = '2 MiB'\n[timing]\ncode_lifetime = '1.5s'\n");
        assert_eq!(good.map(|manifest| manifest.timing().value(Parameter::CodeRetention).as_millis()), Ok(1500));
        for (families, names) in
            [("'terminal'", vec!["terminal"]), ("['pairing', 'terminal']", vec!["pairing", "terminal"])]
        {
            let manifest: Result<Manifest, _> = toml::from_str(&format!("family = {families}"));
            assert_eq!(
                manifest.map(|manifest| manifest.families().to_vec()),
                Ok(names.into_iter().map(str::to_owned).collect())
            );
        }
        for bad in [
            "family = 7",
            "uri = 'ws://x'",
            "[timing]\ncode_lifespan = '1s'",
            "[timing]\ncode_lifetime = 1",
            "max_message = '2 MB'",
        ] {
            assert!(toml::from_str::<Manifest>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn finds_the_folder_of_a_manifest() {
        for (file, folder) in [
            (Some("relay.toml"), None),
            (Some("a/relay.toml"), Some("a")),
            (Some("/a/b/relay.toml"), Some("/a/b")),
            (Some("/dev/fd/63"), None),
            (None, None),
        ] {
            let manifest = Manifest { file: file.map(PathBuf::from), ..Manifest::default() };
            assert_eq!(manifest.folder(), folder.map(Path::new), "{file:?}");
        }
    }
}
