//! Ids of scenarios.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The id of a scenario: its family and the name of its file without extension, such as `pairing/expired-code`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ScenarioId(String);

impl ScenarioId {
    /// The id of the scenario in this file, from the last two components of the path.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let path = path.replace('\\', "/");
        let stem = path.strip_suffix(".yaml").or(path.strip_suffix(".yml")).unwrap_or(&path);
        let parts: Vec<_> = stem.rsplitn(3, '/').take(2).collect();
        Self(parts.into_iter().rev().collect::<Vec<_>>().join("/"))
    }

    /// The id of a shared scenario for one role: `pairing/host-growth` for `reconnect/growth`.
    #[must_use]
    pub fn of_role(&self, family: &str, role: &str) -> Self {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        Self(format!("{family}/{role}-{name}"))
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the family.
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for ScenarioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_paths() {
        for path in ["pairing/a-b.yaml", "/x/y/pairing/a-b.yml", "scenarios/pairing/a-b"] {
            assert_eq!(ScenarioId::of_path(path).as_str(), "pairing/a-b");
        }
        assert_eq!(ScenarioId::of_path("lonely.yaml").as_str(), "lonely");
    }
}
