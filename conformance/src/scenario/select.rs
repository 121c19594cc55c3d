//! Selection of scenarios by id, glob, requirement, family and role.

use globset::{Glob, GlobMatcher};
use relayspec::requirement;

use super::script::Scenario;

/// A criterion that selects scenarios.
#[derive(Debug, Clone)]
pub enum Filter {
    /// The id of a requirement, such as `PAIR-30`.
    Requirement(String),
    /// A glob over ids, such as `pairing/expir*`; without `/` it matches the name only.
    Id(GlobMatcher),
}

/// Why a text is not a filter.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum FilterError {
    #[error("unknown requirement `{0}`; `conformance list --requirements` shows all")]
    Requirement(String),
    #[error("invalid glob `{0}`: {kind}", kind = .1.kind())]
    Glob(String, #[source] globset::Error),
}

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    /// If the text is neither the id of a requirement nor a glob.
    pub fn read(text: &str) -> Result<Self, FilterError> {
        if let Some(found) = requirement::find(text) {
            return Ok(Self::Requirement(found.id.to_owned()));
        }
        let looks_like_id =
            text.contains('-') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
        if looks_like_id {
            return Err(FilterError::Requirement(text.to_owned()));
        }
        let glob = if text.contains('/') { text.to_owned() } else { format!("*/{text}") };
        let glob = Glob::new(&glob).map_err(|error| FilterError::Glob(text.to_owned(), error))?;
        Ok(Self::Id(glob.compile_matcher()))
    }

    /// Whether it selects a scenario.
    #[must_use]
    pub fn takes(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Requirement(id) => scenario.script.covers.iter().any(|covered| covered == id),
            Self::Id(glob) => glob.is_match(scenario.id.as_str()),
        }
    }
}

/// The scenarios to run: those of a family and role, narrowed by filters.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The role under test; any if `None`.
    pub role: Option<String>,
    /// The family; any if `None`.
    pub family: Option<String>,
    /// At least one of these must select a scenario, unless the list is empty.
    pub only: Vec<Filter>,
    /// None of these may select it.
    pub skip: Vec<Filter>,
}

impl Selection {
    /// Whether a scenario is selected.
    #[must_use]
    pub fn takes(&self, scenario: &Scenario) -> bool {
        self.role.as_ref().is_none_or(|role| *role == scenario.script.under_test)
            && self.family.as_ref().is_none_or(|family| family == scenario.family.name)
            && (self.only.is_empty() || self.only.iter().any(|filter| filter.takes(scenario)))
            && !self.skip.iter().any(|filter| filter.takes(scenario))
    }
}
