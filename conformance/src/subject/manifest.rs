//! Manifests: a file that says what a subject is, so that the command line need not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use relayspec::timing::{HumanDuration, Parameter, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Size;

/// What a subject is. Flags of the command line win over it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Manifest")]
pub struct Manifest {
    /// The family that a server speaks, or a list of families; pairing where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyNames>,
    /// The base URL, as `ws://127.0.0.1:8080`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command that starts it, with `{port}` where a free port is to stand (a server), or `{url}` where the address is (a client). It
    /// runs in the manifest's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The role of a client, as `pairing.host`; none for a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether a client speaks the driver protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<bool>,
    /// How a client comes back after a loss, as `base=100ms,factor=2,cap=800ms,jitter=0.2`; the family's policy for what is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<String>,
    /// The timing parameters that it runs with; the chapter's defaults for the rest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timing: BTreeMap<ParameterName, HumanDuration>,
    /// What a server declares of itself for scenarios to use, as `token`; in values `{name_port}` stands for a free port, as in the command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The largest message that it accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message: Option<Size>,
    /// The baseline of expected failures, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<PathBuf>,
    /// The PEM file of certificates to trust, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The manifest itself, where it was read from a file.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// One name of a family, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "the name of a family, or a list of names")]
pub enum FamilyNames {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// The name of a timing parameter, as `code_lifetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParameterName(pub Parameter);

impl TryFrom<String> for ParameterName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Parameter::named(&name).map(Self).ok_or_else(|| {
            let names: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
            format!("`{name}` is no timing parameter; there are {}", names.join(", "))
        })
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
        let names: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
        schemars::json_schema!({ "type": "string", "enum": names, "description": "The name of a timing parameter." })
    }
}

impl Manifest {
    /// The manifest in a file, or an empty one where no file is named.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of(path: Option<&Path>) -> Result<Self, String> {
        path.map_or_else(|| Ok(Self::default()), Self::load)
    }

    /// Reads a manifest; paths in it become relative to the current folder.
    ///
    /// # Errors
    /// Where it cannot be read, or is no manifest: with line and column.
    pub fn load(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("manifest {shown}: cannot be read: {error}"))?;
        let mut manifest: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) =
                (before.split('\n').count(), before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
            format!("manifest {shown}:{line}:{column}: {}", error.message().trim_end().replace('\n', "; "))
        })?;
        manifest.file = Some(path.to_owned());
        if let Some(folder) = manifest.folder().map(Path::to_owned) {
            for file in [&mut manifest.baseline, &mut manifest.ca_file].into_iter().flatten() {
                *file = folder.join(&*file);
            }
        }
        Ok(manifest)
    }

    /// The folder that it stands in; none where that is the current one. A pipe stands nowhere.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let file = self.file.as_deref().filter(|file| !file.starts_with("/dev") && !file.starts_with("/proc"))?;
        file.parent().filter(|folder| *folder != Path::new(""))
    }

    /// The families that it names.
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
    fn manifests_are_read_and_unknown_keys_refused() {
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
    fn manifests_stand_in_a_folder_or_in_the_current_one() {
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
