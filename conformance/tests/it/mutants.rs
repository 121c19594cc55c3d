//! References with a mutant: they are listed, started, and found.

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use serde_json::Value;

use crate::support::{conformance, judge};

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 4;

/// The checks that fail in one scenario, for a reference with a mutant.
async fn blamed(role: &str, mutant: &str, scenario: &str) -> Vec<String> {
    for round in 1..=MOST_ROUNDS {
        let arguments = ["self-test", "--role", role, "--mutant", mutant, "--only", scenario];
        let judged = judge(&format!("mutants-{role}-{mutant}-{round}"), arguments).await;
        let played = judged.report.scenarios.iter().find(|outcome| outcome.id.as_str() == scenario);
        let checks = &played.expect("the scenario is played").checks;
        let failed = checks.iter().filter(|check| check.because_of.is_none());
        if failed.clone().all(|check| check.verdict != Verdict::Inconclusive) {
            let failed = failed.filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Warn));
            return failed.map(|check| check.id.replace(&format!("{scenario}#"), "")).collect();
        }
    }
    panic!("{scenario} was not judged in {MOST_ROUNDS} rounds");
}

#[tokio::test]
async fn the_check_of_what_is_broken_fails_and_no_other() {
    for (role, mutant, scenario, checks) in [
        ("pairing.relay", "none", "pairing/join-unknown", &[][..]),
        ("pairing.host", "parrot", "pairing/host-wire-ping", &["answers"]),
        ("terminal.relay", "alters-sizes", "terminal/control-to-viewers", &["a-session-resize"]),
        ("sync.client", "hears-nothing", "sync/client-pushes", &["to-its-subscription"]),
        ("rpc.daemon", "closes-at-undecodable", "rpc/undecodable", &["no-content"]),
        ("rpc.client", "silent-failure", "rpc/client-first-failure", &["is-reported-at-once"]),
    ] {
        assert_eq!(blamed(role, mutant, scenario).await, checks, "{role} {mutant}");
    }
}

#[tokio::test]
async fn mutants_are_listed_for_people_and_for_programs() {
    let listed = conformance(["reference", "--list-mutants", "--json"]).await;
    assert_eq!((listed.status, &*listed.err), (0, ""), "{}", listed.told());
    let mutants: Vec<Value> = serde_json::from_str(&listed.out).expect("a list");
    let word = |mutant: &Value, name: &str| mutant[name].as_str().unwrap_or_default().to_owned();
    let names: BTreeSet<_> = mutants.iter().map(|mutant| (word(mutant, "role"), word(mutant, "name"))).collect();
    assert_eq!(names.len(), mutants.len(), "no two of one role have the same name");
    for mutant in &mutants {
        let breaks = mutant["breaks"].as_array().expect("requirements");
        let causes = mutant["causes"].as_array().expect("requirements");
        let is_by_place = mutant["by_place"] == true;
        assert!(breaks.is_empty() == is_by_place && !word(mutant, "line").is_empty(), "{mutant}");
        for id in breaks.iter().chain(causes) {
            let id = id.as_str().unwrap_or_default();
            assert!(relayspec::requirement::find(id).is_some(), "{mutant} names `{id}`, which no chapter states");
        }
    }
    let of_role = conformance(["reference", "rpc-daemon", "--list-mutants", "--json"]).await;
    let listed: Vec<Value> = serde_json::from_str(&of_role.out).unwrap_or_else(|_| panic!("{}", of_role.told()));
    assert!(listed.iter().eq(mutants.iter().filter(|mutant| word(mutant, "role") == "rpc.daemon")), "{}", of_role.out);
    let of_role = conformance(["reference", "rpc-daemon", "--list-mutants"]).await;
    assert_eq!(of_role.status, 0, "{}", of_role.told());
    assert!(of_role.out.lines().all(|line| line.starts_with("rpc.daemon ")), "{}", of_role.out);
    assert!(of_role.out.contains("rpc.daemon answers-twice: sends each `Ack` twice (RPC-01)"), "{}", of_role.out);
}

#[tokio::test]
async fn a_fault_that_is_not_there_is_refused() {
    let wrong = conformance(["reference", "pairing-relay", "--port", "0", "--mutant", "lazy"]).await;
    let told =
        "error: --mutant: unknown mutant `lazy` of a reference pairing.relay; --list-mutants lists the valid ones\n";
    assert_eq!((wrong.status, &*wrong.err), (2, told));
    let several = conformance(["self-test", "--role", "rpc.daemon", "--role", "rpc.client", "--mutant", "none"]).await;
    assert_eq!((several.status, &*several.err), (2, "error: --mutant: a mutant is one of a single --role\n"));
}
