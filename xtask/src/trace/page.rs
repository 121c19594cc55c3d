//! The coverage as people read it.

use std::fmt::Write as _;

use super::{Traced, counts};

/// More mutants than this are counted, not listed.
const MOST_LISTED: usize = 5;

/// The page of the coverage.
pub(super) fn page(requirements: &[Traced]) -> String {
    let mut text = String::from(
        "# Coverage\n\n\
         Written by `cargo xtask trace`. A requirement is covered for a role when a scenario has a check of it, a reference has passed that check in a real\n\
         run, and it has found a mutant that breaks the requirement ([kill matrix](kill-matrix.md)). What is missing has an excuse, or the gate fails.\n\n\
         | level | requirements | shown by a mutant |\n| --- | --: | --: |\n",
    );
    for (level, (all, shown)) in counts(requirements) {
        let _ = writeln!(text, "| {level} | {all} | {shown} |");
    }
    text +=
        "\n| requirement | level | scenarios | passed | mutants that it has found |\n| --- | --- | --: | --- | --- |\n";
    for one in requirements {
        let passed = if one.executed { "yes" } else { "no" };
        let _ = writeln!(text, "| {} | {} | {} | {passed} | {} |", one.id, one.level, one.declared.len(), found(one));
    }
    text
}

/// The first of so many mutants at most, and how many more there are.
pub(crate) fn listed<'a>(mutants: impl ExactSizeIterator<Item = &'a String>, most: usize) -> String {
    let more = mutants.len().saturating_sub(most);
    let mut text = mutants.take(most).map(|mutant| format!("`{mutant}`")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, ", and {more} more");
    }
    text
}

fn found(one: &Traced) -> String {
    let mut found = listed(one.killed.iter(), MOST_LISTED);
    if let Some(excuse) = &one.excuse {
        let stop = if found.is_empty() { "" } else { "; " };
        let _ = write!(found, "{stop}{}: {}", excuse.category, excuse.reason);
    }
    found
}
