//! Baselines that no longer hold fail a run that would pass without them.

use crate::support::{BINARY, Judged, assert_told, file, folder, judge};

async fn judged(name: &str, baseline: &str) -> Judged {
    let folder = folder(&format!("baseline-{name}"));
    let baseline = file(&folder, "known.toml", baseline);
    let command = format!("{BINARY} reference pairing-relay --port {{port}}");
    judge(name, ["server", "--command", &command, "--only", "register", "--baseline", &baseline]).await
}

#[tokio::test]
async fn of_nothing_passes() {
    let judged = judged("empty", "# nothing is expected to fail\n").await;
    assert_eq!((judged.ran.status, judged.report.stale_baseline.len()), (0, 0), "{}", judged.ran.out);
}

#[tokio::test]
async fn with_an_entry_that_passes_fails() {
    let judged = judged("passes", "[[expected]]\ncheck = 'pairing/register#story'\nreason = 'issue 12'\n").await;
    assert_eq!((judged.ran.status, judged.report.stale_baseline.len()), (1, 1), "{}", judged.ran.out);
    assert_eq!(judged.junit.failures, 1);
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn with_an_entry_that_matches_nothing_fails() {
    let judged = judged("nothing", "[[expected]]\ncheck = 'pairing/regsiter#*'\nreason = 'issue 12'\n").await;
    assert_eq!((judged.ran.status, judged.report.stale_baseline.len()), (1, 1), "{}", judged.ran.out);
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn with_an_entry_that_was_not_played_passes() {
    let judged = judged("unplayed", "[[expected]]\ncheck = 'pairing/ping#*'\nreason = 'issue 12'\n").await;
    assert_eq!((judged.ran.status, judged.report.stale_baseline.len()), (0, 0), "{}", judged.ran.out);
}
