//! The terminal report: one line for each scenario, failures in full, and a conclusion; on a terminal also progress.

mod closing;
mod progress;
mod scenario;
mod totals;

use std::io::{self, Write};

use progress::Progress;
use totals::RunTotals;

use super::sink::{Report, ReportError};
use super::style::Style;
use super::text::{count, escape};
use crate::event::Event;
use crate::outcome::SubjectInfo;

/// The terminal report.
pub struct Terminal<W> {
    out: W,
    style: Style,
    progress: Option<Progress>,
    totals: RunTotals,
    /// Whether the last line was empty, or there is none yet.
    is_fresh: bool,
}

impl<W: Write> Terminal<W> {
    /// A report to `out`.
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, progress: None, totals: RunTotals::default(), is_fresh: true }
    }

    fn write(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for line in lines {
            // Blocks start and end with an empty line; adjacent blocks share it.
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
                self.totals.add(outcome);
                if let Some(progress) = &mut self.progress {
                    progress.finished(&outcome.id, &self.totals.counts);
                }
                scenario::lines(outcome, self.style)
            }
            Event::RunFinished(end) => {
                self.progress = None;
                closing::lines(end, &self.totals, self.style)
            }
        };
        match self.write(&lines) {
            // The reader has closed the pipe, as `head` does; the verdict and the other reports do not depend on it.
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|cause| ReportError { to: "the terminal report".to_owned(), cause }),
        }
    }
}

fn opening(subjects: &[SubjectInfo], scenarios: usize, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        let url = subject.url.iter().map(|url| format!(" at {}", escape(url)));
        let command = subject.command.iter().map(|command| format!(", started with `{}`", escape(command)));
        let scenarios = (at + 1 == subjects.len()).then(|| format!(": {}", count(scenarios, "scenario")));
        lines.push(format!(
            "testing the {} {}{}{}{}",
            escape(&subject.family),
            escape(&subject.role),
            url.collect::<String>(),
            command.collect::<String>(),
            scenarios.unwrap_or_default()
        ));
        if subject.speed > 1.0 {
            lines.push(format!("  accelerated {} times", subject.speed));
        }
        lines.extend(subject.not_accelerated.iter().map(|why| format!("  in real time: {}", escape(why))));
        let reconnect = subject.reconnect.iter().map(|policy| format!("  reconnect {}", escape(policy)));
        let timing = subject.timing.iter().map(|(name, value)| format!("  {} {}", escape(name), escape(value)));
        lines.extend(timing.chain(reconnect).filter(|_| style.verbose));
    }
    lines.push(String::new());
    lines
}
