//! The judge's own reference passes everything, with an empty baseline.

use conformance::outcome::Verdict;
use conformance::scenario::built_in;

use crate::support::judge;

#[tokio::test]
async fn conforms() {
    // Hundreds of mebibytes through an unoptimised binary say nothing of the judge; `cargo xtask ci` plays these too.
    let heavy = ["stalled-host", "stalled-viewer", "codes"];
    let skip = heavy.iter().flat_map(|heavy| ["--skip", heavy]);
    let judged = judge("self-test", ["self-test"].into_iter().chain(skip)).await;
    assert_eq!((judged.ran.status, judged.ran.err.as_str()), (0, ""), "{}", judged.ran.told());
    let all = built_in().expect("built-in scenarios that load");
    assert_eq!(judged.report.scenarios.len() + heavy.len(), all.len());
    for scenario in &judged.report.scenarios {
        for check in &scenario.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{check:?}");
        }
        let source = all.iter().find(|source| source.id == scenario.id).expect("a built-in scenario");
        assert_eq!(scenario.checks.len(), source.checks().len() + 2, "each of its checks, `story` and `lint`");
    }
    assert_eq!((judged.junit.failures, judged.junit.errors), (0, 0));
}
