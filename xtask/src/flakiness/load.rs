//! A machine that is kept busy.

use std::num::NonZeroUsize;
use std::process::{Child, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// `stress-ng` with a worker for each core, until it is dropped.
pub(super) struct Load(Child);

/// How many cores there are.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

impl Load {
    /// Starts it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub(super) fn start() -> Result<Self> {
        let mut command = cargo::program("stress-ng");
        // Where whoever started it is killed, it ends after all.
        command.args(["--cpu", &cores().to_string(), "--timeout", "3h", "--quiet"]).stdout(Stdio::null());
        command.spawn().map(Self).context("`stress-ng` cannot be started: install it with `apt-get install stress-ng`")
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where it had ended before: then the machine was not busy all the time.
    pub(super) fn end(mut self) -> Result<()> {
        let ended = self.0.try_wait().context("`stress-ng` is lost")?;
        ensure!(ended.is_none(), "`stress-ng` has not lasted until the end: {ended:?}");
        Ok(())
    }
}

impl Drop for Load {
    /// Ends it with its workers: they end when the one that started them is told to.
    fn drop(&mut self) {
        let mut kill = cargo::program("kill");
        _ = kill.arg(self.0.id().to_string()).status();
        _ = self.0.wait();
    }
}
