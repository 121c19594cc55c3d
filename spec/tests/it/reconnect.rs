//! The tables of delays in `fixtures/reconnect/`, and the policies that a client may declare.

use std::collections::BTreeSet;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::requirement::CHAPTERS;
use serde::Deserialize;

use crate::vectors::{self, Verdict};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    why: String,
    policy: Policy,
    delays: Vec<Delay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    attempt: u32,
    nominal: f64,
    shortest: f64,
    longest: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    id: String,
    verdict: Verdict,
    rule: String,
    why: String,
    policy: Policy,
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).expect("seconds")
}

#[test]
fn delays_match_the_tables() {
    let tables: Vec<Table> = vectors::file("reconnect/delays.json");
    for Table { id, policy, delays, .. } in &tables {
        assert_eq!(policy.check(), Ok(()), "{id}");
        for Delay { attempt, nominal, shortest, longest } in delays {
            let (nominal, envelope) = (seconds(*nominal), seconds(*shortest)..=seconds(*longest));
            assert_eq!((policy.nominal(*attempt), policy.envelope(*attempt)), (nominal, envelope), "{id}: {attempt}");
            assert_eq!(policy.delay(*attempt, 0.0), nominal, "{id}: {attempt}");
        }
    }
    for (name, policy) in Policy::NAMED {
        let table = tables.iter().find(|table| table.id == name);
        assert_eq!(table.map(|table| table.policy), Some(policy), "{name}");
    }
}

#[test]
fn policies_match_the_vectors() {
    for Declaration { id, verdict, rule, policy, .. } in vectors::file::<Vec<Declaration>>("reconnect/policies.json") {
        let violated = policy.check().err();
        let expected = (verdict == Verdict::Reject).then_some(rule.as_str());
        assert_eq!(violated.as_ref().map(|one| one.requirement), expected, "{id}: {violated:?}");
    }
}

#[test]
fn chapter_shows_the_delays_of_its_example() {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.name == "reconnect").expect("the chapter");
    let example =
        chapter.text.split_once("```policy\n").and_then(|(_, rest)| rest.split_once("\n```")).expect("an example").0;
    let policy: Policy = serde_json::from_str(example).expect("a policy");
    assert_eq!(policy.check(), Ok(()));
    let seconds = |attempt: u32| {
        let (nominal, envelope) = (policy.nominal(attempt), policy.envelope(attempt));
        [nominal, *envelope.start(), *envelope.end()].map(|delay| delay.as_secs_f64())
    };
    let ([nominal, shortest, longest], [_, least, most]) = (seconds(3), seconds(9));
    let text = chapter.text.replace('\n', " ");
    let sentence = format!("attempt 3 is nominally {nominal} s, and really anything from {shortest} s to {longest} s.");
    assert!(text.contains(&sentence), "reconnect.md does not say: {sentence}");
    let sentence = format!("at the cap it lies between {least} s and {most} s.");
    assert!(text.contains(&sentence), "reconnect.md does not say: {sentence}");
}

#[test]
fn tables_and_vectors_are_well_formed() {
    let tables = vectors::file::<Vec<Table>>("reconnect/delays.json").into_iter().map(|table| (table.id, table.why));
    let declarations = vectors::file::<Vec<Declaration>>("reconnect/policies.json").into_iter();
    for mut rows in [tables.collect::<Vec<_>>(), declarations.map(|one| (one.id, one.why)).collect()] {
        let mut seen = BTreeSet::new();
        for (id, why) in rows.drain(..) {
            vectors::check_head("reconnect", &id, None, &why, &mut seen);
        }
    }
}
