//! Reports of the compatibility checker: for people, for programs, for a pull request. They show changes and decide nothing.

mod contents;
mod github;
mod json;
mod markdown;
mod text;

pub(super) use contents::DiffReport;

/// A format of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Annotations of GitHub workflows
    Github,
    /// For a pull request
    Markdown,
}

/// The report in one format, with a line break at its end.
pub(super) fn written(report: &DiffReport, format: ReportFormat) -> String {
    match format {
        ReportFormat::Text => text::written(report),
        ReportFormat::Json => json::written(report),
        ReportFormat::Github => github::written(report),
        ReportFormat::Markdown => markdown::written(report),
    }
}
