//! Steps about a server's process: a restart, a second instance, and the file of its socket.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::outcome::{By, Finding};
use crate::scenario::step::{FileMode, Restart, Rival};
use crate::transport::Address;

impl Execute for Restart {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let target = executor.run.target()?.clone();
        if target.process().is_none() {
            return Err(Stop::Skip(NO_PROCESS.to_owned()).into());
        }
        let what = format!("{}, then restart", self.by);
        executor.log("process", what);
        executor.run.may_end.store(true, Ordering::Relaxed);
        let started = target.restart(self.by).await;
        executor.run.may_end.store(false, Ordering::Relaxed);
        started.map_err(|error| {
            Finding::new(format!("the server did not restart after {}", self.by))
                .expected("a server that listens again at its address")
                .got(error.to_string())
                .into()
        })
    }
}

impl Execute for Rival {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let target = executor.run.target()?.clone();
        if target.process().is_none() {
            return Err(Stop::Skip(NO_PROCESS.to_owned()).into());
        }
        let within = executor.span(&self.within);
        executor.log("rival", "started at the same address");
        let exit = target.rival(within).await.map_err(|error| Stop::Inconclusive(error.to_string()))?;
        let description =
            exit.as_ref().map_or_else(|| "it is still running".to_owned(), |exit| exit.description.clone());
        executor.run.transcript.add(executor.clock().now(), "rival", By::Subject, description.clone());
        if exit.is_some_and(|exit| exit.code.is_some_and(|code| code != 0)) {
            return Ok(());
        }
        Err(Finding::new("a second server at the same address did not refuse to start")
            .expected(format!("an exit status other than 0 within {}", shown(within)))
            .got(description)
            .excused_for(within)
            .into())
    }
}

impl Execute for FileMode {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let Address::Unix(path) = &executor.run.target()?.route().address else {
            return Err(Stop::Skip("the server has no socket file".to_owned()).into());
        };
        let mode = std::fs::metadata(path).map(|file| file.permissions().mode() & 0o7777);
        let got = match mode {
            Ok(mode) if mode == self.is.0 => return Ok(()),
            Ok(mode) => format!("{mode:04o}"),
            Err(error) => format!("no file: {error}"),
        };
        Err(Finding::new("the socket file has the wrong mode").expected(self.is.to_string()).got(got).into())
    }
}

pub(super) const NO_PROCESS: &str = "needs a subject that the runner starts";
