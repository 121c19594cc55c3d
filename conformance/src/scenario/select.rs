//! Which scenarios to run: by id, by glob, by requirement, by family.

use globset::{Glob, GlobMatcher};
use relayspec::requirement;

use super::Scenario;

/// What a scenario may be chosen by.
#[derive(Debug, Clone)]
pub enum Filter {
    /// A requirement's id, as `PAIR-30`.
    Requirement(String),
    /// A glob over ids, as `pairing/expir*`; a text without `/` is looked for in the name alone.
    Id(GlobMatcher),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Where the text is neither a requirement's id nor a glob.
    pub fn read(text: &str) -> Result<Self, String> {
        if let Some(found) = requirement::find(text) {
            return Ok(Self::Requirement(found.id.to_owned()));
        }
        let looks_like_id =
            text.contains('-') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
        if looks_like_id {
            return Err(format!("no requirement has the id `{text}`; `conformance list --requirements` shows all"));
        }
        let glob = if text.contains('/') { text.to_owned() } else { format!("*/{text}") };
        Glob::new(&glob)
            .map(|glob| Self::Id(glob.compile_matcher()))
            .map_err(|error| format!("`{text}`: {}", error.kind()))
    }

    /// Whether a scenario is chosen.
    #[must_use]
    pub fn takes(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Requirement(id) => scenario.script.covers.iter().any(|covered| covered == id),
            Self::Id(glob) => glob.is_match(scenario.id.as_str()),
        }
    }
}

/// What to run: one family and role, narrowed by filters.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The role under test; any where it is none.
    pub role: Option<String>,
    /// The family; any where it is none.
    pub family: Option<String>,
    /// At least one of these has to take a scenario, where there are any.
    pub only: Vec<Filter>,
    /// None of these may take it.
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
