//! Known gaps: what cannot be shown, and why.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Path below the root.
const FILE: &str = "docs/excuses.toml";

/// All excuses.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Excuses {
    /// For requirements that no check tests or no mutant violates.
    pub(crate) requirement: Vec<Excuse>,
    /// For checks that kill no mutant.
    pub(crate) check: Vec<Excuse>,
}

/// One gap.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excuse {
    /// The requirement or check; a `*` at the beginning or end stands for anything.
    pub(crate) id: String,
    /// The roles, as `pairing.relay`; all if omitted.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    pub(crate) category: ExcuseCategory,
    pub(crate) reason: String,
}

/// Why something cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ExcuseCategory {
    /// Nothing on the wire shows it.
    NotObservable,
    /// It would take hours.
    NeedsHours,
    /// It needs more of the machine than a run may take.
    NeedsResources,
    /// A violation cannot be distinguished from another failure.
    NotSeparable,
    /// It binds the runner, or nothing in this role.
    NotOfTheSubject,
}

impl Excuse {
    /// Whether it applies to a requirement or check of a role.
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
    /// Reads the excuses of the workspace.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        toml::from_str(&text).with_context(|| format!("{FILE} has an unexpected form"))
    }
}

impl fmt::Display for ExcuseCategory {
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
