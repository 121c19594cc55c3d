//! The name of a check, with the requirement that it judges.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `still-expired`, or `PAIR-32 still-expired` where it judges another requirement than the first that the scenario covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckName {
    /// The requirement, where it is named.
    pub requirement: Option<String>,
    /// The name, in kebab-case.
    pub name: String,
}

/// The check that every unnamed step belongs to: the story could be played as it is written.
pub const STORY: &str = "story";

/// The check that all traffic of the subject is linted by, unasked.
pub const LINT: &str = "lint";

impl TryFrom<String> for CheckName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (requirement, name) = match text.split_once(' ') {
            Some((requirement, name)) => (Some(requirement.to_owned()), name),
            None => (None, text.as_str()),
        };
        let kebab = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !kebab {
            return Err(format!("`{text}` names no check: write `a-name`, or `PAIR-30 a-name`"));
        }
        if [STORY, LINT].contains(&name) {
            return Err(format!("the check name `{name}` is taken by the runner"));
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
            "description": "The name of a check, stable on pass and fail; with a requirement id in front where it judges another one than the first that the scenario covers."
        })
    }
}
