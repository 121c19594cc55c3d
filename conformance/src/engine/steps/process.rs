//! Steps about the subject's process: its memory, and its end.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::again::NO_PROCESS;
use super::{Execute, Executor, StepFailure, Stop, shown};
use crate::engine::memory::MemoryGrowth;
use crate::engine::target::{ProcessExit, SystemUnderTest};
use crate::outcome::{By, Finding};
use crate::scenario::step::{Exit, Memory, Status, Terminate};

/// How often to check whether a process has ended.
const EXIT_POLL: Duration = Duration::from_millis(10);

impl Execute for Memory {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let (run, systems) = (&executor.run, executor.run.systems());
        let mut watch = run.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (allowed, check) = match (&self.grows_at_most, &self.check) {
            (None, _) => {
                watch.begin(systems, executor.clock().clone());
                return Ok(());
            }
            (Some(allowed), Some(check)) => (allowed, check),
            (Some(_), None) => return Err(Stop::Internal("`grows_at_most` without `check`".to_owned()).into()),
        };
        let Some(MemoryGrowth { before, grown }) = watch.end(&systems) else {
            let reason = "memory can only be watched if the runner starts the subject (--command), on Linux";
            run.recorder.skip(&check.name, reason);
            return Ok(());
        };
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let what = format!("memory of the subject: {} at first, grown by {} at most", mib(before), mib(grown));
        run.transcript.add(executor.clock().now(), "process", By::Subject, what);
        if grown <= allowed.0 {
            return Ok(());
        }
        Err(Finding::new("the memory of the subject's process grew too much")
            .expected(format!("at most {allowed} more than {}", mib(before)))
            .got(format!("{} more", mib(grown)))
            .into())
    }
}

impl Execute for Terminate {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let system = executor.system_under_test(self.of.as_ref()).await?;
        let Some(process) = system.process() else { return Err(Stop::Skip(NO_PROCESS.to_owned()).into()) };
        let name = self.of.as_deref().map_or_else(|| "process".to_owned(), |name| executor.full_name(name));
        executor.log(&name, "SIGTERM");
        executor.run.may_end.store(true, Ordering::Relaxed);
        process.terminate().map_err(|error| Stop::Internal(format!("SIGTERM failed: {error}")).into())
    }
}

impl Execute for Exit {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let system = executor.system_under_test(self.of.as_ref()).await?;
        let Some(process) = system.process() else { return Err(Stop::Skip(NO_PROCESS.to_owned()).into()) };
        let within = executor.span(&self.within);
        let start = executor.clock().now();
        executor.run.may_end.store(true, Ordering::Relaxed);
        loop {
            let ended = process.ended();
            let now = executor.clock().now();
            match ended {
                Some(exit) => return executor.check_exit(self, exit),
                None if now > start + within + executor.clock().noise(start, now) => {
                    return Err(Finding::new(format!("the process did not end within {}", shown(within)))
                        .expected("the end of the process")
                        .got("it is still running")
                        .excused_for(within)
                        .into());
                }
                None => executor.clock().nap(EXIT_POLL).await,
            }
        }
    }
}

impl Executor {
    /// The client that a step names, or the server.
    async fn system_under_test(&self, of: Option<&String>) -> Result<Arc<dyn SystemUnderTest>, StepFailure> {
        Ok(match of {
            Some(name) => Arc::clone(&self.client(name)?.lock().await.process) as Arc<dyn SystemUnderTest>,
            None => Arc::clone(self.run.target()?) as Arc<dyn SystemUnderTest>,
        })
    }

    /// Checks the exit status of a process that has ended.
    fn check_exit(&self, step: &Exit, exit: ProcessExit) -> Result<(), StepFailure> {
        let name = step.of.as_deref().map_or_else(|| "process".to_owned(), |name| self.full_name(name));
        self.run.transcript.add(self.clock().now(), &name, By::Subject, exit.description.clone());
        let (right, expected) = match step.status {
            None => return Ok(()),
            Some(Status::Success) => (exit.code == Some(0), "exit status 0"),
            Some(Status::Failure) => (exit.code.is_some_and(|code| code != 0), "an exit status other than 0"),
        };
        if right {
            return Ok(());
        }
        Err(Finding::new("the process ended with the wrong exit status")
            .expected(expected.to_owned())
            .got(exit.description)
            .into())
    }
}
