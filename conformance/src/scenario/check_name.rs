//! Names of checks, with the requirement that each covers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `still-expired`, or `PAIR-32 still-expired` if it covers another requirement than the first of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckName {
    /// The requirement, if it is named.
    pub requirement: Option<String>,
    /// The name, in kebab-case.
    pub name: String,
}

/// The check of every step without a check of its own: the scenario ran as written.
pub const SCENARIO_CHECK: &str = "story";

/// The check that all traffic of the subject passes lint.
pub const LINT: &str = "lint";

/// Why a text is not the name of a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum CheckNameError {
    #[error("invalid check name `{0}`: expected `a-name` or `PAIR-30 a-name`")]
    Invalid(String),
    #[error("the check name `{0}` is reserved by the runner")]
    Reserved(String),
}

impl TryFrom<String> for CheckName {
    type Error = CheckNameError;

    fn try_from(text: String) -> Result<Self, CheckNameError> {
        let (requirement, name) = match text.split_once(' ') {
            Some((requirement, name)) => (Some(requirement.to_owned()), name),
            None => (None, text.as_str()),
        };
        let kebab = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !kebab {
            return Err(CheckNameError::Invalid(text));
        }
        if [SCENARIO_CHECK, LINT].contains(&name) {
            return Err(CheckNameError::Reserved(name.to_owned()));
        }
        Ok(Self { requirement, name: name.to_owned() })
    }
}

impl From<CheckName> for String {
    fn from(check: CheckName) -> Self {
        check.to_string()
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.requirement {
            Some(requirement) => write!(f, "{requirement} {}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl schemars::JsonSchema for CheckName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CheckName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([A-Z]+-[A-Z0-9]+ )?[a-z][a-z0-9-]*$",
            "description": "The name of a check, stable on pass and fail; preceded by a requirement id if it covers another requirement than the first of the scenario."
        })
    }
}
