//! The figures of all runs, in a line and in `docs/flakiness.md`.

use std::fmt::Write as _;

use anyhow::Result;

use super::Tally;
use super::load::cores;
use crate::section;
use crate::suite::median;

/// Durations of the runs, in s: the shortest, the median, the longest.
fn durations(tally: &Tally) -> [f64; 3] {
    let walls = || tally.walls.iter().map(|wall| wall / 1e3);
    [walls().fold(f64::NAN, f64::min), median(walls()), walls().fold(f64::NAN, f64::max)]
}

/// The figures in a line.
pub(super) fn line(tally: &Tally) -> String {
    let ([shortest, median, longest], reruns) = (durations(tally), tally.reruns.values().sum::<usize>());
    let Tally { runs, passed, skipped, wrong, .. } = tally;
    format!(
        "{runs} runs: {passed} checks passed, {skipped} did not apply, {} wrong verdicts; {reruns} reruns in isolation; median {median:.1} s, \
         {shortest:.1} to {longest:.1} s",
        wrong.len(),
    )
}

/// Writes the section of a quiet or busy machine.
///
/// # Errors
/// If the page has no place for it.
pub(super) fn write(tally: &Tally, is_loaded: bool) -> Result<()> {
    let section = if is_loaded { "loaded" } else { "quiet" };
    section::write("docs/flakiness.md", section, &text(tally))
}

fn text(tally: &Tally) -> String {
    let [shortest, median, longest] = durations(tally);
    let mut text = String::from("| figure | value |\n| --- | --: |\n");
    for (name, value) in [
        ("self-tests in a row", tally.runs.to_string()),
        ("cores of the machine", cores().to_string()),
        ("checks that passed", tally.passed.to_string()),
        ("checks that did not apply", tally.skipped.to_string()),
        ("wrong verdicts", tally.wrong.len().to_string()),
        ("reruns in isolation", tally.reruns.values().sum::<usize>().to_string()),
        ("median run", format!("{median:.1} s")),
        ("shortest and longest run", format!("{shortest:.1} s, {longest:.1} s")),
    ] {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    if !tally.wrong.is_empty() {
        let _ = writeln!(text, "\nWrong verdicts:\n");
        tally.wrong.iter().for_each(|wrong| _ = writeln!(text, "- {wrong}"));
    }
    if !tally.reruns.is_empty() {
        let times = tally.reruns.iter().map(|(id, times)| format!("`{id}` ({times})"));
        let _ = writeln!(text, "\nRerun in isolation: {}.", times.collect::<Vec<_>>().join(", "));
    }
    text
}
