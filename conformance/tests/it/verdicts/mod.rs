//! A check counts only once it has failed: relays with one flaw each, and the checks that detect it.
//!
//! One relay serves all cases: the query of a connection's target names the flaw, and `none` has none. Each case runs twice, with its
//! flaw and without.

mod cases;
mod clients;
mod exits;
mod relay;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use conformance::outcome::{CheckOutcome, ScenarioOutcome, Verdict};

use crate::support::{TcpServer, TestRun, assert_shown, file, folder, test_run};
use cases::{CASES, RelayCase};

/// Runs scenarios, given by name and text, against the relay with flaws.
async fn run(name: &str, scenarios: &[(String, String)], more: &[&str]) -> TestRun {
    let folder = folder(&format!("verdicts-{name}"));
    let relay = TcpServer::websocket(relay::serve).await;
    let mut arguments = vec!["server".to_owned(), relay.url()];
    for file in write(&folder, scenarios) {
        arguments.extend(["--scenario".to_owned(), file]);
    }
    test_run(name, arguments.iter().map(String::as_str).chain(more.iter().copied())).await
}

fn write(folder: &Path, scenarios: &[(String, String)]) -> Vec<String> {
    let below = folder.join("pairing");
    std::fs::create_dir_all(&below).expect("a folder");
    scenarios.iter().map(|(name, text)| file(&below, &format!("{name}.yaml"), text)).collect()
}

/// The checks that did not pass, without those that were not reached.
fn failing(outcome: &ScenarioOutcome) -> impl Iterator<Item = &CheckOutcome> {
    outcome.checks.iter().filter(|check| check.verdict != Verdict::Pass && check.because_of.is_none())
}

fn failing_names(outcome: &ScenarioOutcome) -> Vec<&str> {
    failing(outcome).filter_map(|check| check.id.split('#').nth(1)).collect()
}

fn shown(check: &CheckOutcome) -> String {
    let name = check.id.split_once('#').map_or("", |(_, name)| name);
    let mut shown =
        format!("{} {name} ({})\n", check.verdict.word(), check.requirement.as_deref().unwrap_or("no requirement"));
    for finding in &check.findings {
        let connection = finding.connection.as_deref().unwrap_or("no connection");
        let place = finding.place.map_or_else(|| "no place".to_owned(), |place| place.to_string());
        let _ = writeln!(shown, "  on {connection}, {place}: {}", finding.what);
        let _ = writeln!(shown, "    expected {}", finding.expected.as_deref().unwrap_or("-"));
        let _ = writeln!(shown, "    got      {}", finding.got.as_deref().unwrap_or("-"));
    }
    shown
}

/// How often a scenario is run until the machine is quiet enough for a verdict.
const MOST_ROUNDS: usize = 6;

/// Runs scenarios until each has a verdict; their outcomes by name.
async fn outcomes(mut scenarios: Vec<(String, String)>) -> BTreeMap<String, ScenarioOutcome> {
    let mut outcomes = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let tested = run(&format!("verdicts-{round}"), &scenarios, &[]).await;
        assert_eq!((tested.ran.status, tested.ran.err.as_str()), (1, ""), "{}", tested.ran.shown());
        let decided = tested
            .report
            .scenarios
            .into_iter()
            .filter(|outcome| failing(outcome).all(|check| check.verdict != Verdict::Inconclusive));
        outcomes.extend(decided.map(|outcome| (outcome.id.as_str().replace("pairing/", ""), outcome)));
        scenarios.retain(|(name, _)| !outcomes.contains_key(name));
        if scenarios.is_empty() {
            return outcomes;
        }
    }
    panic!("no verdict in {MOST_ROUNDS} rounds: {:?}", scenarios.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_right_checks_fail_and_none_without_a_flaw() {
    let flawed = |case: &RelayCase| (case.flaw.to_owned(), case.script(case.flaw));
    let whole = |case: &RelayCase| (format!("{}-whole", case.flaw), case.script("none"));
    let outcomes = outcomes(CASES.iter().flat_map(|case| [flawed(case), whole(case)]).collect()).await;
    let (mut all, mut wrong) = (String::new(), Vec::new());
    for case in CASES {
        let unexpected: String = failing(&outcomes[&whole(case).0]).map(shown).collect();
        if !unexpected.is_empty() {
            wrong.push(format!("without the flaw {}: {unexpected}", case.flaw));
        }
        let names = failing_names(&outcomes[case.flaw]);
        if names != case.failing {
            wrong.push(format!("for {} {names:?} fail instead of {:?}", case.flaw, case.failing));
        }
        let _ = writeln!(all, "# {}\n{}", case.flaw, failing(&outcomes[case.flaw]).map(shown).collect::<String>());
    }
    assert!(wrong.is_empty(), "{}\n\n{all}", wrong.join("\n"));
    assert_shown!(all);
}
