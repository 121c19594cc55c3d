//! Faults of the pairing family.

pub(super) mod host;
pub(super) mod relay;
pub(super) mod viewer;
