//! The reference implementations pass everything, with an empty baseline.

use std::collections::BTreeMap;

use conformance::outcome::{ScenarioOutcome, Verdict};
use conformance::scenario::{Scenario, Step, Trait, built_in, each_step};

use crate::support::{BINARY, FLAWED, test_run};

/// How often a scenario is run until it passes. The heartbeat of the references tolerates a tenth of a second, which an unoptimised runner
/// on a busy machine may need for a single message. The self-test of `cargo xtask ci` allows no repetition.
const MOST_ROUNDS: usize = 4;

/// Whether a scenario is for optimised binaries: thousands of connections, hundreds of mebibytes.
fn strains(scenario: &Scenario) -> bool {
    let mut pours = false;
    each_step(&scenario.script.steps, &mut |step| pours |= matches!(step.value, Step::Pour(_)));
    pours || scenario.has(Trait::Heavy)
}

/// The reference clients, and the client of the tests without a flaw.
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
    let of_role = |scenario: &&Scenario| scenario.family.name == "pairing" && scenario.script.under_test == role;
    let light: Vec<_> = all.iter().filter(|scenario| !strains(scenario)).filter(of_role).collect();
    assert!(light.len() > 30, "{role}: {} scenarios", light.len());
    let mut left: Vec<&str> = light.iter().map(|scenario| scenario.id.as_str()).collect();
    let role = format!("pairing.{role}");
    let name = format!("clients-{role}-{}", command.len());
    let policy = ["--reconnect", "base=100ms,factor=2,cap=400ms", "--set", "connect_timeout=1s"];
    let mut shown = String::new();
    for _ in 0..MOST_ROUNDS {
        let only = left.iter().flat_map(|id| ["--only", id]);
        let arguments = ["client", "--role", &role, "--driver", "--jobs", "8"].into_iter().chain(policy).chain(only);
        let tested = test_run(&name, arguments.chain(["--"]).chain(command.iter().copied())).await;
        let passed = tested.report.scenarios.iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        let passed: Vec<_> = passed.map(|outcome| outcome.id.as_str()).collect();
        left.retain(|id| !passed.contains(id));
        if left.is_empty() {
            tested.exits(0);
            return;
        }
        shown = tested.ran.shown();
    }
    panic!("{command:?} does not pass {left:?}: {shown}");
}

#[tokio::test]
async fn references_conform() {
    let all = built_in().expect("built-in scenarios that load");
    let tests_server = |scenario: &&Scenario| scenario.script.under_test == scenario.family.server;
    let light: Vec<_> = all.iter().filter(|scenario| !strains(scenario)).filter(tests_server).collect();
    let mut left: Vec<&str> = light.iter().map(|scenario| scenario.id.as_str()).collect();
    let mut passed: BTreeMap<String, ScenarioOutcome> = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let only = left.iter().flat_map(|id| ["--only", id]);
        let tested = test_run(&format!("self-test-{round}"), ["self-test"].into_iter().chain(only)).await;
        let passes = tested.report.scenarios.into_iter().filter(|outcome| outcome.verdict == Verdict::Pass);
        passed.extend(passes.map(|outcome| (outcome.id.as_str().to_owned(), outcome)));
        left.retain(|id| !passed.contains_key(*id));
        assert_eq!(tested.ran.status == 0, left.is_empty(), "{}", tested.ran.shown());
        assert!(left.is_empty() || round < MOST_ROUNDS, "{left:?} did not pass: {}", tested.ran.shown());
        if left.is_empty() {
            break;
        }
    }
    for scenario in light {
        let outcome = &passed[scenario.id.as_str()];
        assert_eq!(outcome.checks.len(), scenario.checks().len() + 2, "each of its checks, `#story` and `#lint`");
        for check in &outcome.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
    }
}
