//! `conformance guard`: ends what a killed runner has left running. The runner starts it; people have no use for it.

use std::env;
use std::io;
use std::sync::Arc;

use conformance::subject::{self, Guard};

use super::error::CommandError;
use super::status::ExitStatus;

/// The name of the subcommand.
pub(super) const NAME: &str = "guard";

/// Starts this binary as a guard; `None` if the system refuses, since a run works without one.
pub(super) fn start() -> Option<Arc<Guard>> {
    let program = env::current_exe().ok()?;
    Guard::start(&program, &[NAME]).ok().map(Arc::new)
}

pub(super) fn run() -> Result<ExitStatus, CommandError> {
    subject::keep(io::stdin().lock());
    Ok(ExitStatus::Conforms)
}
