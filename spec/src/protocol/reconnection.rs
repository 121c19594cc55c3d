//! How clients come back after a loss, in every form that clients in use have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a client comes back after a loss.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconnection {
    /// The delays before the attempts.
    pub delays: Delays,
    /// How they are varied.
    #[serde(default, skip_serializing_if = "Jitter::is_none")]
    pub jitter: Jitter,
    /// After how many failed attempts in a row the client gives up; never by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What resets the delays to the first; the opening's success by default.
    #[serde(default, skip_serializing_if = "Reset::is_default")]
    pub reset: Reset,
    /// What the client does not come back after.
    #[serde(default, rename = "final", skip_serializing_if = "Final::is_empty")]
    pub finals: Final,
}

/// The delays before attempts, without jitter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delays {
    /// The smaller of `base` times `factor` to the power of n and `cap`, for n from 0.
    Growing(Growing),
    /// These, and the last again and again.
    Table(Vec<String>),
}

impl Default for Delays {
    fn default() -> Self {
        Self::Growing(Growing { base: "1s".to_owned(), factor: 2.0, cap: "32s".to_owned() })
    }
}

/// Delays that grow by a factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Growing {
    /// The first delay: a duration.
    pub base: String,
    /// What each is multiplied with for the next; 1 or more.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest: a duration.
    pub cap: String,
}

fn two() -> f64 {
    2.0
}

/// How delays are varied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Each delay lies within this part of its nominal value, from 0 to 1, below or above it.
    Share(f64),
    /// A time between these two durations is added.
    Added(String, String),
    /// Each delay lies between 0 and its nominal value.
    Full,
    /// Each delay lies between half of its nominal value and the whole.
    Equal,
    /// Only the first delay of a sequence varies, between these two durations.
    FirstOnly(String, String),
}

impl Jitter {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// What resets the delays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// The opening's success.
    #[default]
    Success,
    /// The handshake.
    Handshake,
    /// A connection that has been open for so long: a duration.
    OpenFor(String),
}

impl Reset {
    fn is_default(&self) -> bool {
        *self == Self::Success
    }
}

/// What a client does not come back after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Final {
    /// Close codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub close_codes: Vec<u16>,
    /// HTTP statuses of a refused handshake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Names of messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

impl Final {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
