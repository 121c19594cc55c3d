//! `conformance guard`: ends what a runner that was killed has left running. The runner starts it; people have no use for it.

use std::env;
use std::io;
use std::sync::Arc;

use conformance::subject::{self, Guard};

use super::exit::{Exit, Failure};

/// The name of the subcommand.
pub(super) const NAME: &str = "guard";

/// Starts this very binary as a guard; none where the system does not allow it, since a run needs none to be right.
pub(super) fn start() -> Option<Arc<Guard>> {
    let program = env::current_exe().ok()?;
    Guard::start(&program, &[NAME]).ok().map(Arc::new)
}

pub(super) fn run() -> Result<Exit, Failure> {
    subject::keep(io::stdin().lock());
    Ok(Exit::Conforms)
}
