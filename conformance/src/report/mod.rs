//! Reports of a run, for people and machines. They read events and nothing else, and decide nothing.

mod attempts;
mod conclusion;
mod counts;
mod failure;
mod file;
mod json;
mod junit;
mod run_report;
mod sink;
mod style;
mod terminal;
mod text;
mod transcript;

pub use conclusion::Conclusion;
pub use file::ReportFile;
pub use json::Json;
pub use junit::Junit;
pub use run_report::{RunReport, Tool};
pub use sink::{Report, ReportError, Reports};
pub use style::Style;
pub use terminal::Terminal;
pub use text::payload as safe;
