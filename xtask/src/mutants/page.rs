//! The page of the kill matrix.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::matrix::{Matrix, MutantRow, RoleMatrix};
use crate::suite::Mutant;

/// More scenarios than this are counted, not listed.
const MOST_LISTED: usize = 4;

/// A line for each role.
pub(super) fn summary(matrix: &Matrix) -> String {
    let mut text = String::new();
    for role in &matrix.roles {
        let _ = write!(text, "{:<16} {} of {} mutants killed", role.role, role.killed().count(), role.mutants.len());
        // Unless all checks were run, nothing can be concluded about them.
        let _ = match role.useful() {
            (0, _) => writeln!(text),
            (named, useful) => writeln!(text, ", {useful} of {named} checks have killed one"),
        };
    }
    text
}

/// The page.
pub(crate) fn page(matrix: &Matrix, mutants: &[Mutant]) -> String {
    let mut text = String::from(
        "# Kill matrix\n\n\
         Written by `cargo xtask mutants`. A mutant is a reference implementation with a deliberate defect, started as in\n\
         `conformance reference pairing-relay --mutant NAME`. [Mutants](mutants.md) explains which scenarios are run against it.\n\
         Mutants by place violate no requirement of their own: they are run for checks that have killed nothing else, and need not be killed in every role.\n\
         The command fails if any other mutant survives, if a check kills no mutant, or if a failure is attributed to a requirement that the mutant does not violate.\n\
         Known gaps and their reasons are in [excuses.toml](excuses.toml), the whole matrix, check by check, in [kill-matrix.json](kill-matrix.json).\n\n\
         | role | mutants | killed | by place | killed | checks with a name | have killed one |\n| --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for role in &matrix.roles {
        let count = |is_by_place: bool| {
            let is_such = |row: &&MutantRow| row.is_by_place() == is_by_place;
            format!("{} | {}", role.mutants.iter().filter(is_such).count(), role.killed().filter(is_such).count())
        };
        let (named, useful) = role.useful();
        let _ = writeln!(text, "| {} | {} | {} | {named} | {useful} |", role.role, count(false), count(true));
    }
    let summaries =
        mutants.iter().map(|mutant| ((mutant.role.as_str(), mutant.name.as_str()), mutant.summary.as_str()));
    let summaries: BTreeMap<_, _> = summaries.collect();
    for RoleMatrix { role, mutants, .. } in &matrix.roles {
        let _ = write!(
            text,
            "\n## {role}\n\n| mutant | what it does | violates | killed by |\n| --- | --- | --- | --- |\n"
        );
        for row in mutants {
            let summary = summaries.get(&(role, &row.name)).copied().unwrap_or_default();
            let killers = listed(row.killed_by.keys(), MOST_LISTED);
            let _ = writeln!(text, "| `{}` | {summary} | {} | {killers} |", row.name, row.violates.join(", "));
        }
    }
    text
}

/// The first of these names, and how many more there are.
pub(crate) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let mut text = names.take(most).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, ", and {more} more");
    }
    text
}
