//! The table of `docs/fuzzing.md`.

use anyhow::Result;

use super::Find;
use crate::section;
use crate::suite::{Mutant, median};

/// What the fuzzer found, while others run.
pub(super) fn line(mutant: &Mutant, find: &Result<Option<Find>>) -> String {
    let shown = match find {
        Err(error) => format!("{error:#}"),
        Ok(None) => format!("not found ({})", mutant.violates.join(", ")),
        Ok(Some(find)) => {
            let (found, shrunk) = (seconds(find.found_after_ms), find.shrunk_in_ms as f64 / 1e3);
            let Find { ops, steps, .. } = find;
            format!("found after {found}, shrunk in {shrunk:.1} s: {ops} ops, {steps} steps, {}", attribution(find))
        }
    };
    format!("{:30} {shown}", mutant.name)
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1e3)
}

/// As `PAIR-40 data-arrives`.
fn attribution(find: &Find) -> String {
    let name = find.check.as_deref().and_then(|check| check.split_once('#')).map_or("", |(_, name)| name);
    match &find.requirement {
        Some(requirement) => format!("{requirement} {name}"),
        None => name.to_owned(),
    }
}

/// How many mutants were found, and how long the finds are.
pub(super) fn summary(finds: &[Option<Find>], seconds: u32) -> String {
    let median = |figure: fn(&Find) -> f64| median(finds.iter().flatten().map(figure));
    let (steps, ops) = (median(|find| find.steps as f64), median(|find| find.ops as f64));
    let (count, all, after) = (finds.iter().flatten().count(), finds.len(), median(|find| find.found_after_ms as f64));
    format!(
        "{count} of {all} mutants were found within {seconds} s each, after a median of {:.1} s; a find has a median of {steps} steps, of {ops} ops.",
        after / 1e3,
    )
}

/// Writes the table.
///
/// # Errors
/// If the page has no place for it.
pub(super) fn write(mutants: &[Mutant], finds: &[Option<Find>], seconds: u32) -> Result<()> {
    section::write("docs/fuzzing.md", "fuzz-proof", &shown(mutants, finds, seconds))
}

fn shown(mutants: &[Mutant], finds: &[Option<Find>], limit: u32) -> String {
    let mut text = format!("{}\n\n", summary(finds, limit));
    text.push_str(
        "| mutant | what it does | violates | found after | attributed to | steps |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (Mutant { name, summary, violates, .. }, find) in mutants.iter().zip(finds) {
        let (after, attributed, steps) = match find {
            Some(find) => (seconds(find.found_after_ms), attribution(find), find.steps.to_string()),
            None => ("not found".to_owned(), String::new(), String::new()),
        };
        let violates = violates.join(", ");
        text.push_str(&format!("| `{name}` | {summary} | {violates} | {after} | {attributed} | {steps} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_a_line_for_each_mutant() {
        let mutant = |name: &str| Mutant {
            name: name.to_owned(),
            violates: vec!["PAIR-41".to_owned()],
            summary: "sends it twice".to_owned(),
            ..Mutant::default()
        };
        let find = Find {
            check: Some("pairing/fuzz-1#arrives-once".to_owned()),
            requirement: Some("PAIR-41".to_owned()),
            found_after_ms: 1_250,
            shrunk_in_ms: 300,
            ops: 4,
            steps: 9,
        };
        let table = shown(&[mutant("twice"), mutant("never")], &[Some(find), None], 60);
        let expected = "1 of 2 mutants were found within 60 s each, after a median of 1.2 s; a find has a median of 9 steps, of 4 ops.

| mutant | what it does | violates | found after | attributed to | steps |
| --- | --- | --- | --- | --- | --- |
| `twice` | sends it twice | PAIR-41 | 1.2 s | PAIR-41 arrives-once | 9 |
| `never` | sends it twice | PAIR-41 | not found |  |  |
";
        assert_eq!(table, expected);
    }
}
