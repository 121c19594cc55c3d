//! What the runs came to, as people read it.

use std::fmt::Write as _;

use anyhow::Result;

use super::Tally;
use super::load::cores;
use crate::section;

const PAGE: &str = "docs/flakiness.md";
/// Sections of the page: of the machine that was left alone, and of the one that was kept busy.
const SECTIONS: [&str; 2] = ["quiet", "loaded"];

/// The figures of all runs.
struct Figures {
    again: usize,
    /// Of the runs, in s: the shortest, the median, the longest.
    walls: [f64; 3],
}

fn figures(tally: &Tally) -> Figures {
    let mut walls: Vec<f64> = tally.walls.iter().map(|wall| wall / 1e3).collect();
    walls.sort_by(f64::total_cmp);
    let at = |index: usize| walls.get(index).copied().unwrap_or(f64::NAN);
    let walls = [at(0), at(walls.len() / 2), at(walls.len().saturating_sub(1))];
    Figures { again: tally.again.values().sum(), walls }
}

/// The figures, in a line.
pub(super) fn line(tally: &Tally) -> String {
    let Figures { again, walls: [shortest, median, longest] } = figures(tally);
    let (passed, skipped, wrong) = (tally.passed, tally.skipped, tally.wrong.len());
    format!(
        "{} runs: {passed} checks passed, {skipped} did not apply, {wrong} wrong verdicts; {again} scenarios played again; {median:.1} s at the median, \
         {shortest:.1} to {longest:.1} s",
        tally.runs,
    )
}

/// Writes the section of the machine as it was.
///
/// # Errors
/// Where the page has no place for it.
pub(super) fn write(tally: &Tally, is_loaded: bool) -> Result<()> {
    let [quiet, loaded] = SECTIONS;
    section::write(PAGE, if is_loaded { loaded } else { quiet }, &text(tally))
}

fn text(tally: &Tally) -> String {
    let Figures { again, walls: [shortest, median, longest] } = figures(tally);
    let mut text = String::from("| figure | value |\n| --- | --: |\n");
    for (name, value) in [
        ("self-tests in a row", tally.runs.to_string()),
        ("cores of the machine", cores().to_string()),
        ("verdicts: passed", tally.passed.to_string()),
        ("verdicts: did not apply", tally.skipped.to_string()),
        ("wrong verdicts", tally.wrong.len().to_string()),
        ("scenarios that were played again", again.to_string()),
        ("a run at the median", format!("{median:.1} s")),
        ("the shortest and the longest run", format!("{shortest:.1} s, {longest:.1} s")),
    ] {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    if !tally.wrong.is_empty() {
        let _ = writeln!(text, "\nWrong were:\n");
        tally.wrong.iter().for_each(|wrong| _ = writeln!(text, "- {wrong}"));
    }
    if !tally.again.is_empty() {
        let times = tally.again.iter().map(|(id, times)| format!("`{id}` ({times})"));
        let _ = writeln!(text, "\nPlayed again: {}.", times.collect::<Vec<_>>().join(", "));
    }
    text
}
