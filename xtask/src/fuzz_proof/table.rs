//! The table of `docs/fuzzing.md`.

use anyhow::Result;

use super::Mutant;
use super::hunt::Found;
use crate::section;

/// Where the table stands.
const PAGE: &str = "docs/fuzzing.md";
const SECTION: &str = "fuzz-proof";

/// What came of a hunt, while others go on.
pub(super) fn line(mutant: &Mutant, result: &Result<Option<Found>>) -> String {
    match result {
        Err(error) => format!("{:30} {error:#}", mutant.name),
        Ok(None) => format!("{:30} not found ({})", mutant.name, mutant.breaks.join(", ")),
        Ok(Some(found)) => format!(
            "{:30} found after {:.1} s, made shorter in {:.1} s: {} ops, {} steps, {}",
            mutant.name,
            found.found_after_ms as f64 / 1e3,
            found.shrunk_in_ms as f64 / 1e3,
            found.ops,
            found.steps,
            blamed(found),
        ),
    }
}

/// `PAIR-40 data-arrives`
fn blamed(found: &Found) -> String {
    let name = found.check.as_deref().and_then(|check| check.split_once('#')).map_or("", |(_, name)| name);
    match &found.requirement {
        Some(requirement) => format!("{requirement} {name}"),
        None => name.to_owned(),
    }
}

/// The middle of some numbers, the upper one of two.
pub(super) fn median(numbers: impl Iterator<Item = usize>) -> Option<usize> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

/// How many were found, and how long they are.
pub(super) fn summary(found: &[Option<Found>], seconds: u32) -> String {
    let hits = || found.iter().flatten();
    let steps = median(hits().map(|found| found.steps)).unwrap_or_default();
    let ops = median(hits().map(|found| found.ops)).unwrap_or_default();
    let after = median(hits().map(|found| found.found_after_ms as usize)).unwrap_or_default();
    format!(
        "{} of {} mutants were found within {seconds} s each, at the median after {:.1} s; what was found has {steps} steps at the median, of {ops} ops.",
        hits().count(),
        found.len(),
        after as f64 / 1e3,
    )
}

/// Writes the table.
///
/// # Errors
/// Where the page has no place for it.
pub(super) fn write(mutants: &[Mutant], found: &[Option<Found>], seconds: u32) -> Result<()> {
    section::write(PAGE, SECTION, &shown(mutants, found, seconds))
}

fn shown(mutants: &[Mutant], found: &[Option<Found>], seconds: u32) -> String {
    let mut text = format!("{}\n\n", summary(found, seconds));
    text.push_str(
        "| mutant | what it does | breaks | found after | blamed | steps |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (mutant, found) in mutants.iter().zip(found) {
        let (after, blamed, steps) = match found {
            Some(found) => {
                (format!("{:.1} s", found.found_after_ms as f64 / 1e3), blamed(found), found.steps.to_string())
            }
            None => ("not found".to_owned(), String::new(), String::new()),
        };
        let breaks = mutant.breaks.join(", ");
        text.push_str(&format!("| `{}` | {} | {breaks} | {after} | {blamed} | {steps} |\n", mutant.name, mutant.line));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_mutant() {
        let mutant = |name: &str| Mutant {
            role: "pairing.relay".to_owned(),
            name: name.to_owned(),
            breaks: vec!["PAIR-41".to_owned()],
            line: "sends it twice".to_owned(),
        };
        let found = Found {
            check: Some("pairing/fuzz-1#arrives-once".to_owned()),
            requirement: Some("PAIR-41".to_owned()),
            found_after_ms: 1_250,
            shrunk_in_ms: 300,
            ops: 4,
            steps: 9,
        };
        let table = shown(&[mutant("twice"), mutant("never")], &[Some(found), None], 60);
        let expected = "1 of 2 mutants were found within 60 s each, at the median after 1.2 s; what was found has 9 steps at the median, of 4 ops.

| mutant | what it does | breaks | found after | blamed | steps |
| --- | --- | --- | --- | --- | --- |
| `twice` | sends it twice | PAIR-41 | 1.2 s | PAIR-41 arrives-once | 9 |
| `never` | sends it twice | PAIR-41 | not found |  |  |
";
        assert_eq!(table, expected);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([9, 1, 5].into_iter()), Some(5));
        assert_eq!(median([9, 1].into_iter()), Some(9));
        assert_eq!(median([].into_iter()), None);
    }
}
