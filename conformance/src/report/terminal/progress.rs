//! The progress line at the bottom of a terminal, on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::counts::CheckCounts;
use crate::report::text::escape;
use crate::scenario::ScenarioId;

/// The progress line. Dropping it clears it.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    running: Vec<ScenarioId>,
    counts: String,
}

/// How often the line is redrawn: rarely, to disturb measurements little.
const TICK: Duration = Duration::from_millis(250);

impl Progress {
    pub(super) fn new(scenarios: usize) -> Self {
        let length = u64::try_from(scenarios).ok();
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {pos}/{len} scenarios  {elapsed}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(TICK);
        Self { bar, running: Vec::new(), counts: String::new() }
    }

    pub(super) fn started(&mut self, id: &ScenarioId) {
        // A scenario that is rerun starts again before it has finished.
        if !self.running.contains(id) {
            self.running.push(id.clone());
        }
        self.show();
    }

    pub(super) fn finished(&mut self, id: &ScenarioId, counts: &CheckCounts) {
        if let Some(at) = self.running.iter().position(|running| running == id) {
            self.running.remove(at);
        }
        self.counts = counts.words();
        self.bar.inc(1);
        self.show();
    }

    /// Writes something while the line is hidden.
    pub(super) fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    fn show(&self) {
        self.bar.set_message(message(&self.counts, &self.running));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn message(counts: &str, running: &[ScenarioId]) -> String {
    let names: Vec<_> = running.iter().map(|id| escape(id.as_str())).collect();
    let separator = if counts.is_empty() || names.is_empty() { "" } else { "  now: " };
    format!("{counts}{separator}{}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_running_scenarios() {
        let ids = ["pairing/a", "pairing/b"].map(ScenarioId::of_path);
        assert_eq!(message("3 passed", &ids), "3 passed  now: pairing/a, pairing/b");
        assert_eq!(message("", &ids), "pairing/a, pairing/b");
        assert_eq!(message("3 passed", &[]), "3 passed");
    }

    #[test]
    fn omits_finished_scenarios() {
        let mut progress = Progress::new(2);
        let [a, b] = ["pairing/a", "pairing/b"].map(ScenarioId::of_path);
        progress.started(&a);
        progress.started(&b);
        progress.finished(&a, &CheckCounts::default());
        assert_eq!((progress.bar.message().as_str(), progress.bar.position()), ("0 passed  now: pairing/b", 1));
    }
}
