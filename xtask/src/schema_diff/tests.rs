//! The fixtures of `fixtures/compat/`: pairs of schemas with the two answers that the gate has to give.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use super::judge::{Judged, Proof, Verdict, judge};
use crate::compat::document::Document;
use crate::compat::{sends, takes};
use crate::workspace;

/// The least number of triples, and of their answers the largest part that may be unknown, in per cent.
const LEAST: usize = 120;
const UNKNOWN: usize = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triple {
    id: String,
    about: String,
    old: Value,
    new: Value,
    old_reader: Word,
    new_reader: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Compatible,
    Unknown,
    Breaking,
}

fn triples() -> Vec<Triple> {
    let folder = workspace::root().join("fixtures/compat");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json"));
    files.sort();
    let read = |path: std::path::PathBuf| -> Vec<Triple> {
        let text = fs::read_to_string(&path).expect("a file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    files.into_iter().flat_map(read).collect()
}

/// The worst verdict of all changes.
fn worst(judged: &[Judged], pick: fn(&Judged) -> &Verdict) -> Word {
    let word = |one| match pick(one) {
        Verdict::Compatible => Word::Compatible,
        Verdict::Unknown(_) => Word::Unknown,
        Verdict::Breaking(_) => Word::Breaking,
    };
    judged.iter().map(word).max().unwrap_or(Word::Compatible)
}

#[test]
fn no_verdict_is_wrong_and_few_are_unknown() {
    let triples = triples();
    let ids: BTreeSet<_> = triples.iter().map(|triple| &triple.id).collect();
    assert_eq!(ids.len(), triples.len(), "an id is there twice");
    assert!(triples.len() >= LEAST && triples.iter().all(|triple| !triple.about.is_empty()), "{}", triples.len());
    let (mut wrong, mut unknown) = (String::new(), String::new());
    for triple in &triples {
        let read = |schema| Document::read(schema).unwrap_or_else(|error| panic!("{}: {error}", triple.id));
        let (old, new) = (read(&triple.old), read(&triple.new));
        let judged = judge(&old, &new);
        let found = [worst(&judged, |one| &one.old_reader), worst(&judged, |one| &one.new_reader)];
        for (side, found, wanted) in [("old", found[0], triple.old_reader), ("new", found[1], triple.new_reader)] {
            let list = if found == Word::Unknown { &mut unknown } else { &mut wrong };
            if found != wanted {
                let _ = writeln!(list, "{} ({side} reader): {found:?}, and not {wanted:?}", triple.id);
            }
        }
        for one in &judged {
            witnesses(&triple.id, one, &old, &new);
        }
    }
    let answers = triples.len() * 2;
    println!("{answers} answers, {} unknown:\n{unknown}", unknown.lines().count());
    assert!(wrong.is_empty(), "{wrong}");
    assert!(unknown.lines().count() * 100 <= answers * UNKNOWN, "{unknown}");
}

/// Each witness is a message that the writer sends and the reader refuses.
fn witnesses(id: &str, one: &Judged, old: &Document, new: &Document) {
    for (verdict, writer, reader) in [(&one.old_reader, new, old), (&one.new_reader, old, new)] {
        if let Verdict::Breaking(Proof::Refused(value)) = verdict {
            assert!(sends(writer, value), "{id}: no writer sends {value}");
            assert!(!takes(reader, value), "{id}: the reader takes {value}");
        }
    }
}

#[test]
fn the_page_on_compatibility_lists_every_rule() {
    let page = fs::read_to_string(workspace::root().join("docs/compatibility.md")).expect("the page");
    for rule in super::rules::ALL {
        let row = format!("| `{}` | {} |", rule.id, rule.about);
        assert!(page.contains(&row), "docs/compatibility.md has no row `{row}`");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 3);
    assert!(rows.count() >= super::rules::ALL.len());
}

mod gate {
    use serde_json::json;

    use super::super::approvals::{Approval, Day};
    use super::super::report::{Form, Report};
    use super::super::{Unused, approved, finding, source};

    /// A change that breaks readers of the older schema, and one that breaks nobody.
    fn report(approvals: &[Approval], unused: Unused) -> Report {
        let code = |pattern: &str| json!({ "type": "string", "pattern": pattern });
        let old = json!({ "type": "object", "properties": { "code": code("^`?a%$") }, "required": ["code"] });
        let new = json!({
            "type": "object",
            "properties": { "code": code("^`?[ab]%$"), "note": { "type": ["string", "null"] } },
            "required": ["code"]
        });
        let findings = finding::of_schema("pairing/relay-to-host.json", &old, &new, false).expect("schemas");
        let names = ("old".to_owned(), "new".to_owned());
        approved(names, findings, approvals, "2026-11-20".parse().expect("a day"), unused)
    }

    fn approval(fingerprint: &str, expires: &str) -> Approval {
        let expires: Day = expires.parse().expect("a day");
        Approval { fingerprint: fingerprint.into(), reason: "nobody sends it".into(), expires, line: 3 }
    }

    #[test]
    fn a_break_needs_an_approval_that_holds() {
        let bare = report(&[], Unused::Fails);
        let breaking: Vec<_> = bare.unapproved().map(|found| (found.rule.id, found.place.as_str())).collect();
        assert_eq!(breaking, [("pattern-changed", "code")]);
        assert!(!bare.is_fine() && bare.findings.len() == 2);
        let fingerprint = bare.unapproved().next().expect("a break").fingerprint.clone();

        assert!(report(&[approval(&fingerprint, "2026-11-20")], Unused::Fails).is_fine());
        let expired = report(&[approval(&fingerprint, "2026-11-19")], Unused::Fails);
        assert!(!expired.is_fine() && expired.stale[0].contains("expired on 2026-11-19"), "{:?}", expired.stale);
        let both = [approval(&fingerprint, "2027-01-31"), approval("0000000000000000", "2027-01-31")];
        let unused = report(&both, Unused::Fails);
        assert_eq!(unused.stale, ["approved-breaks.toml:3: 0000000000000000 approves nothing; remove it"]);
        assert!(!unused.is_fine() && report(&both, Unused::Passes).is_fine());
    }

    #[test]
    fn each_form_says_whom_it_breaks_and_shows_the_message() {
        let report = report(&[], Unused::Fails);
        let witness = r#"{"code":"b%"}"#;
        let who = "hosts built before the change, hearing relays built after it";
        for form in [Form::Text, Form::Markdown] {
            let text = report.written(form);
            assert!(
                text.contains(witness) && text.contains(who) && text.contains("PAIR-") | text.contains("WIRE-"),
                "{text}"
            );
        }
        let json: serde_json::Value = serde_json::from_str(&report.written(Form::Json)).expect("JSON");
        assert_eq!(json["changes"][0]["old_reader"]["witness"], json!({ "code": "b%" }));
        assert_eq!(
            (&json["fine"], &json["changes"][0]["new_reader"]["verdict"]),
            (&json!(false), &json!("compatible"))
        );
        let github = report.written(Form::Github);
        let line = github.lines().next().expect("a line");
        assert!(
            line.starts_with(
                "::error file=schemas/pairing/relay-to-host.json,title=breaking%3A pattern-changed in code::"
            ),
            "{line}"
        );
        assert!(
            line.contains(r#"{"code":"b%25"}%0A"#)
                && github.lines().nth(1).is_some_and(|line| line.starts_with("::notice "))
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let old = json!({ "type": "object" });
        let new = json!({ "properties": { "a": { "$ref": "other.json" } } });
        let error = finding::of_schema("x.json", &old, &new, false).expect_err("it refers elsewhere");
        assert_eq!(
            format!("{error:#}"),
            "x.json, the newer one: the reference \"other.json\" names nothing here at `#/properties/a`"
        );
        for (name, told) in [
            ("released/9.9.9", "there is no release 9.9.9: there are 0.1.0"),
            ("no-such-revision", "is no release, no folder and no revision that git knows here"),
            ("--upload-pack=x", "is no revision"),
        ] {
            let error = format!("{:#}", source::named(name).expect_err(name));
            assert!(error.contains(told), "{error}");
        }
        assert!(source::named("HEAD").is_ok_and(|state| state.files.contains_key("pairing/relay-to-host.json")));
    }
}
