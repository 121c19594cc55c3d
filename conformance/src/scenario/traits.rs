//! Traits of scenarios: what one needs or occupies, beyond its steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a scenario needs or occupies, beyond its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// It needs a process of its own, started by the runner.
    OwnProcess,
    /// It keeps the machine busy; no other heavy scenario runs at the same time.
    Heavy,
    /// It needs a client that speaks the driver protocol.
    Driver,
    /// It needs a client that declares jitter.
    Jitter,
}

impl Trait {
    /// The name that scenarios write.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OwnProcess => "own_process",
            Self::Heavy => "heavy",
            Self::Driver => "driver",
            Self::Jitter => "jitter",
        }
    }
}
