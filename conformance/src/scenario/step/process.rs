//! Steps about the subject's process: its memory, its end, a restart, a second instance, and its socket file.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::StepError;
use crate::scenario::scope::Scope;
use crate::scenario::traits::Trait;
use crate::scenario::{CheckName, Size, Span};

/// Watches the memory of the subject's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The most by which it may have grown since the watch began; if omitted, the watch begins here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_at_most: Option<Size>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Memory {
    const EXAMPLE: &'static str = "{ grows_at_most: 16 MiB, check: bounded-memory }";
    decides_check!();

    fn validate(&self, _: &mut Scope) -> Result<(), StepError> {
        if self.grows_at_most.is_some() == self.check.is_some() {
            return Ok(());
        }
        Err(StepError::Needs("`grows_at_most`", "`check`, and the reverse"))
    }
}

/// Sends SIGTERM to the subject's process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terminate {
    /// The client, if a client is under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

impl StepDefinition for Terminate {
    const EXAMPLE: &'static str = "{}";
    const TRAIT: Option<Trait> = Some(Trait::OwnProcess);

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(self.of.iter().try_for_each(|client| scope.client(client))?)
    }
}

/// Requires the subject's process to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// The client, if a client is under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The deadline.
    pub within: Span,
    /// The required exit status, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Exit {
    const EXAMPLE: &'static str = "{ within: 2s, status: success, check: ends-cleanly }";
    const TRAIT: Option<Trait> = Some(Trait::OwnProcess);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(self.of.iter().try_for_each(|client| scope.client(client))?)
    }
}

/// The required exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 0.
    Success,
    /// Any other than 0, and no signal.
    Failure,
}

/// Ends the subject's process and restarts it with the same command at the same address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// How it is ended.
    pub by: EndBy,
    /// The check that the restart decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Restart {
    const EXAMPLE: &'static str = "{ by: kill, check: comes-back }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    const TRAIT: Option<Trait> = Some(Trait::OwnProcess);
    decides_check!();

    fn validate(&self, _: &mut Scope) -> Result<(), StepError> {
        Ok(())
    }
}

/// How a process is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndBy {
    /// By SIGTERM, and by SIGKILL if it keeps running.
    Terminate,
    /// By SIGKILL.
    Kill,
}

impl fmt::Display for EndBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Kill => "SIGKILL",
        })
    }
}

/// Starts a second process with the same command at the same address; it must end with a status other than 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// The deadline.
    pub within: Span,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Rival {
    const EXAMPLE: &'static str = "{ within: 5s, check: refuses-to-start }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    const TRAIT: Option<Trait> = Some(Trait::OwnProcess);
    decides_check!();

    fn validate(&self, _: &mut Scope) -> Result<(), StepError> {
        Ok(())
    }
}

/// Requires the file of the subject's socket to have this mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileMode {
    /// The mode, in octal digits.
    pub is: Mode,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for FileMode {
    const EXAMPLE: &'static str = "{ is: \"0600\", check: private-socket }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    decides_check!();

    fn validate(&self, _: &mut Scope) -> Result<(), StepError> {
        Ok(())
    }
}

/// The mode of a file, written as four octal digits in quotes, such as `"0600"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// An invalid file mode.
#[derive(Debug, thiserror::Error)]
#[error("invalid mode `{0}`: expected four octal digits in quotes, such as \"0600\"")]
pub struct ModeError(String);

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let wrong = || ModeError(text.to_owned());
        if text.len() != 4 {
            return Err(wrong());
        }
        u32::from_str_radix(text, 8).map(Self).map_err(|_| wrong())
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-7]{4}$",
            "description": "The mode of a file: four octal digits in quotes."
        })
    }
}
