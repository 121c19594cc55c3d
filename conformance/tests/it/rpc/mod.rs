//! Rpc daemons and clients of one flaw each, and whom the built-in scenarios blame for it; and a daemon that is killed again and again.

mod cases;
mod kills;

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use futures_util::stream::{self, StreamExt};
use relayspec::family::Family;

use crate::support::{BINARY, Judged, judge};
use cases::{CLIENTS, Case, DAEMONS};

/// The program that spoils what the reference says and hears.
const FLAWED: &str = env!("CARGO_BIN_EXE_flawed-rpc");

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 5;
/// How many runs at once.
const AT_ONCE: usize = 3;

/// The checks that are to blame, with the requirement that each judges.
fn blamed(judged: &Judged) -> Vec<(String, String)> {
    let checks = judged.report.scenarios.iter().flat_map(|scenario| &scenario.checks);
    let blamed = checks.filter(|check| check.verdict != Verdict::Pass && check.because_of.is_none());
    let told = blamed.filter(|check| check.verdict != Verdict::Skip).map(|check| {
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
        let told = (names != case.blamed).then(|| {
            let told = judged.ran.told();
            format!("for {} {} {names:?} are blamed instead of {:?}:\n{told}", case.flaw, case.scenario, case.blamed)
        });
        return (told, requirements);
    }
    (Some(format!("{} was not judged in {MOST_ROUNDS} rounds", case.flaw)), Vec::new())
}

/// Judges all cases; the requirements that were blamed.
async fn verdicts(cases: &[Case], arguments: impl Fn(&str, &str) -> Vec<String>) -> BTreeSet<String> {
    let runs = cases.iter().map(|case| verdict(case, arguments(case.flaw, case.scenario)));
    let all: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<_> = all.iter().filter_map(|(told, _)| told.clone()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    all.into_iter().flat_map(|(_, requirements)| requirements).collect()
}

fn daemon_arguments(flaw: &str, scenario: &str) -> Vec<String> {
    let command = format!("{FLAWED} daemon {flaw} {BINARY} {{socket}}");
    let words = ["server", "--family", "rpc", "--only", scenario, "--command", &command];
    words.map(str::to_owned).to_vec()
}

fn client_arguments(flaw: &str, scenario: &str) -> Vec<String> {
    let policy = "base=100ms,factor=2,cap=400ms";
    let words = ["client", "--role", "rpc.client", "--driver", "--reconnect", policy, "--only", scenario];
    let timing = ["--set", "connect_timeout=500ms"];
    let command = ["--", FLAWED, "client", flaw, BINARY, "{url}"];
    words.into_iter().chain(timing).chain(command).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_flaw_is_found_and_each_requirement_has_one() {
    let daemons = verdicts(DAEMONS, daemon_arguments).await;
    let clients = verdicts(CLIENTS, client_arguments).await;
    let found: BTreeSet<_> = daemons.into_iter().chain(clients).collect();
    let family = Family::named("rpc").expect("the family");
    for role in ["daemon", "client"] {
        let own = family.requirements(role).filter(|own| own.chapter == "rpc").map(|own| own.id);
        let left: Vec<_> = own.filter(|id| !found.contains(*id)).collect();
        assert_eq!(left, [""; 0], "no flaw of a {role} shows that its checks can fail");
    }
}

/// The arguments of a run of all scenarios that some flaw is for.
fn all_of(cases: &[Case], arguments: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let scenarios: BTreeSet<_> = cases.iter().map(|case| case.scenario).collect();
    let mut words = arguments("none", cases[0].scenario);
    for scenario in scenarios {
        words.splice(1..1, ["--only".to_owned(), scenario.to_owned()]);
    }
    words
}

#[tokio::test]
async fn nobody_is_blamed_for_standing_in_the_middle() {
    let (daemons, clients) = (all_of(DAEMONS, daemon_arguments), all_of(CLIENTS, client_arguments));
    for (arguments, which) in [(daemons, "daemon"), (clients, "client")] {
        let mut left = Vec::new();
        for round in 1..=MOST_ROUNDS {
            let judged = judge(&format!("rpc-{which}-none-{round}"), &arguments).await;
            left = blamed(&judged);
            if left.is_empty() {
                break;
            }
        }
        assert_eq!(left, [], "the {which} has no flaw");
    }
}
