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
