//! Sync servers and clients of one flaw each, and whom the built-in scenarios blame for it.
//!
//! The flaws are those of somebody in the middle, between the judge and the reference: without one the reference passes everything.

mod cases;
mod flaws;
mod lasting;
mod said;

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use conformance::scenario::{Scenario, Step, Trait, built_in, each_step};
use futures_util::stream::{self, StreamExt};
use relayspec::family::Family;

use crate::support::{BINARY, Judged, judge, middleman};
use cases::{CLIENTS, Case, SERVERS};

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 5;
/// How many runs at once.
const AT_ONCE: usize = 3;

fn family() -> &'static Family {
    Family::named("sync").expect("the family")
}

/// The checks that are to blame, with the requirement that each judges.
fn blamed(judged: &Judged) -> Vec<(String, String)> {
    let checks = judged.report.scenarios.iter().flat_map(|scenario| &scenario.checks);
    let blamed = checks.filter(|check| check.verdict != Verdict::Pass && check.because_of.is_none());
    let blamed = blamed.filter(|check| check.verdict != Verdict::Skip);
    let told = blamed.map(|check| {
        let name = check.id.split_once('#').map_or("", |(_, name)| name).to_owned();
        (name, check.requirement.clone().unwrap_or_default())
    });
    told.collect()
}

fn is_decided(judged: &Judged) -> bool {
    let checks = judged.report.scenarios.iter().flat_map(|scenario| &scenario.checks);
    checks.filter(|check| check.because_of.is_none()).all(|check| check.verdict != Verdict::Inconclusive)
}

/// Judges until the machine was quiet enough; what is wrong with the verdict on a case, and the requirements that were blamed.
async fn verdict(case: &Case, arguments: Vec<String>) -> (Option<String>, Vec<String>) {
    for round in 1..=MOST_ROUNDS {
        let judged = judge(&format!("{}-{}-{round}", case.scenario, case.flaw), &arguments).await;
        if !is_decided(&judged) {
            continue;
        }
        let blamed = blamed(&judged);
        let names: Vec<_> = blamed.iter().map(|(name, _)| name.as_str()).collect();
        let requirements = blamed.iter().map(|(_, requirement)| requirement.clone()).collect();
        let has = |one: &&str| one.split('|').any(|name| names.contains(&name));
        let is_right = names.len() == case.blamed.len() && case.blamed.iter().all(has);
        let told = (!is_right).then(|| {
            let told = judged.ran.told();
            format!("for {} {} {names:?} are blamed instead of {:?}:\n{told}", case.flaw, case.scenario, case.blamed)
        });
        return (told, requirements);
    }
    (Some(format!("{} was not judged in {MOST_ROUNDS} rounds", case.flaw)), Vec::new())
}

/// Judges all cases; the requirements that were blamed.
async fn verdicts(cases: &[Case], arguments: impl Fn(&Case, &str) -> Vec<String>) -> BTreeSet<String> {
    let runs = cases.iter().enumerate().map(|(number, case)| {
        let run = format!("{}.{number}", case.flaw);
        verdict(case, arguments(case, &run))
    });
    let all: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<_> = all.iter().filter_map(|(told, _)| told.clone()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    all.into_iter().flat_map(|(_, requirements)| requirements).collect()
}

/// Who never answers is not waited for as long as usual.
const IMPATIENT: [&str; 4] = ["--step-deadline", "5s", "--scenario-deadline", "15s"];

/// A server that the judge starts, reached through the middleman.
fn server_arguments(middleman: &str, run: &str, only: &[&str]) -> Vec<String> {
    let own = "--pin 000042 --control 127.0.0.1:{control_port}";
    let command = format!("{BINARY} reference sync-server --port {{port}} --log off {own}");
    let words = ["server".to_owned(), format!("{middleman}/{run}/{{port}}"), "--command".to_owned(), command];
    let declared = ["--family", "sync", "--param", "pin=000042", "--param", "control=127.0.0.1:{control_port}"];
    let only = only.iter().flat_map(|only| ["--only", *only]);
    let more = declared.into_iter().chain(IMPATIENT).chain(only);
    words.into_iter().chain(more.map(str::to_owned)).collect()
}

fn client_arguments(case: &Case, middleman: &str, run: &str) -> Vec<String> {
    let (policy, url) = ("base=100ms,factor=2,cap=800ms,jitter=0.2", format!("{middleman}/{run}/{{url}}"));
    let timing = ["--set", "subscribe_timeout=300ms", "--set", "request_timeout=400ms"];
    let words = ["client", "--role", "sync.client", "--driver", "--reconnect", policy, "--only", case.scenario];
    let command = ["--", BINARY, "reference", "sync-client", "--driver", "--log", "off", "--url", &url];
    words.into_iter().chain(timing).chain(IMPATIENT).chain(command).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_flaw_is_found_and_each_requirement_has_one() {
    let middleman = middleman::start::<flaws::Link>("").await;
    let servers = verdicts(SERVERS, |case, run| server_arguments(&middleman.url(), run, &[case.scenario])).await;
    let clients = verdicts(CLIENTS, |case, run| client_arguments(case, &middleman.url(), run)).await;
    let found: BTreeSet<_> = [servers, clients].into_iter().flatten().collect();
    // Memory is that of the reference, which keeps little whatever somebody in the middle does; and beside a flood an unoptimised judge is
    // too busy to be sure who is slow.
    let unseen = ["WIRE-10", "WIRE-11"];
    for role in ["server", "client"] {
        let own = family().requirements(role);
        let own = own.filter(|own| own.chapter == "sync" || own.chapter == "wire" && role == "server");
        let left: Vec<_> = own.map(|own| own.id).filter(|id| !found.contains(*id) && !unseen.contains(id)).collect();
        assert_eq!(left, [""; 0], "no flaw of a {role} shows that its checks can fail");
    }
}

/// Thousands of messages and hundreds of mebibytes are for an optimised binary.
fn strains(scenario: &Scenario) -> bool {
    let mut pours = false;
    each_step(&scenario.script.steps, &mut |step| pours |= matches!(step.value, Step::Pour(_)));
    pours || scenario.has(Trait::Heavy)
}

#[tokio::test]
async fn nobody_is_blamed_for_standing_in_the_middle() {
    let middleman = middleman::start::<flaws::Link>("").await;
    let all = built_in().expect("built-in scenarios that load");
    let own = all.iter().filter(|scenario| scenario.family.name == "sync" && !strains(scenario));
    let mut left: Vec<&str> = own.filter(|one| one.script.under_test == "server").map(|one| one.id.as_str()).collect();
    for round in 1..=MOST_ROUNDS {
        let arguments = server_arguments(&middleman.url(), &format!("none.{round}"), &left);
        let judged = judge(&format!("sync-none-{round}"), &arguments).await;
        left.retain(|id| {
            let outcome = judged.report.scenarios.iter().find(|outcome| outcome.id.as_str() == *id);
            outcome.is_none_or(|outcome| outcome.verdict != Verdict::Pass)
        });
        if left.is_empty() {
            return;
        }
        assert!(round < MOST_ROUNDS, "{left:?} did not pass: {}", judged.ran.told());
    }
}
