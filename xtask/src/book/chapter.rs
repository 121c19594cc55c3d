//! A chapter of the specification as a page: each requirement gets an anchor, and behind it who judges it.

use std::fmt::Write as _;

use relayspec::requirement::{self, CHAPTERS, Chapter, Level, Requirement};

use super::coverage::{Coverage, State};
use super::scenarios::{Scenario, Scenarios};
use crate::{paths, trace};

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
pub(super) fn page(chapter: &Chapter, scenarios: &Scenarios, coverage: &Coverage) -> String {
    let own: Vec<_> = requirement::all().iter().filter(|requirement| requirement.chapter == chapter.name).collect();
    let mut page = String::new();
    for (line, number) in chapter.text.lines().zip(1..) {
        match own.iter().find(|requirement| requirement.line == number) {
            Some(requirement) => {
                let judges: Vec<_> = scenarios.judging(requirement.id).collect();
                stated(&mut page, requirement, &judges, coverage.of(requirement.id));
            }
            None => {
                let _ = writeln!(page, "{line}");
            }
        }
    }
    page
}

/// A requirement. Blank lines end the HTML, so that the statement is Markdown.
fn stated(page: &mut String, requirement: &Requirement, judges: &[&Scenario], state: Option<&State>) {
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
    let _ = write!(page, "<details class=\"coverage\"><summary>{}</summary>\n\n", summary(judges, state));
    let here = path_of(chapter);
    for scenario in judges {
        let target = paths::relative(&here, &scenario.place());
        let names: Vec<_> = scenario.names(id).map(|name| format!("`{name}`")).collect();
        let Scenario { folder, name, roles, .. } = scenario;
        let _ = writeln!(page, "- [{folder}/{name}]({target}) ({}): {}", roles.join(", "), names.join(", "));
    }
    if let Some(state) = state.filter(|state| !state.killed.is_empty()) {
        let (mutants, all) = (trace::listed(state.killed.iter(), MOST_LISTED), paths::relative(&here, COVERAGE));
        let _ = writeln!(page, "\nMutants that it kills: {mutants} ([coverage]({all})).");
    }
    if let Some(excuse) = state.and_then(|state| state.excuse.as_ref()) {
        let _ = writeln!(page, "\nExcused ({}): {}", excuse.category, excuse.reason);
    }
    page.push_str("\n</details>\n\n</div>\n");
}

/// What is known in one line: who judges it, whether that was played, and what it has found.
fn summary(judges: &[&Scenario], state: Option<&State>) -> String {
    let mut said = vec![match judges.len() {
        0 => badge("no", "no scenario judges it"),
        1 => badge("yes", "1 scenario judges it"),
        count => badge("yes", &format!("{count} scenarios judge it")),
    }];
    if let Some(State { executed, killed, excuse, .. }) = state {
        said.push(if *executed { badge("yes", "executed") } else { badge("no", "not executed") });
        said.push(match killed.len() {
            0 => badge("no", "no mutant found by it"),
            1 => badge("yes", "finds 1 mutant"),
            count => badge("yes", &format!("finds {count} mutants")),
        });
        if excuse.is_some() {
            said.push(badge("excused", "excused"));
        }
    }
    said.join(" ")
}

fn badge(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{text}</span>")
}

#[cfg(test)]
mod tests {
    use super::super::scenarios::Check;
    use super::*;

    fn scenario() -> Scenario {
        Scenario {
            folder: "pairing".into(),
            name: "expired-code".into(),
            file: String::new(),
            summary: String::new(),
            longest_wait: None,
            roles: vec!["pairing relay".into()],
            checks: vec![Check { name: "refused-as-expired".into(), requirement: "PAIR-30".into() }],
        }
    }

    fn told(coverage: &Coverage) -> String {
        let (mut page, scenario) = (String::new(), scenario());
        let requirement = requirement::find("PAIR-30").expect("it");
        stated(&mut page, requirement, &[&scenario], coverage.of("PAIR-30"));
        page
    }

    #[test]
    fn a_requirement_has_an_anchor_and_its_judges() {
        let page = told(&Coverage::default());
        assert!(page.starts_with("<div class=\"requirement must\" id=\"PAIR-30\">\n\n[PAIR-30](#PAIR-30) "), "{page}");
        assert!(page.contains("<summary><span class=\"yes\">1 scenario judges it</span></summary>"), "{page}");
        let judge = "- [pairing/expired-code](../../conformance/scenarios/pairing.md#expired-code) (pairing relay): `refused-as-expired`\n";
        assert!(page.contains(judge), "{page}");
    }

    #[test]
    fn all_states_are_shown_where_they_are_known() {
        let coverage = |rest: &str| {
            Coverage::told(&format!(
                "{{\"requirements\":[{{\"id\":\"PAIR-30\",\"declared\":[\"pairing/expired-code\"],{rest}}}]}}"
            ))
        };
        let page = told(&coverage(r#""executed":true,"killed":["forgetful"],"excuse":null"#));
        assert!(page.contains(">executed<") && page.contains(">finds 1 mutant<"), "{page}");
        assert!(page.contains("Mutants that it finds: `forgetful` ([coverage](../../docs/coverage.md))."), "{page}");
        let page =
            told(&coverage(r#""executed":false,"killed":[],"excuse":{"category":"no-mutant","reason":"None yet."}"#));
        assert!(page.contains(">not executed<") && page.contains(">no mutant found by it<"), "{page}");
        assert!(page.contains("Excused (no-mutant): None yet."), "{page}");
    }

    #[test]
    fn a_page_keeps_every_other_line() {
        let chapter = at("spec/text/pairing.md").expect("the chapter");
        let page = page(chapter, &Scenarios::none(), &Coverage::default());
        let other = chapter.text.lines().filter(|line| !line.starts_with("**"));
        assert!(other.clone().count() > 100 && other.into_iter().all(|line| page.contains(line)));
        assert!(page.contains("no scenario judges it"));
    }
}
