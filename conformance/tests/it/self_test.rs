//! The judge's own reference passes everything, with an empty baseline.

use conformance::outcome::Verdict;
use conformance::scenario::{Trait, built_in};

use crate::support::judge;

#[tokio::test]
async fn conforms() {
    let all = built_in().expect("built-in scenarios that load");
    // Thousands of connections and hundreds of mebibytes through an unoptimised binary say nothing of the judge;
    // the self-test of `cargo xtask ci` plays these too.
    let (heavy, light): (Vec<_>, Vec<_>) = all.iter().partition(|scenario| scenario.has(Trait::Heavy));
    let skip = heavy.iter().flat_map(|scenario| ["--skip", scenario.id.as_str()]);
    let judged = judge("self-test", ["self-test"].into_iter().chain(skip)).await;
    assert_eq!((judged.ran.status, judged.ran.err.as_str()), (0, ""), "{}", judged.ran.told());
    assert_eq!(judged.report.scenarios.len(), light.len());
    for (played, scenario) in judged.report.scenarios.iter().zip(light) {
        assert_eq!(played.id, scenario.id);
        assert_eq!(played.checks.len(), scenario.checks().len() + 2, "each of its checks, `story` and `lint`");
        for check in &played.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
    }
    assert_eq!((judged.junit.failures, judged.junit.errors), (0, 0));
}
