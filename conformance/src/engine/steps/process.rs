//! The subject's process: its end, and its memory.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::engine::target::{Ending, Party};
use crate::outcome::{By, Finding};
use crate::scenario::Size;
use crate::scenario::step::{Exit, Memory, Status, Terminate};

/// How often the memory and the life of a process are looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// The memory of the subject's process since the watch began.
#[derive(Debug, Default)]
pub(in crate::engine) struct MemoryWatch {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    before: u64,
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Player {
    pub(in crate::engine) fn memory(&mut self, step: &Memory) -> Result<(), Fault> {
        let story = &self.story;
        let now = story.parties().first().and_then(|party| party.process()?.memory());
        let mut watch = story.memory.lock().unwrap_or_else(PoisonError::into_inner);
        match (&step.grows_at_most, &step.check, now) {
            (None, _, None) => {}
            (None, _, Some(before)) => watch.running = Some(self.watch(before)),
            (Some(allowed), Some(check), now) => {
                let (Some(running), Some(now)) = (watch.running.take(), now) else {
                    let reason = "memory can be watched only where the runner starts the subject (--command), on Linux";
                    story.recorder.skip(&check.name, reason);
                    return Ok(());
                };
                let grown = running.peak.load(Ordering::Relaxed).max(now).saturating_sub(running.before);
                let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
                let what =
                    format!("memory of the subject: {} at first, grown by {} at most", mib(running.before), mib(grown));
                story.transcript.add(self.clock().now(), "process", By::Subject, what);
                if grown > allowed.0 {
                    return Err(Finding {
                        what: "the memory of the subject's process grew too much".to_owned(),
                        expected: Some(format!("at most {} more than {}", Size(allowed.0), mib(running.before))),
                        got: Some(format!("{} more", mib(grown))),
                        ..Finding::default()
                    }
                    .into());
                }
            }
            (Some(_), None, _) => return Err(Stop::Harness("`grows_at_most` without `check`".to_owned()).into()),
        }
        Ok(())
    }

    fn watch(&self, before: u64) -> Running {
        let (peak, stop) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped) = (Arc::clone(&peak), Arc::clone(&stop));
        let (parties, clock) = (self.story.parties(), self.clock().clone());
        tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let Some(now) = parties.first().and_then(|party| party.process()?.memory()) else { break };
                seen.fetch_max(now, Ordering::Relaxed);
                clock.nap(GLANCE).await;
            }
        });
        Running { before, peak, stop }
    }

    /// What a step about a process means: a client that it names, or the server.
    async fn party(&self, of: Option<&String>) -> Result<Arc<dyn Party>, Fault> {
        Ok(match of {
            Some(name) => Arc::clone(&self.puppet(name)?.lock().await.client) as Arc<dyn Party>,
            None => Arc::clone(self.story.target()?) as Arc<dyn Party>,
        })
    }

    pub(in crate::engine) async fn terminate(&mut self, step: &Terminate) -> Result<(), Fault> {
        let party = self.party(step.of.as_ref()).await?;
        let Some(process) = party.process() else { return Err(Stop::Skip(NO_PROCESS.to_owned()).into()) };
        let name = step.of.as_deref().map_or_else(|| "process".to_owned(), |name| self.full_name(name));
        self.story.transcript.add(self.clock().now(), &name, By::Runner, "SIGTERM".to_owned());
        self.story.may_end.store(true, Ordering::Relaxed);
        process.terminate().map_err(|error| Stop::Harness(format!("SIGTERM: {error}")).into())
    }

    pub(in crate::engine) async fn exit(&mut self, step: &Exit) -> Result<(), Fault> {
        let party = self.party(step.of.as_ref()).await?;
        let Some(process) = party.process() else { return Err(Stop::Skip(NO_PROCESS.to_owned()).into()) };
        let within = self.span(&step.within);
        let start = self.clock().now();
        self.story.may_end.store(true, Ordering::Relaxed);
        loop {
            let ended = process.ended();
            let now = self.clock().now();
            match ended {
                Some(ending) => return self.left(step, ending),
                None if now > start + within + self.clock().noise(start, now) => {
                    return Err(Finding {
                        what: format!("the process did not end within {}", shown(within)),
                        excused_from_ms: Finding::excuse_for(within),
                        expected: Some("the end of the process".to_owned()),
                        got: Some("it still runs".to_owned()),
                        ..Finding::default()
                    }
                    .into());
                }
                None => self.clock().nap(GLANCE).await,
            }
        }
    }

    /// A process has ended; whether its exit status is right.
    fn left(&self, step: &Exit, ending: Ending) -> Result<(), Fault> {
        let name = step.of.as_deref().map_or_else(|| "process".to_owned(), |name| self.full_name(name));
        self.story.transcript.add(self.clock().now(), &name, By::Subject, ending.told.clone());
        let (right, expected) = match step.status {
            None => return Ok(()),
            Some(Status::Success) => (ending.code == Some(0), "exit status 0"),
            Some(Status::Failure) => (ending.code.is_some_and(|code| code != 0), "an exit status other than 0"),
        };
        if right {
            return Ok(());
        }
        Err(Finding {
            what: "the process ended with the wrong exit status".to_owned(),
            expected: Some(expected.to_owned()),
            got: Some(ending.told),
            ..Finding::default()
        }
        .into())
    }
}

const NO_PROCESS: &str = "needs a subject that the runner starts";
