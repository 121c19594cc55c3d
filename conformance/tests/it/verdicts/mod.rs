//! A judge counts only once it has failed somebody: made-up relays that break one thing each, and whom it blames.
//!
//! One relay serves all cases: the query of a connection's target names the flaw, none is right in everything. Each case is
//! played twice, with its flaw and without.

mod cases;
mod clients;
mod exits;
mod relay;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use conformance::outcome::{CheckOutcome, ScenarioOutcome, Verdict};

use crate::support::{Judged, Server, assert_told, file, folder, judge};
use cases::{CASES, Case};

/// Plays scenarios, given by name and text, against the relay of many flaws.
async fn play(name: &str, scenarios: &[(String, String)], more: &[&str]) -> Judged {
    let folder = folder(&format!("verdicts-{name}"));
    let relay = Server::websocket(relay::serve).await;
    let mut arguments = vec!["server".to_owned(), relay.url()];
    for file in write(&folder, scenarios) {
        arguments.extend(["--scenario".to_owned(), file]);
    }
    judge(name, arguments.iter().map(String::as_str).chain(more.iter().copied())).await
}

fn write(folder: &Path, scenarios: &[(String, String)]) -> Vec<String> {
    let below = folder.join("pairing");
    std::fs::create_dir_all(&below).expect("a folder");
    scenarios.iter().map(|(name, text)| file(&below, &format!("{name}.yaml"), text)).collect()
}

/// The checks that did not pass and are not merely behind one that did not.
fn blamed(outcome: &ScenarioOutcome) -> impl Iterator<Item = &CheckOutcome> {
    outcome.checks.iter().filter(|check| check.verdict != Verdict::Pass && check.because_of.is_none())
}

fn told(check: &CheckOutcome) -> String {
    let name = check.id.split_once('#').map_or("", |(_, name)| name);
    let mut told =
        format!("{} {name} ({})\n", check.verdict.word(), check.requirement.as_deref().unwrap_or("no requirement"));
    for finding in &check.findings {
        let connection = finding.connection.as_deref().unwrap_or("no connection");
        let place = finding.place.map_or_else(|| "no place".to_owned(), |place| place.to_string());
        let _ = writeln!(told, "  on {connection}, {place}: {}", finding.what);
        let _ = writeln!(told, "    expected {}", finding.expected.as_deref().unwrap_or("-"));
        let _ = writeln!(told, "    got      {}", finding.got.as_deref().unwrap_or("-"));
    }
    told
}

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 6;

/// Plays scenarios until each was judged; their outcomes by name.
async fn judged(mut scenarios: Vec<(String, String)>) -> BTreeMap<String, ScenarioOutcome> {
    let mut outcomes = BTreeMap::new();
    for round in 1..=MOST_ROUNDS {
        let judged = play(&format!("blame-{round}"), &scenarios, &[]).await;
        assert_eq!((judged.ran.status, judged.ran.err.as_str()), (1, ""), "{}", judged.ran.told());
        let decided = judged
            .report
            .scenarios
            .into_iter()
            .filter(|outcome| blamed(outcome).all(|check| check.verdict != Verdict::Inconclusive));
        outcomes.extend(decided.map(|outcome| (outcome.id.as_str().replace("pairing/", ""), outcome)));
        scenarios.retain(|(name, _)| !outcomes.contains_key(name));
        if scenarios.is_empty() {
            return outcomes;
        }
    }
    panic!("not judged in {MOST_ROUNDS} rounds: {:?}", scenarios.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_right_check_is_blamed_and_nobody_without_a_flaw() {
    let broken = |case: &Case| (case.flaw.to_owned(), case.script(case.flaw));
    let kept = |case: &Case| (format!("{}-kept", case.flaw), case.script("none"));
    let outcomes = judged(CASES.iter().flat_map(|case| [broken(case), kept(case)]).collect()).await;
    let (mut all, mut wrong) = (String::new(), Vec::new());
    for case in CASES {
        let kept: String = blamed(&outcomes[&kept(case).0]).map(told).collect();
        if !kept.is_empty() {
            wrong.push(format!("{} is blamed on a relay without it: {kept}", case.flaw));
        }
        let names: Vec<_> = blamed(&outcomes[case.flaw]).filter_map(|check| check.id.split('#').nth(1)).collect();
        if names != case.blamed {
            wrong.push(format!("for {} the checks {names:?} are blamed instead of {:?}", case.flaw, case.blamed));
        }
        let _ = writeln!(all, "# {}\n{}", case.flaw, blamed(&outcomes[case.flaw]).map(told).collect::<String>());
    }
    assert!(wrong.is_empty(), "{}\n\n{all}", wrong.join("\n"));
    assert_told!(all);
}
