//! The judge's own reference passes everything, with an empty baseline.

use std::collections::BTreeMap;

use conformance::outcome::{ScenarioOutcome, Verdict};
use conformance::scenario::{Scenario, Step, Trait, built_in, each_step};

use crate::support::judge;

/// How often a scenario is played until it passes. The reference's heartbeat forgives a tenth of a second, which an unoptimised
/// judge on a busy machine may need for a single message; the self-test of `cargo xtask ci` forgives nothing.
const MOST_ROUNDS: usize = 4;

/// Thousands of connections and hundreds of mebibytes are for an optimised binary.
fn strains(scenario: &Scenario) -> bool {
    let mut pours = false;
    each_step(&scenario.script.steps, &mut |step| pours |= matches!(step.value, Step::Pour(_)));
    pours || scenario.has(Trait::Heavy)
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
