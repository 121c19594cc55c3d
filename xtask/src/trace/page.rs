//! The page of the coverage.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::TracedRequirement;
use crate::mutants::listed;

/// More mutants than this are counted, not listed.
const MOST_LISTED: usize = 5;

/// The page.
pub(super) fn page(requirements: &[TracedRequirement]) -> String {
    let mut text = String::from(
        "# Coverage\n\n\
         Written by `cargo xtask trace`. A requirement is covered for a role if a scenario has a check of it, a reference has passed that check in a real\n\
         run, and the check has killed a mutant that violates the requirement ([kill matrix](kill-matrix.md)). A gap without an excuse fails the command.\n\n\
         | level | requirements | shown by a mutant |\n| --- | --: | --: |\n",
    );
    let mut counts = BTreeMap::new();
    for one in requirements {
        let (all, shown) = counts.entry(one.level).or_insert((0, 0));
        (*all, *shown) = (*all + 1, *shown + usize::from(!one.killed.is_empty()));
    }
    for (level, (all, shown)) in counts {
        let _ = writeln!(text, "| {level} | {all} | {shown} |");
    }
    text += "\n| requirement | level | scenarios | passed | mutants killed |\n| --- | --- | --: | --- | --- |\n";
    for one in requirements {
        let (passed, scenarios) = (if one.executed { "yes" } else { "no" }, one.declared.len());
        let mut killed = listed(one.killed.iter(), MOST_LISTED);
        if let Some(excuse) = &one.excuse {
            let stop = if killed.is_empty() { "" } else { "; " };
            let _ = write!(killed, "{stop}{}: {}", excuse.category, excuse.reason);
        }
        let _ = writeln!(text, "| {} | {} | {scenarios} | {passed} | {killed} |", one.id, one.level);
    }
    text
}
