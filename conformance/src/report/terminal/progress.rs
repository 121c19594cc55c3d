//! The line at the bottom of a terminal that tells how far a run has come. It is drawn on the standard error stream.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::tally::Tally;
use super::super::text::escape;
use crate::scenario::ScenarioId;

/// The line; it vanishes when this is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    running: Vec<ScenarioId>,
    counts: String,
}

/// How often the clock in the line is drawn anew. Rarely, since the machine is being timed.
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
        // One that was inconclusive begins a second time before it is over.
        if !self.running.contains(id) {
            self.running.push(id.clone());
        }
        self.show();
    }

    pub(super) fn finished(&mut self, id: &ScenarioId, tally: &Tally) {
        if let Some(at) = self.running.iter().position(|running| running == id) {
            self.running.remove(at);
        }
        self.counts = tally.words();
        self.bar.inc(1);
        self.show();
    }

    /// Writes something while the line is out of the way.
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
    fn what_runs_now_is_named() {
        let ids = ["pairing/a", "pairing/b"].map(ScenarioId::of_path);
        assert_eq!(message("3 passed", &ids), "3 passed  now: pairing/a, pairing/b");
        assert_eq!(message("", &ids), "pairing/a, pairing/b");
        assert_eq!(message("3 passed", &[]), "3 passed");
    }

    #[test]
    fn the_scenario_that_is_over_is_no_longer_named() {
        let mut progress = Progress::new(2);
        let [a, b] = ["pairing/a", "pairing/b"].map(ScenarioId::of_path);
        progress.started(&a);
        progress.started(&b);
        progress.finished(&a, &Tally::default());
        assert_eq!((progress.bar.message().as_str(), progress.bar.position()), ("0 passed  now: pairing/b", 1));
    }
}
