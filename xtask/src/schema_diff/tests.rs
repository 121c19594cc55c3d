//! The fixtures of `fixtures/compat/`: pairs of schemas with both verdicts that the compatibility checker has to give.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use super::verdict::{AssessedChange, Evidence, Verdict, assess};
use crate::compat::document::Document;
use crate::compat::{accepts, may_send};
use crate::{files, workspace};

/// The least number of fixtures, and the largest share of their verdicts that may be unknown, in percent.
const LEAST: usize = 120;
const UNKNOWN: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompatFixture {
    id: String,
    about: String,
    old: Value,
    new: Value,
    old_reader: String,
    new_reader: String,
}

fn fixtures() -> Vec<CompatFixture> {
    let folder = workspace::root().join("fixtures/compat");
    let read = |path: String| -> Vec<CompatFixture> {
        let text = fs::read_to_string(folder.join(&path)).expect("a file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    files::below(&folder, &|path| path.ends_with(".json")).expect("the folder").into_iter().flat_map(read).collect()
}

/// The worst verdict of all changes.
fn worst(assessed: &[AssessedChange], pick: fn(&AssessedChange) -> &Verdict) -> &'static str {
    let words: Vec<_> = assessed.iter().map(|one| pick(one).word()).collect();
    ["breaking", "unknown"].into_iter().find(|word| words.contains(word)).unwrap_or("compatible")
}

#[test]
fn gives_no_wrong_verdict_and_few_unknown_ones() {
    let fixtures = fixtures();
    let ids: BTreeSet<_> = fixtures.iter().map(|fixture| &fixture.id).collect();
    assert_eq!(ids.len(), fixtures.len(), "duplicate id");
    assert!(fixtures.len() >= LEAST && fixtures.iter().all(|fixture| !fixture.about.is_empty()), "{}", fixtures.len());
    let (mut wrong, mut unknown) = (String::new(), String::new());
    for fixture in &fixtures {
        let read = |schema| Document::read(schema).unwrap_or_else(|error| panic!("{}: {error}", fixture.id));
        let (old, new) = (read(&fixture.old), read(&fixture.new));
        let assessed = assess(&old, &new);
        let found = [worst(&assessed, |one| &one.old_reader), worst(&assessed, |one| &one.new_reader)];
        for (side, found, wanted) in [("old", found[0], &fixture.old_reader), ("new", found[1], &fixture.new_reader)] {
            let list = if found == "unknown" { &mut unknown } else { &mut wrong };
            if found != wanted {
                let _ = writeln!(list, "{} ({side} reader): {found}, expected {wanted}", fixture.id);
            }
        }
        for one in &assessed {
            check_witnesses(&fixture.id, one, &old, &new);
        }
    }
    let verdicts = fixtures.len() * 2;
    println!("{verdicts} verdicts, {} unknown:\n{unknown}", unknown.lines().count());
    assert!(wrong.is_empty(), "{wrong}");
    assert!(unknown.lines().count() * 100 <= verdicts * UNKNOWN, "{unknown}");
}

/// Each witness is a message that the writer may send and the reader refuses.
fn check_witnesses(id: &str, one: &AssessedChange, old: &Document, new: &Document) {
    for (verdict, writer, reader) in [(&one.old_reader, new, old), (&one.new_reader, old, new)] {
        if let Verdict::Breaking(Evidence::Refused(value)) = verdict {
            assert!(may_send(writer, value), "{id}: no writer sends {value}");
            assert!(!accepts(reader, value), "{id}: the reader accepts {value}");
        }
    }
}

#[test]
fn compatibility_page_lists_every_rule() {
    let page = fs::read_to_string(workspace::root().join("docs/compatibility.md")).expect("the page");
    for rule in super::rules::ALL {
        let row = format!("| `{}` | {} |", rule.id, rule.about);
        assert!(page.contains(&row), "docs/compatibility.md has no row `{row}`");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 3);
    assert!(rows.count() >= super::rules::ALL.len());
}

mod approvals_and_reports {
    use serde_json::json;

    use super::super::approvals::{Approval, day};
    use super::super::report::{DiffReport, ReportFormat, written};
    use super::super::{UnusedApprovals, approved, reported, source};

    /// A change that breaks readers of the older schema, and one that breaks no reader.
    fn report(approvals: &[Approval], unused: UnusedApprovals) -> DiffReport {
        let code = |pattern: &str| json!({ "type": "string", "pattern": pattern });
        let old = json!({ "type": "object", "properties": { "code": code("^`?a%$") }, "required": ["code"] });
        let new = json!({
            "type": "object",
            "properties": { "code": code("^`?[ab]%$"), "note": { "type": ["string", "null"] } },
            "required": ["code"]
        });
        let changes = reported::of_schema("pairing/relay-to-host.json", &old, &new, false).expect("schemas");
        approved(("old".into(), "new".into()), changes, approvals, day("2026-11-20").expect("a day"), unused)
    }

    fn approval(fingerprint: &str, expires: &str) -> Approval {
        let expires = day(expires).expect("a day");
        Approval { fingerprint: fingerprint.into(), reason: "never sent".into(), expires, line: 3 }
    }

    #[test]
    fn break_needs_a_valid_approval() {
        let bare = report(&[], UnusedApprovals::Fail);
        let breaking: Vec<_> = bare.unapproved().map(|change| (change.rule.id, change.place.as_str())).collect();
        assert_eq!(breaking, [("pattern-changed", "code")]);
        assert!(!bare.is_fine() && bare.changes.len() == 2);
        let fingerprint = bare.unapproved().next().expect("a break").fingerprint.clone();

        assert!(report(&[approval(&fingerprint, "2026-11-20")], UnusedApprovals::Fail).is_fine());
        let expired = report(&[approval(&fingerprint, "2026-11-19")], UnusedApprovals::Fail);
        assert!(!expired.is_fine() && expired.stale[0].contains("expired on 2026-11-19"), "{:?}", expired.stale);
        let both = [approval(&fingerprint, "2027-01-31"), approval("0000000000000000", "2027-01-31")];
        let unused = report(&both, UnusedApprovals::Fail);
        assert_eq!(unused.stale, ["approved-breaks.toml:3: 0000000000000000 approves nothing; remove it"]);
        assert!(!unused.is_fine() && report(&both, UnusedApprovals::Pass).is_fine());
    }

    #[test]
    fn each_format_names_the_broken_peers_and_shows_the_message() {
        let report = report(&[], UnusedApprovals::Fail);
        let witness = r#"{"code":"b%"}"#;
        let who = "hosts built before the change, receiving from relays built after it";
        for format in [ReportFormat::Text, ReportFormat::Markdown] {
            let text = written(&report, format);
            assert!(text.contains(witness) && text.contains(who) && text.contains("WIRE-"), "{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&written(&report, ReportFormat::Json)).expect("JSON");
        let change = &json["changes"][0];
        assert_eq!(change["old_reader"]["witness"], json!({ "code": "b%" }));
        assert_eq!((&json["fine"], &change["new_reader"]["verdict"]), (&json!(false), &json!("compatible")));
        let github = written(&report, ReportFormat::Github);
        let lines: Vec<_> = github.lines().collect();
        let start = "::error file=schemas/pairing/relay-to-host.json,title=breaking%3A pattern-changed in code::";
        assert!(lines[0].starts_with(start) && lines[0].contains(r#"{"code":"b%25"}%0A"#), "{github}");
        assert!(lines[1].starts_with("::notice "), "{github}");
    }

    #[test]
    fn unreadable_input_is_reported_with_its_location() {
        let old = json!({ "type": "object" });
        let new = json!({ "properties": { "a": { "$ref": "other.json" } } });
        let error = reported::of_schema("x.json", &old, &new, false).expect_err("an external reference");
        assert_eq!(
            format!("{error:#}"),
            "x.json, the newer one: the reference \"other.json\" has no target in this document at `#/properties/a`"
        );
        for (name, expected) in [
            ("released/9.9.9", "unknown release 9.9.9: the releases are 0.1.0"),
            ("no-such-revision", "is not a release, a folder or a git revision known here"),
            ("--upload-pack=x", "invalid revision"),
        ] {
            let error = format!("{:#}", source::named(name).expect_err(name));
            assert!(error.contains(expected), "{error}");
        }
        assert!(source::named("HEAD").is_ok_and(|state| state.files.contains_key("pairing/relay-to-host.json")));
    }
}
