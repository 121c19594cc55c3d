//! The JSON report: one document with the schema of [`RunReport`].

use std::path::Path;

use super::file::ReportFile;
use super::run_report::RunReport;
use super::sink::{Report, ReportError};
use crate::event::Event;

/// The JSON report, written when the run is over.
#[derive(Debug)]
pub struct Json {
    file: ReportFile,
    report: RunReport,
}

impl Json {
    /// A report to a file, which appears or changes only when the run is over.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        Ok(Self { file: ReportFile::create(path)?, report: RunReport::default() })
    }
}

impl Report for Json {
    fn event(&mut self, event: &Event) -> Result<(), ReportError> {
        if !self.report.add(event) {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&self.report).map_err(|error| self.file.error(error))?;
        self.file.write(&(text + "\n"))
    }
}
