//! The judge's own reference passes everything, with an empty baseline.

use std::collections::BTreeMap;

use conformance::outcome::{ScenarioOutcome, Verdict};
use conformance::scenario::{Scenario, Step, Trait, built_in, each_step};

use crate::support::{BINARY, FLAWED, judge};

/// How often a scenario is played until it passes. The reference's heartbeat forgives a tenth of a second, which an unoptimised
/// judge on a busy machine may need for a single message; the self-test of `cargo xtask ci` forgives nothing.
const MOST_ROUNDS: usize = 4;

/// Thousands of connections and hundreds of mebibytes are for an optimised binary.
fn strains(scenario: &Scenario) -> bool {
    let mut pours = false;
    each_step(&scenario.script.steps, &mut |step| pours |= matches!(step.value, Step::Pour(_)));
    pours || scenario.has(Trait::Heavy)
}

/// Clients that have to pass everything: the reference, and the one of the tests without a flaw.
#[tokio::test]
async fn clients_conform() {
    for role in ["host", "viewer"] {
        let reference = format!("pairing-{role}");
        let commands: [&[&str]; 2] = [&[BINARY, "reference", &reference, "--driver"], &[FLAWED, role]];
        tokio::join!(client_conforms(role, commands[0]), client_conforms(role, commands[1]));
    }
}

async fn client_conforms(role: &str, command: &[&str]) {
    let all = built_in().expect("built-in scenarios that load");
    let judged_here = |scenario: &&Scenario| scenario.family.name == "pairing" && scenario.script.under_test == role;
    let light: Vec<_> = all.iter().filter(|scenario| !strains(scenario)).filter(judged_here).collect();
    assert!(light.len() > 30, "{role}: {} scenarios", light.len());
    let mut left: Vec<&str> = light.iter().map(|scenario| scenario.id.as_str()).collect();
    let role = format!("pairing.{role}");
    let name = format!("clients-{role}-{}", command.len());
    let policy = ["--reconnect", "base=100ms,factor=2,cap=400ms", "--set", "connect_timeout=1s"];
    let mut told = String::new();
    for _ in 0..MOST_ROUNDS {
        let only = left.iter().flat_map(|id| ["--only", id]);
        let arguments = ["client", "--role", &role, "--driver", "--jobs", "8"].into_iter().chain(policy).chain(only);
        let judged = judge(&name, arguments.chain(["--"]).chain(command.iter().copied())).await;
        let passed = judged.report.scenarios.iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        let passed: Vec<_> = passed.map(|outcome| outcome.id.as_str()).collect();
        left.retain(|id| !passed.contains(id));
        if left.is_empty() {
            assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
            return;
        }
        told = judged.ran.told();
    }
    panic!("{command:?} does not pass {left:?}: {told}");
}

#[tokio::test]
async fn conforms() {
    let all = built_in().expect("built-in scenarios that load");
    let judges_server = |scenario: &&Scenario| scenario.script.under_test == scenario.family.server;
    let light: Vec<_> = all.iter().filter(|scenario| !strains(scenario)).filter(judges_server).collect();
    let mut left: Vec<&str> = light.iter().map(|scenario| scenario.id.as_str()).collect();
    let mut passed: BTreeMap<String, ScenarioOutcome> = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let only = left.iter().flat_map(|id| ["--only", id]);
        let judged = judge(&format!("self-test-{round}"), ["self-test"].into_iter().chain(only)).await;
        let passes = judged.report.scenarios.into_iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        passed.extend(passes.map(|outcome| (outcome.id.as_str().to_owned(), outcome)));
        left.retain(|id| !passed.contains_key(*id));
        assert_eq!(judged.ran.status == 0, left.is_empty(), "{}", judged.ran.told());
        assert!(left.is_empty() || round < MOST_ROUNDS, "{left:?} did not pass: {}", judged.ran.told());
        if left.is_empty() {
            break;
        }
    }
    for scenario in light {
        let played = &passed[scenario.id.as_str()];
        assert_eq!(played.checks.len(), scenario.checks().len() + 2, "each of its checks, `story` and `lint`");
        for check in &played.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
    }
}
