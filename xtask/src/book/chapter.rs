//! A chapter of the specification as a page: each requirement gets an anchor, followed by the scenarios that check it and its coverage.

use std::fmt::Write as _;

use relayspec::requirement::{self, CHAPTERS, Chapter, Level, Requirement};

use super::coverage::{CoverageIndex, RequirementCoverage};
use super::scenarios::{ScenarioFile, Scenarios};
use crate::{mutants, paths};

/// The page of the coverage, below the root.
const COVERAGE: &str = "docs/coverage.md";
/// More mutants than this are counted, not listed.
const MOST_LISTED: usize = 12;

/// The chapter at this path below the root.
pub(super) fn at(path: &str) -> Option<&'static Chapter> {
    CHAPTERS.iter().find(|chapter| path_of(chapter.name) == path)
}

fn path_of(chapter: &str) -> String {
    format!("spec/text/{chapter}.md")
}

/// The page.
pub(super) fn page(chapter: &Chapter, scenarios: &Scenarios, coverage: &CoverageIndex) -> String {
    let own: Vec<_> = requirement::all().iter().filter(|requirement| requirement.chapter == chapter.name).collect();
    let mut page = String::new();
    for (line, number) in chapter.text.lines().zip(1..) {
        match own.iter().find(|requirement| requirement.line == number) {
            Some(requirement) => {
                let checked_by: Vec<_> = scenarios.that_check(requirement.id).collect();
                write_requirement(&mut page, requirement, &checked_by, coverage.of(requirement.id));
            }
            None => {
                let _ = writeln!(page, "{line}");
            }
        }
    }
    page
}

/// Writes a requirement. Blank lines end the HTML blocks, so that the statement is Markdown.
fn write_requirement(
    page: &mut String,
    requirement: &Requirement,
    scenarios: &[&ScenarioFile],
    coverage: Option<&RequirementCoverage>,
) {
    let Requirement { id, level, roles, text, chapter, .. } = requirement;
    let class = match level {
        Level::Must => "must",
        Level::Should => "should",
        Level::May => "may",
    };
    let _ = write!(
        page,
        "<div class=\"requirement {class}\" id=\"{id}\">\n\n[{id}](#{id}) <span class=\"level\">{level}</span> <span class=\"roles\">{}</span>\n\n{text}\n\n",
        roles.join(", ")
    );
    let summary = summary(scenarios.len(), coverage);
    let _ = write!(page, "<details class=\"coverage\"><summary>{summary}</summary>\n\n");
    let here = path_of(chapter);
    for scenario in scenarios {
        let target = paths::relative(&here, &scenario.place());
        let names: Vec<_> = scenario.checks_of(id).map(|name| format!("`{name}`")).collect();
        let ScenarioFile { folder, name, roles, .. } = scenario;
        let _ = writeln!(page, "- [{folder}/{name}]({target}) ({}): {}", roles.join(", "), names.join(", "));
    }
    if let Some(coverage) = coverage.filter(|coverage| !coverage.killed.is_empty()) {
        let (mutants, all) = (mutants::listed(coverage.killed.iter(), MOST_LISTED), paths::relative(&here, COVERAGE));
        let _ = writeln!(page, "\nMutants that it kills: {mutants} ([coverage]({all})).");
    }
    if let Some(excuse) = coverage.and_then(|coverage| coverage.excuse.as_ref()) {
        let _ = writeln!(page, "\nExcused ({}): {}", excuse.category, excuse.reason);
    }
    page.push_str("\n</details>\n\n</div>\n");
}

/// The coverage in one line: the number of scenarios, whether they were executed, and the number of mutants that they kill.
fn summary(scenarios: usize, coverage: Option<&RequirementCoverage>) -> String {
    let mut badges = vec![match scenarios {
        0 => badge("no", "checked by no scenario"),
        1 => badge("yes", "checked by 1 scenario"),
        count => badge("yes", &format!("checked by {count} scenarios")),
    }];
    if let Some(RequirementCoverage { executed, killed, excuse, .. }) = coverage {
        badges.push(if *executed { badge("yes", "executed") } else { badge("no", "not executed") });
        badges.push(match killed.len() {
            0 => badge("no", "kills no mutant"),
            1 => badge("yes", "kills 1 mutant"),
            count => badge("yes", &format!("kills {count} mutants")),
        });
        if excuse.is_some() {
            badges.push(badge("excused", "excused"));
        }
    }
    badges.join(" ")
}

fn badge(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{text}</span>")
}

#[cfg(test)]
mod tests {
    use super::super::scenarios::ScenarioCheck;
    use super::*;

    fn written(coverage: &CoverageIndex) -> String {
        let scenario = ScenarioFile {
            folder: "pairing".into(),
            name: "expired-code".into(),
            file: String::new(),
            summary: String::new(),
            longest_wait: None,
            roles: vec!["pairing relay".into()],
            checks: vec![ScenarioCheck { name: "refused-as-expired".into(), requirement: "PAIR-30".into() }],
        };
        let mut page = String::new();
        let requirement = requirement::find("PAIR-30").expect("a requirement");
        write_requirement(&mut page, requirement, &[&scenario], coverage.of("PAIR-30"));
        page
    }

    #[test]
    fn requirement_has_an_anchor_and_lists_its_scenarios() {
        let page = written(&CoverageIndex::default());
        assert!(page.starts_with("<div class=\"requirement must\" id=\"PAIR-30\">\n\n[PAIR-30](#PAIR-30) "), "{page}");
        assert!(page.contains("<summary><span class=\"yes\">checked by 1 scenario</span></summary>"), "{page}");
        let scenario = "- [pairing/expired-code](../../conformance/scenarios/pairing.md#expired-code) (pairing relay): `refused-as-expired`\n";
        assert!(page.contains(scenario), "{page}");
    }

    #[test]
    fn requirement_shows_its_coverage() {
        let coverage = |rest: &str| {
            let text =
                format!("{{\"requirements\":[{{\"id\":\"PAIR-30\",\"declared\":[\"pairing/expired-code\"],{rest}}}]}}");
            CoverageIndex::parse(&text).expect("a coverage file")
        };
        let page = written(&coverage(r#""executed":true,"killed":["forgetful"],"excuse":null"#));
        assert!(page.contains(">executed<") && page.contains(">kills 1 mutant<"), "{page}");
        assert!(page.contains("Mutants that it kills: `forgetful` ([coverage](../../docs/coverage.md))."), "{page}");
        let excuse = r#""executed":false,"killed":[],"excuse":{"category":"no-mutant","reason":"None yet."}"#;
        let page = written(&coverage(excuse));
        assert!(page.contains(">not executed<") && page.contains(">kills no mutant<"), "{page}");
        assert!(page.contains("Excused (no-mutant): None yet."), "{page}");
    }

    #[test]
    fn page_keeps_every_other_line() {
        let chapter = at("spec/text/pairing.md").expect("the chapter");
        let page = page(chapter, &Scenarios::default(), &CoverageIndex::default());
        let mut other = chapter.text.lines().filter(|line| !line.starts_with("**"));
        assert!(other.clone().count() > 100 && other.all(|line| page.contains(line)));
        assert!(page.contains("checked by no scenario"));
    }
}
