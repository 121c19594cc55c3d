//! What commands need of the system: an asynchronous runtime, and enough open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

use super::error::CommandError;

/// A runtime with this many threads.
pub(super) fn runtime(threads: usize) -> Result<Runtime, CommandError> {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().map_err(CommandError::Runtime)
}

/// Raises the limit of open files to the system's maximum: a thousand sessions need two thousand sockets.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // If the system refuses, scenarios that need more sockets say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
