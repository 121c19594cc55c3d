//! Keeping the machine busy.

use std::num::NonZeroUsize;
use std::process::{Child, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// `stress-ng` with a worker for each core, until it is dropped.
pub(super) struct Load(Child);

/// How many cores the machine has.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Load {
    /// Starts it.
    ///
    /// # Errors
    /// If it is not installed.
    pub(super) fn start() -> Result<Self> {
        let mut command = cargo::program("stress-ng");
        // The time-out ends it even if this process is killed.
        command.args(["--cpu", &cores().to_string(), "--timeout", "3h", "--quiet"]).stdout(Stdio::null());
        command.spawn().map(Self).context("`stress-ng` does not start: install it with `apt-get install stress-ng`")
    }

    /// Stops it.
    ///
    /// # Errors
    /// If it ended before, so that the machine was not busy all the time.
    pub(super) fn stop(mut self) -> Result<()> {
        let ended = self.0.try_wait().context("`stress-ng` is lost")?;
        ensure!(ended.is_none(), "`stress-ng` ended early: {ended:?}");
        Ok(())
    }
}

impl Drop for Load {
    /// SIGTERM to the parent also ends its workers.
    fn drop(&mut self) {
        let mut kill = cargo::program("kill");
        _ = kill.arg(self.0.id().to_string()).status();
        _ = self.0.wait();
    }
}
