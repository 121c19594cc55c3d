//! What every report implements, and the reports of a run.

use std::io;

use crate::event::Event;

/// A report of a run, made from its events.
pub trait Report: Send {
    /// Takes the next event of the run.
    ///
    /// # Errors
    /// If the report cannot be written.
    fn event(&mut self, event: &Event) -> Result<(), ReportError>;
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {to}: {cause}")]
pub struct ReportError {
    /// The file, or the name of the stream.
    pub to: String,
    /// Why.
    #[source]
    pub cause: io::Error,
}

/// The reports of a run. If one of them fails, the others go on.
#[derive(Default)]
pub struct Reports {
    reports: Vec<Box<dyn Report>>,
}

impl Reports {
    /// Adds a report.
    pub fn add(&mut self, report: impl Report + 'static) {
        self.reports.push(Box::new(report));
    }

    /// Passes an event to all reports. Returns the errors of those that failed, which get no further events.
    pub fn event(&mut self, event: &Event) -> Vec<ReportError> {
        let mut errors = Vec::new();
        self.reports.retain_mut(|report| report.event(event).map_err(|error| errors.push(error)).is_ok());
        errors
    }
}
