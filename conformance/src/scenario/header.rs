//! The places of a script's keys, for errors that concern the script as a whole.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::at::{At, Place};

/// The places of the keys. Missing and unknown keys are reported when the script itself is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub(super) summary: At<IgnoredAny>,
    pub(super) covers: At<Vec<At<IgnoredAny>>>,
    pub(super) under_test: At<IgnoredAny>,
    pub(super) params: At<IgnoredAny>,
    pub(super) steps: At<Vec<At<Value>>>,
}

impl Header {
    /// The place of a requirement of `covers`.
    pub(super) fn requirement(&self, at: usize) -> Place {
        self.covers.value.get(at).map(|named| named.place).unwrap_or_default()
    }
}
