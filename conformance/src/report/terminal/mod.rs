//! The report for people: one line for each scenario, failures in full, and a conclusion. On a terminal also progress.

mod closing;
mod progress;
mod scenario;

use std::io::{self, Write};

use progress::Progress;

use super::failure::named;
use super::style::Style;
use super::tally::Tally;
use super::text::{count, escape};
use super::{Report, ReportError};
use crate::event::Event;
use crate::outcome::{ScenarioOutcome, SubjectInfo, Verdict};

/// The report for people.
pub struct Terminal<W> {
    out: W,
    style: Style,
    progress: Option<Progress>,
    seen: RunTotals,
    /// Whether the last line that was written is empty, or none was.
    is_fresh: bool,
}

/// What the closing lines need of the scenarios.
#[derive(Debug, Default)]
struct RunTotals {
    tally: Tally,
    /// The checks that failed, in the order in which they did.
    failed: Vec<String>,
}

impl<W: Write> Terminal<W> {
    /// A report that is written to `out`.
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, progress: None, seen: RunTotals::default(), is_fresh: true }
    }

    fn write(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for line in lines {
            // Blocks ask for an empty line before and after them; two blocks share one.
            let is_empty = line.is_empty();
            if !(is_empty && self.is_fresh) {
                text.push_str(line);
                text.push('\n');
            }
            self.is_fresh = is_empty;
        }
        let out = &mut self.out;
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match &self.progress {
            Some(progress) => progress.suspended(write),
            None => write(),
        }
    }
}

impl<W: Write + Send> Report for Terminal<W> {
    fn event(&mut self, event: &Event) -> Result<(), ReportError> {
        let lines = match event {
            Event::RunStarted { subjects, scenarios } => {
                self.progress = self.style.live.then(|| Progress::new(*scenarios));
                opening(subjects, *scenarios, self.style)
            }
            Event::ScenarioStarted { id } => {
                if let Some(progress) = &mut self.progress {
                    progress.started(id);
                }
                Vec::new()
            }
            Event::ScenarioFinished(outcome) => {
                self.seen.add(outcome);
                if let Some(progress) = &mut self.progress {
                    progress.finished(&outcome.id, &self.seen.tally);
                }
                scenario::lines(outcome, self.style)
            }
            Event::RunFinished(end) => {
                self.progress = None;
                closing::lines(end, &self.seen, self.style)
            }
        };
        match self.write(&lines) {
            // The reader has seen enough, as `head` has; the other reports and the verdict do not depend on it.
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|cause| ReportError { to: "the report for people".to_owned(), cause }),
        }
    }
}

impl RunTotals {
    fn add(&mut self, outcome: &ScenarioOutcome) {
        self.tally.add(outcome);
        let failed = |check: &&_| scenario::broken(check) == Some(Verdict::Fail);
        let ids = outcome
            .checks
            .iter()
            .filter(failed)
            .map(|check| format!("{}#{}", escape(outcome.id.as_str()), named(check)));
        self.failed.extend(ids);
    }
}

fn opening(subjects: &[SubjectInfo], scenarios: usize, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        let url = subject.url.iter().map(|url| format!(" at {}", escape(url)));
        let command = subject.command.iter().map(|command| format!(", started by `{}`", escape(command)));
        let scenarios = (at + 1 == subjects.len()).then(|| format!(": {}", count(scenarios, "scenario")));
        lines.push(format!(
            "judging the {} {}{}{}{}",
            escape(&subject.family),
            escape(&subject.role),
            url.collect::<String>(),
            command.collect::<String>(),
            scenarios.unwrap_or_default()
        ));
        if subject.speed > 1.0 {
            lines.push(format!("  accelerated: {} s pass for it in one", subject.speed));
        }
        lines.extend(subject.not_accelerated.iter().map(|why| format!("  in real time: {}", escape(why))));
        let reconnect = subject.reconnect.iter().map(|policy| format!("  reconnect {}", escape(policy)));
        let timing = subject.timing.iter().map(|(name, value)| format!("  {} {}", escape(name), escape(value)));
        lines.extend(timing.chain(reconnect).filter(|_| style.verbose));
    }
    lines.push(String::new());
    lines
}
