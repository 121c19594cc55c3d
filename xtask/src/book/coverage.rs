//! How far each requirement is covered, according to `docs/coverage.json`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::pages::text;
use crate::workspace;

/// The file, below the root.
const FILE: &str = "docs/coverage.json";

/// The coverage of each requirement, by id.
#[derive(Debug, Default)]
pub(super) struct CoverageIndex(BTreeMap<String, RequirementCoverage>);

#[derive(Deserialize)]
struct CoverageFile {
    requirements: Vec<RequirementCoverage>,
}

/// How far one requirement is covered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RequirementCoverage {
    id: String,
    /// Whether a check of it was executed and decided.
    pub(super) executed: bool,
    /// The mutants that its checks have killed.
    pub(super) killed: Vec<String>,
    /// Why it is not covered further.
    pub(super) excuse: Option<CoverageExcuse>,
}

/// Why a requirement is not covered further.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct CoverageExcuse {
    pub(super) category: String,
    pub(super) reason: String,
}

impl CoverageIndex {
    /// Reads the file; empty if it does not exist.
    pub(super) fn read() -> Result<Self> {
        if !workspace::root().join(FILE).exists() {
            return Ok(Self::default());
        }
        Self::parse(&text(FILE)?)
    }

    /// Parses the text of the file.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let file: CoverageFile = serde_json::from_str(text).with_context(|| format!("invalid {FILE}"))?;
        Ok(Self(file.requirements.into_iter().map(|one| (one.id.clone(), one)).collect()))
    }

    /// The coverage of a requirement.
    pub(super) fn of(&self, id: &str) -> Option<&RequirementCoverage> {
        self.0.get(id)
    }
}
