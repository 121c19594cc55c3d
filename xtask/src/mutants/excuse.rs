//! What cannot be shown, and why: the gaps that are known.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Where they stand, from the root of the workspace.
const FILE: &str = "docs/excuses.toml";

/// All excuses.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excuses {
    /// Of requirements that no check judges or no mutant breaks.
    #[serde(default)]
    pub(crate) requirement: Vec<Excuse>,
    /// Of checks that no mutant fails.
    #[serde(default)]
    pub(crate) check: Vec<Excuse>,
}

/// One gap.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excuse {
    /// Of the requirement, or of the check; a `*` at its beginning or end stands for anything.
    pub(crate) id: String,
    /// The roles, as `pairing.relay`; all of them unless given.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    pub(crate) category: Category,
    /// Why it is so.
    pub(crate) reason: String,
}

/// Why something cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Category {
    /// Nothing on the wire tells.
    NotObservable,
    /// It would take hours.
    NeedsHours,
    /// It needs more of the machine than a run may take.
    NeedsResources,
    /// Who breaks it cannot be told from who fails in another way.
    NotSeparable,
    /// It binds the judge, or nobody in this role.
    NotOfTheSubject,
}

impl Excuse {
    /// Whether it speaks of something.
    pub(crate) fn covers(&self, role: &str, id: &str) -> bool {
        let fits = match (self.id.strip_prefix('*'), self.id.strip_suffix('*')) {
            (Some(end), _) => id.ends_with(end),
            (_, Some(start)) => id.starts_with(start),
            _ => self.id == id,
        };
        fits && (self.roles.is_empty() || self.roles.iter().any(|own| own == role))
    }
}

impl Excuses {
    /// The excuses of the workspace.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not what was expected", path.display()))
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotObservable => "not observable on the wire",
            Self::NeedsHours => "needs hours",
            Self::NeedsResources => "needs more of the machine",
            Self::NotSeparable => "not separable",
            Self::NotOfTheSubject => "not of the subject",
        })
    }
}
