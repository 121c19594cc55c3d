//! The judge's own reference passes everything, with an empty baseline.

use std::collections::BTreeMap;

use conformance::outcome::{ScenarioOutcome, Verdict};
use conformance::scenario::{Trait, built_in};

use crate::support::judge;

/// How often a scenario is played until the machine was quiet enough to time it.
const MOST_ROUNDS: usize = 5;

#[tokio::test]
async fn conforms() {
    let all = built_in().expect("built-in scenarios that load");
    // Thousands of connections and hundreds of mebibytes through an unoptimised binary say nothing of the judge;
    // the self-test of `cargo xtask ci` plays these too.
    let light: Vec<_> = all.iter().filter(|scenario| !scenario.has(Trait::Heavy)).collect();
    let mut left: Vec<&str> = light.iter().map(|scenario| scenario.id.as_str()).collect();
    let mut outcomes: BTreeMap<String, ScenarioOutcome> = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let only = left.iter().flat_map(|id| ["--only", id]);
        let judged = judge(&format!("self-test-{round}"), ["self-test"].into_iter().chain(only)).await;
        assert_eq!((judged.report.summary.failed, judged.ran.err.as_str()), (0, ""), "{}", judged.ran.told());
        let is_decided = |outcome: &ScenarioOutcome| outcome.verdict != Verdict::Inconclusive;
        let decided = judged.report.scenarios.into_iter().filter(is_decided);
        outcomes.extend(decided.map(|outcome| (outcome.id.as_str().to_owned(), outcome)));
        left.retain(|id| !outcomes.contains_key(*id));
        assert_eq!(judged.ran.status == 0, left.is_empty(), "{}", judged.ran.told());
        if left.is_empty() {
            break;
        }
    }
    assert_eq!(left, [""; 0], "the machine is too busy to judge these");
    for scenario in light {
        let played = &outcomes[scenario.id.as_str()];
        assert_eq!(played.checks.len(), scenario.checks().len() + 2, "each of its checks, `story` and `lint`");
        for check in &played.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
    }
}
