//! How far requirements are covered: what `docs/coverage.json` tells of each, where there is one.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace;

/// The file, below the root.
const FILE: &str = "docs/coverage.json";

/// What is known of each requirement, by id.
#[derive(Debug, Default)]
pub(super) struct Coverage(BTreeMap<String, State>);

/// How far one requirement is covered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    id: String,
    /// Whether a check of it was played and decided.
    pub(super) executed: bool,
    /// The mutants that a check of it has found.
    pub(super) killed: Vec<String>,
    /// Why it is not covered further.
    pub(super) excuse: Option<Excuse>,
}

/// Why a requirement is not covered further.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Excuse {
    /// The kind of reason.
    pub(super) category: String,
    /// The reason.
    pub(super) reason: String,
}

impl Coverage {
    /// Reads the file; nothing is known where there is none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub(super) fn read() -> Result<Self> {
        let path = workspace::root().join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        Self::parse(&fs::read_to_string(path).with_context(|| format!("cannot read {FILE}"))?)
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct File {
            requirements: Vec<State>,
        }

        let file: File =
            serde_json::from_str(text).with_context(|| format!("{FILE} has another form than it should"))?;
        Ok(Self(file.requirements.into_iter().map(|state| (state.id.clone(), state)).collect()))
    }

    /// What is known of a requirement.
    pub(super) fn of(&self, id: &str) -> Option<&State> {
        self.0.get(id)
    }

    /// What a test knows.
    #[cfg(test)]
    pub(super) fn told(text: &str) -> Self {
        Self::parse(text).expect("a coverage")
    }
}
