//! How a report for people looks. Words carry the meaning; colour only helps to find them.

use owo_colors::OwoColorize;

use crate::outcome::Verdict;

/// How the terminal report looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Whether the output is a terminal: progress is then shown on the standard error stream, and scenarios that pass are
    /// counted instead of listed.
    pub live: bool,
    /// Whether to show scenarios that pass, the transcript of warnings, and the timing parameters.
    pub verbose: bool,
    /// The columns that lines are wrapped or cut to.
    pub width: usize,
}

impl Style {
    /// A text in the colour of a verdict.
    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> String {
        match verdict {
            _ if !self.color => text.to_owned(),
            Verdict::Pass => text.green().to_string(),
            Verdict::Skip => text.cyan().to_string(),
            Verdict::Inconclusive => text.magenta().to_string(),
            Verdict::Warn => text.yellow().to_string(),
            Verdict::Fail => text.red().bold().to_string(),
        }
    }

    /// A text that is of less interest.
    pub(super) fn dim(self, text: &str) -> String {
        if self.color { text.dimmed().to_string() } else { text.to_owned() }
    }

    /// A text to find by eye.
    pub(super) fn bold(self, text: &str) -> String {
        if self.color { text.bold().to_string() } else { text.to_owned() }
    }

    /// The columns that a payload may take: a few lines.
    pub(super) fn payload(self) -> usize {
        self.width.saturating_mul(3)
    }
}
