//! Scenarios cite only requirements that exist. This is a plain scan for ids; how a scenario is read is the judge's business.

use std::collections::BTreeSet;

use relayspec::requirement;

use super::finding::Finding;
use super::tree::Tree;

/// The ids in scenario files that no chapter states.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let prefixes: BTreeSet<_> = requirement::all().iter().filter_map(|known| prefix(known.id)).collect();
    let scenarios = tree.files_ending(".yaml").filter(|(path, _)| path.starts_with("conformance/scenarios/"));
    scenarios.flat_map(|(path, text)| unknown(path, text, &prefixes)).collect()
}

fn unknown(path: &str, text: &str, prefixes: &BTreeSet<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut covering = false;
    for (line, number) in text.lines().zip(1..) {
        let goes_on = line.starts_with([' ', '-', '#']) || line.trim().is_empty();
        covering = line.starts_with("covers:") || (covering && goes_on);
        // Elsewhere `UTF-8` and its like are no ids; in `covers` even an unknown prefix is one.
        let cited = ids(line).filter(|id| covering || prefix(id).is_some_and(|prefix| prefixes.contains(prefix)));
        let unknown = cited.filter(|id| requirement::all().iter().all(|known| known.id != *id));
        findings.extend(unknown.map(|id| Finding::at(path, number, format!("no chapter states {id}"))));
    }
    findings
}

/// The words that look like an id: capitals, a hyphen, digits.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| {
        word.rsplit_once('-').is_some_and(|(prefix, number)| {
            prefix.len() > 1
                && prefix.chars().all(|c| c.is_ascii_uppercase())
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit())
        })
    })
}

fn prefix(id: &str) -> Option<&str> {
    id.split_once('-').map(|(prefix, _)| prefix)
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    const PATH: &str = "conformance/scenarios/pairing/a.yaml";

    #[test]
    fn known_ids_and_other_words_pass() {
        let text =
            "summary: Invalid UTF-8 is refused.\ncovers: [PAIR-30, WIRE-01]\nsteps:\n  - note: SHA-1, ISO-8601\n";
        let elsewhere = ("docs/a.yaml", "covers: [NONE-1]");
        assert_eq!(shown(&check(&Tree::of(&[(PATH, text), elsewhere]))), [""; 0]);
    }

    #[test]
    fn unknown_ids_fail_wherever_they_are_cited() {
        let text = "covers:\n  - PAIR-999\n  - PIAR-30\nsteps:\n  - expect: { cites: PAIR-3 }\n";
        assert_eq!(
            shown(&check(&Tree::of(&[(PATH, text)]))),
            [(2, "PAIR-999"), (3, "PIAR-30"), (5, "PAIR-3")]
                .map(|(line, id)| format!("{PATH}:{line}: no chapter states {id}"))
        );
    }
}
