//! Mutants of the references: listed, started, and killed.

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use serde_json::Value;

use crate::support::{conformance, test_run};

/// How often a scenario is run until the machine is quiet enough for a verdict.
const MOST_ROUNDS: usize = 4;

/// The checks that fail in a scenario for a reference with this mutant.
async fn failing(role: &str, mutant: &str, scenario: &str) -> Vec<String> {
    for round in 1..=MOST_ROUNDS {
        let arguments = ["self-test", "--role", role, "--mutant", mutant, "--only", scenario];
        let tested = test_run(&format!("mutants-{role}-{mutant}-{round}"), arguments).await;
        let outcome = tested.report.scenarios.iter().find(|outcome| outcome.id.as_str() == scenario);
        let checks = &outcome.expect("the scenario ran").checks;
        let failed = checks.iter().filter(|check| check.because_of.is_none());
        if failed.clone().all(|check| check.verdict != Verdict::Inconclusive) {
            let failed = failed.filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Warn));
            return failed.map(|check| check.id.replace(&format!("{scenario}#"), "")).collect();
        }
    }
    panic!("{scenario} had no verdict in {MOST_ROUNDS} rounds");
}

#[tokio::test]
async fn only_the_right_check_fails() {
    for (role, mutant, scenario, checks) in [
        ("pairing.relay", "none", "pairing/join-unknown", &[][..]),
        ("pairing.host", "parrot", "pairing/host-wire-ping", &["answers"]),
        ("terminal.relay", "alters-sizes", "terminal/control-to-viewers", &["a-session-resize"]),
        ("sync.client", "hears-nothing", "sync/client-pushes", &["to-its-subscription"]),
        ("rpc.daemon", "closes-at-undecodable", "rpc/undecodable", &["no-content"]),
        ("rpc.client", "silent-failure", "rpc/client-first-failure", &["is-reported-at-once"]),
    ] {
        assert_eq!(failing(role, mutant, scenario).await, checks, "{role} {mutant}");
    }
}

#[tokio::test]
async fn lists_mutants_as_text_and_json() {
    let listed = conformance(["reference", "--list-mutants", "--json"]).await;
    assert_eq!((listed.status, &*listed.err), (0, ""), "{}", listed.shown());
    let mutants: Vec<Value> = serde_json::from_str(&listed.out).expect("a list");
    let word = |mutant: &Value, name: &str| mutant[name].as_str().unwrap_or_default().to_owned();
    let names: BTreeSet<_> = mutants.iter().map(|mutant| (word(mutant, "role"), word(mutant, "name"))).collect();
    assert_eq!(names.len(), mutants.len(), "names are unique within a role");
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
    let listed: Vec<Value> = serde_json::from_str(&of_role.out).unwrap_or_else(|_| panic!("{}", of_role.shown()));
    assert!(listed.iter().eq(mutants.iter().filter(|mutant| word(mutant, "role") == "rpc.daemon")), "{}", of_role.out);
    let of_role = conformance(["reference", "rpc-daemon", "--list-mutants"]).await;
    of_role.exits(0);
    assert!(of_role.out.lines().all(|line| line.starts_with("rpc.daemon ")), "{}", of_role.out);
    assert!(of_role.out.contains("rpc.daemon answers-twice: sends each `Ack` twice (RPC-01)"), "{}", of_role.out);
}

#[tokio::test]
async fn rejects_unknown_mutants() {
    let wrong = conformance(["reference", "pairing-relay", "--port", "0", "--mutant", "lazy"]).await;
    let shown =
        "error: --mutant: unknown mutant `lazy` of a reference pairing.relay; --list-mutants lists the valid ones\n";
    assert_eq!((wrong.status, &*wrong.err), (2, shown));
    let several = conformance(["self-test", "--role", "rpc.daemon", "--role", "rpc.client", "--mutant", "none"]).await;
    assert_eq!((several.status, &*several.err), (2, "error: --mutant requires exactly one --role\n"));
}
