//! Mutants of the tunnel family.

pub(super) mod agent;
pub(super) mod cloud;
mod rule;
