//! The transcript of one scenario.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::clock::{Clock, Moment, millis};
use crate::outcome::{By, TranscriptLine};

/// The transcript of one scenario; only the beginning and the end if it is too long.
#[derive(Debug)]
pub(super) struct Transcript {
    clock: Clock,
    start: Moment,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    first: Vec<TranscriptLine>,
    last: VecDeque<TranscriptLine>,
    left_out: usize,
    /// How many times the latest line was repeated.
    repeats: usize,
}

const FIRST: usize = 150;
const LAST: usize = 350;

impl Transcript {
    pub(super) fn new(clock: Clock) -> Self {
        let start = clock.now();
        Self { clock, start, lines: Mutex::default() }
    }

    /// Ms since the scenario began.
    pub(super) fn ms(&self, at: Moment) -> f64 {
        millis(at - self.start)
    }

    /// Ms since the scenario began, now.
    pub(super) fn now_ms(&self) -> f64 {
        self.ms(self.clock.now())
    }

    /// When the scenario began.
    pub(super) fn start(&self) -> Moment {
        self.start
    }

    pub(super) fn add(&self, at: Moment, connection: &str, by: By, what: String) {
        let line = TranscriptLine { at_ms: self.ms(at), connection: connection.to_owned(), by, what };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).add(line);
    }

    /// The lines, and how many were omitted in the middle.
    pub(super) fn take(&self) -> (Vec<TranscriptLine>, usize) {
        let mut lines = std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner));
        lines.note_repeats();
        (lines.first.into_iter().chain(lines.last).collect(), lines.left_out)
    }
}

impl Lines {
    /// Adds a line; a repetition of the latest is only counted, so that a flood does not bury the rest.
    fn add(&mut self, line: TranscriptLine) {
        let alike = |latest: &&mut TranscriptLine| {
            (&latest.connection, latest.by, &latest.what) == (&line.connection, line.by, &line.what)
        };
        if self.latest().filter(alike).is_some() {
            self.repeats += 1;
            return;
        }
        self.note_repeats();
        if self.first.len() < FIRST {
            return self.first.push(line);
        }
        if self.last.len() == LAST {
            self.last.pop_front();
            self.left_out += 1;
        }
        self.last.push_back(line);
    }

    fn latest(&mut self) -> Option<&mut TranscriptLine> {
        self.last.back_mut().or(self.first.last_mut())
    }

    fn note_repeats(&mut self) {
        let repeats = std::mem::take(&mut self.repeats);
        if let Some(latest) = self.latest().filter(|_| repeats > 0) {
            latest.what = format!("{} (repeated {repeats} times)", latest.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_repeated_lines() {
        let transcript = Transcript::new(Clock::start());
        let lines = ["a", "b", "b", "b", "a"];
        lines.iter().for_each(|what| transcript.add(transcript.start(), "host", By::Runner, (*what).to_owned()));
        let (lines, left_out) = transcript.take();
        let whats: Vec<_> = lines.into_iter().map(|line| line.what).collect();
        assert_eq!((whats, left_out), (["a", "b (repeated 2 times)", "a"].map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn keeps_the_beginning_and_the_end_of_a_long_transcript() {
        let transcript = Transcript::new(Clock::start());
        (0..1000).for_each(|number| transcript.add(transcript.start(), "host", By::Runner, number.to_string()));
        let (lines, left_out) = transcript.take();
        assert_eq!((lines.len(), left_out), (FIRST + LAST, 1000 - FIRST - LAST));
        assert_eq!((lines[0].what.as_str(), lines[FIRST + LAST - 1].what.as_str()), ("0", "999"));
    }
}
