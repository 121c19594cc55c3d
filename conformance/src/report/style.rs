//! The look of the terminal report. Words carry the meaning; colour only helps to find them.

use owo_colors::OwoColorize;

use crate::outcome::Verdict;

/// The look of the terminal report.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to use colours.
    pub color: bool,
    /// Whether the output is a terminal: progress is then shown on standard error, and passing scenarios are counted, not listed.
    pub live: bool,
    /// Whether to show passing scenarios, the transcripts of warnings, and the timing parameters.
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

    /// A text of less interest.
    pub(super) fn dim(self, text: &str) -> String {
        if self.color { text.dimmed().to_string() } else { text.to_owned() }
    }

    /// A text that stands out.
    pub(super) fn bold(self, text: &str) -> String {
        if self.color { text.bold().to_string() } else { text.to_owned() }
    }

    /// How many columns a payload may take: a few lines.
    pub(super) fn payload(self) -> usize {
        self.width.saturating_mul(3)
    }
}
