//! Baseline entries that no longer apply fail a run that would pass without them.

use crate::support::{BINARY, TestRun, assert_shown, file, folder, test_run};

/// A run with an entry for this check.
async fn tested(name: &str, check: Option<&str>, status: i32, stale: usize) -> TestRun {
    let folder = folder(&format!("baseline-{name}"));
    let entry = check.map(|check| format!("[[expected]]\ncheck = '{check}'\nreason = 'issue 12'\n"));
    let baseline = file(&folder, "known.toml", &entry.unwrap_or_else(|| "# no expected failures\n".to_owned()));
    let command = format!("{BINARY} reference pairing-relay --port {{port}}");
    let tested = test_run(name, ["server", "--command", &command, "--only", "register", "--baseline", &baseline]).await;
    assert_eq!((tested.ran.status, tested.report.stale_baseline.len()), (status, stale), "{}", tested.ran.out);
    tested
}

#[tokio::test]
async fn conforms_with_entries_that_do_not_apply_to_the_run() {
    tested("empty", None, 0, 0).await;
    tested("unplayed", Some("pairing/ping#*"), 0, 0).await;
}

#[tokio::test]
async fn fails_with_an_entry_that_passes() {
    let tested = tested("passes", Some("pairing/register#story"), 1, 1).await;
    assert_eq!(tested.junit.failures, 1);
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn fails_with_an_entry_that_matches_nothing() {
    assert_shown!(tested("nothing", Some("pairing/regsiter#*"), 1, 1).await.ran.shown());
}
