//! Reports: what people and machines are told of a run. They read events and nothing else, and decide nothing.

mod attempts;
mod conclusion;
mod failure;
mod file;
mod json;
mod junit;
mod run_report;
mod style;
mod tally;
mod terminal;
mod text;
mod transcript;

use std::io;

use crate::event::Event;

pub use conclusion::Conclusion;
pub use file::ReportFile;
pub use json::Json;
pub use junit::Junit;
pub use run_report::{RunReport, Tool};
pub use style::Style;
pub use terminal::Terminal;
pub use text::payload as safe;

/// Something that is told what happens in a run, and writes it down.
pub trait Report: Send {
    /// Takes the next event of the run.
    ///
    /// # Errors
    /// Where the report cannot be written.
    fn event(&mut self, event: &Event) -> Result<(), ReportError>;
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {to}: {cause}")]
pub struct ReportError {
    /// What was written to: a file's name, or that of a stream.
    pub to: String,
    /// Why it could not be.
    pub cause: io::Error,
}

/// The reports of a run. Where one of them fails, the others go on.
#[derive(Default)]
pub struct Reports {
    reports: Vec<Box<dyn Report>>,
}

impl Reports {
    /// Adds a report.
    pub fn add(&mut self, report: impl Report + 'static) {
        self.reports.push(Box::new(report));
    }

    /// Passes an event on to all. Returns the errors of those that failed, which are told nothing more.
    pub fn event(&mut self, event: &Event) -> Vec<ReportError> {
        let mut errors = Vec::new();
        self.reports.retain_mut(|report| report.event(event).map_err(|error| errors.push(error)).is_ok());
        errors
    }
}
