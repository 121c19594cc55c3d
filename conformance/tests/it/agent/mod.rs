//! Tunnel agents of one flaw each, and whom the built-in scenarios blame for it.
//!
//! The flaws are those of somebody in the middle, between the judge and the reference: without one the reference passes everything.

mod cases;
mod flaws;

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use futures_util::stream::{self, StreamExt};
use relayspec::family::Family;

use crate::support::{BINARY, Judged, judge, middleman};
use cases::{CASES, Case};
use flaws::Link;

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 5;
/// How many runs at once.
const AT_ONCE: usize = 3;

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

/// Judges a client that is started by this command, by one scenario.
async fn play(name: &str, scenario: &str, command: &[&str]) -> Judged {
    let only = format!("tunnel/agent-{scenario}");
    let subject = ["client", "--role", "tunnel.agent", "--driver", "--reconnect", "base=100ms,factor=2,cap=800ms"];
    let timing = ["heartbeat_interval=700ms", "heartbeat_timeout=400ms", "request_timeout=800ms", "connect_timeout=1s"];
    let timing = timing.iter().flat_map(|setting| ["--set", setting]);
    let arguments = subject.into_iter().chain(timing).chain(["--only", &only, "--"]).chain(command.iter().copied());
    judge(name, arguments).await
}

/// Judges until the machine was quiet enough; what is wrong with the verdict on a case, and the requirements that were blamed.
async fn verdict(case: &Case, url: &str) -> (Option<String>, Vec<String>) {
    let command = [BINARY, "reference", "tunnel-agent", "--driver", "--log", "off", "--encoding", "json", "--url", url];
    let mut told = format!("{} was not judged in {MOST_ROUNDS} rounds", case.flaw);
    for round in 1..=MOST_ROUNDS {
        let judged = play(&format!("{}-{}-{round}", case.scenario, case.flaw), case.scenario, &command).await;
        if !is_decided(&judged) {
            continue;
        }
        let blamed = blamed(&judged);
        let names: Vec<_> = blamed.iter().map(|(name, _)| name.as_str()).collect();
        if names == case.blamed {
            return (None, blamed.into_iter().map(|(_, requirement)| requirement).collect());
        }
        told = format!(
            "for {} {} {names:?} are blamed instead of {:?}:\n{}",
            case.flaw,
            case.scenario,
            case.blamed,
            judged.ran.told()
        );
    }
    (Some(told), Vec::new())
}

/// Agents that give their token away: what the judge sees of a process, and of its first request.
async fn indiscreet() -> (Vec<String>, Vec<String>) {
    let agent = format!("exec {BINARY} reference tunnel-agent --driver --log off");
    let prints = format!("echo \"$CONFORMANCE_PARAMS\" >&2; {agent}");
    let shows = format!("{agent} --url \"$CONFORMANCE_URL?token=the-secret-of-this-very-scenario\"");
    let (mut wrong, mut found) = (Vec::new(), Vec::new());
    for (name, scenario, script, check) in [
        ("prints-its-token", "secret", prints, "never-printed"),
        ("shows-its-token", "opens", shows, "keeps-the-token-out-of-the-url"),
    ] {
        let judged = play(name, scenario, &["sh", "-c", &script]).await;
        let blamed = blamed(&judged);
        if blamed.first().is_none_or(|(name, _)| name != check) {
            wrong.push(format!("for {name} {blamed:?} are blamed instead of {check}:\n{}", judged.ran.told()));
        }
        found.extend(blamed.into_iter().map(|(_, requirement)| requirement));
    }
    (wrong, found)
}

#[tokio::test]
async fn each_flaw_is_found_and_each_requirement_has_one() {
    let nobody = middleman::start::<Link>("").await;
    let runs = CASES.iter().enumerate().map(|(number, case)| {
        let url = format!("{}/{}.{number}/{{url}}", nobody.url(), case.flaw);
        async move { verdict(case, &url).await }
    });
    let all: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let (mut wrong, mut found) = indiscreet().await;
    wrong.extend(all.iter().filter_map(|(told, _)| told.clone()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    found.extend(all.into_iter().flat_map(|(_, requirements)| requirements));
    let found: BTreeSet<_> = found.into_iter().collect();
    let family = Family::named("tunnel").expect("the family");
    let own = family.requirements("agent").filter(|own| own.chapter == "tunnel");
    // Bodies of 16 MiB are not taken apart in the middle.
    let left: Vec<_> = own.map(|own| own.id).filter(|id| !found.contains(*id) && *id != "TUN-15").collect();
    assert_eq!(left, [""; 0], "no flaw shows that the checks can fail");
}
