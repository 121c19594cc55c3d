//! The subject's process: its end, and its memory.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::outcome::{By, Finding};
use crate::scenario::Size;
use crate::scenario::step::{Exit, Memory};

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
        let now = story.target.process().and_then(|process| process.memory());
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
        let (target, clock) = (Arc::clone(&self.story.target), self.clock().clone());
        tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let Some(now) = target.process().and_then(|process| process.memory()) else { break };
                seen.fetch_max(now, Ordering::Relaxed);
                clock.nap(GLANCE).await;
            }
        });
        Running { before, peak, stop }
    }

    pub(in crate::engine) fn terminate(&mut self) -> Result<(), Fault> {
        let Some(process) = self.story.target.process() else {
            return Err(Stop::Skip("needs a subject that the runner starts (--command)".to_owned()).into());
        };
        self.story.transcript.add(self.clock().now(), "process", By::Runner, "SIGTERM".to_owned());
        self.story.may_end.store(true, Ordering::Relaxed);
        process.terminate().map_err(|error| Stop::Harness(format!("SIGTERM: {error}")).into())
    }

    pub(in crate::engine) async fn exit(&mut self, step: &Exit) -> Result<(), Fault> {
        let within = self.span(&step.within);
        let start = self.clock().now();
        loop {
            let ended = self.story.target.process().map(|process| process.ended());
            let now = self.clock().now();
            match ended {
                None => return Err(Stop::Skip("needs a subject that the runner starts (--command)".to_owned()).into()),
                Some(Some(how)) => {
                    self.story.transcript.add(now, "process", By::Subject, how);
                    return Ok(());
                }
                Some(None) if now > start + within + self.clock().noise(start, now) => {
                    return Err(Finding {
                        what: format!("the process did not end within {}", shown(within)),
                        excused_from_ms: Finding::excuse_for(within),
                        expected: Some("the end of the process".to_owned()),
                        got: Some("it still runs".to_owned()),
                        ..Finding::default()
                    }
                    .into());
                }
                Some(None) => self.clock().nap(GLANCE).await,
            }
        }
    }
}
