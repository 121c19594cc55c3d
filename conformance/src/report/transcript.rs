//! The transcript as a table: its end, and the lines around each finding.

use std::iter;

use super::style::Style;
use super::text::{count, one_line};
use crate::outcome::{By, Finding, ScenarioOutcome, TranscriptLine, Verdict};

/// How many of the last lines are shown.
const LAST: usize = 40;
/// How many lines before and after a finding are shown.
const BEFORE: usize = 6;
const AFTER: usize = 2;
/// The maximum width of the connection column.
const NAME: usize = 16;

/// The table, with a heading; empty if the scenario has no transcript. Lines with a finding are marked.
pub(super) fn table(outcome: &ScenarioOutcome, findings: &[&Finding], style: Style) -> Vec<String> {
    let all = &outcome.transcript;
    if all.is_empty() {
        return Vec::new();
    }
    let marked: Vec<usize> = findings.iter().filter_map(|finding| nearest(all, finding)).collect();
    let shown: Vec<usize> = (0..all.len()).filter(|at| is_shown(*at, all.len(), &marked)).collect();
    let width = shown.iter().map(|at| one_line(&all[*at].connection, NAME).chars().count()).max().unwrap_or_default();

    let gaps = gaps(&shown, outcome.transcript_left_out);

    let heading = "  transcript (time in s; > to the subject, < from the subject; → finding):";
    let mut lines = vec![style.dim(heading)];
    for at in shown {
        let gap = gaps.iter().find(|(before, _)| *before == at);
        lines.extend(gap.map(|(_, left_out)| style.dim(&format!("    … {} omitted …", count(*left_out, "line")))));
        lines.push(row(&all[at], marked.contains(&at), width, style));
    }
    lines
}

/// How many lines are missing before which shown line. Those that the engine omitted are added to the widest gap.
fn gaps(shown: &[usize], left_out: usize) -> Vec<(usize, usize)> {
    let ends = iter::once(0).chain(shown.iter().map(|at| at + 1));
    let mut gaps: Vec<_> = shown.iter().zip(ends).map(|(at, end)| (*at, at - end)).collect();
    if let Some(widest) = gaps.iter_mut().rev().max_by_key(|(_, missing)| *missing) {
        widest.1 += left_out;
    }
    gaps.retain(|(_, missing)| *missing > 0);
    gaps
}

fn row(line: &TranscriptLine, is_marked: bool, width: usize, style: Style) -> String {
    let mark = if is_marked { "→" } else { " " };
    let by = match line.by {
        By::Runner => '>',
        By::Subject => '<',
    };
    let name = one_line(&line.connection, NAME);
    let start = format!("  {mark} {:>8.3}  {name:<width$}  {by}  ", line.at_ms / 1000.0);
    let columns = style.width.saturating_sub(start.chars().count()).max(20);
    let row = start + &one_line(&line.what, columns);
    if is_marked { style.verdict(Verdict::Fail, &row) } else { row }
}

/// The line of a finding: the nearest in time on the finding's connection.
fn nearest(lines: &[TranscriptLine], finding: &Finding) -> Option<usize> {
    let at_ms = finding.at_ms?;
    let same = |line: &TranscriptLine| finding.connection.as_ref().is_none_or(|name| *name == line.connection);
    let distance = |at: usize| (lines[at].at_ms - at_ms).abs();
    let candidates = (0..lines.len()).rev().filter(|at| same(&lines[*at]));
    candidates.min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
}

fn is_shown(at: usize, length: usize, marked: &[usize]) -> bool {
    at + LAST >= length || marked.iter().any(|mark| at + BEFORE >= *mark && at <= mark + AFTER)
}
