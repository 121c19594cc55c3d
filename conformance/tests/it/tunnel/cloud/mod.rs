//! Clouds of one flaw each, and whom the built-in scenarios blame for it.
//!
//! The flaws are those of two who stand between the judge and the reference, one where agents connect and one where the public does: without a
//! flaw the reference passes everything.

mod cases;
mod flaws;
mod public;

use std::collections::BTreeSet;

use conformance::outcome::Verdict;
use conformance::scenario::{Scenario, Step, Trait, built_in, each_step};
use futures_util::stream::{self, StreamExt};
use relayspec::family::Family;

use crate::support::{BINARY, Judged, Reference, file, folder, judge, middleman};
use cases::{BEHIND, Case, STARTED};
use flaws::Agent;

/// The tokens that every cloud here knows.
const TOKEN: &str = "Tok3n-of-the-Tests-alone";
const OTHER_TOKEN: &str = "An0ther-of-Theirs";

/// How often a scenario is played until the machine was quiet enough to judge it.
const MOST_ROUNDS: usize = 5;
/// How many runs at once.
const AT_ONCE: usize = 3;

/// What the reference runs with, and what the judge is told of it.
const TIMING: [(&str, &str); 2] = [("auth-timeout", "700ms"), ("request-timeout", "700ms")];

/// What the reference is told beside its ports.
fn flags(name: &str) -> Vec<String> {
    let tokens = file(&folder(&format!("tokens/{name}")), "tokens", &format!("{TOKEN}\n{OTHER_TOKEN}\n"));
    let timing = TIMING.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]);
    ["--token-file".to_owned(), tokens].into_iter().chain(timing).collect()
}

/// What the judge is told of a cloud.
fn declared<'a>(only: &[&'a str], public: &str) -> impl Iterator<Item = String> + use<'a> {
    let params = [("token", TOKEN), ("other_token", OTHER_TOKEN), ("public_url", public)];
    let params = params.map(|(name, value)| ["--param".to_owned(), format!("{name}={value}")]);
    let timing = TIMING.map(|(name, value)| ["--set".to_owned(), format!("{}={value}", name.replace('-', "_"))]);
    let only: Vec<_> = only.iter().flat_map(|only| ["--only".to_owned(), (*only).to_owned()]).collect();
    let family = ["--family".to_owned(), "tunnel".to_owned()];
    family.into_iter().chain(only).chain(params.into_iter().flatten()).chain(timing.into_iter().flatten())
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

/// Judges a scenario in front of a cloud with a flaw.
async fn behind(case: &Case, run: &str) -> Judged {
    let (cloud, public) = Reference::tunnel(&flags(run)).await;
    let (agents, public) = tokio::join!(middleman::start::<Agent>(&cloud.address), public::start(&public, case.flaw));
    let words = ["server".to_owned(), format!("{}/{}.{run}", agents.url(), case.flaw)];
    let public = public.url().replace("ws://", "http://");
    let judged = judge(run, words.into_iter().chain(declared(&[case.scenario], &public))).await;
    cloud.kill().await;
    judged
}

/// Judges a cloud that the judge starts; its agents come through somebody in the middle.
async fn started(case: &Case, run: &str) -> Judged {
    let nobody = middleman::start::<Agent>("").await;
    judge(run, started_arguments(&nobody.url(), case.flaw, run, &[case.scenario])).await
}

fn started_arguments(middleman: &str, flaw: &str, run: &str, only: &[&str]) -> Vec<String> {
    let flags = flags(run).join(" ");
    let cloud = format!("{BINARY} reference tunnel-cloud --port {{port}} --public-port {{public_port}} {flags}");
    let command = match flaw {
        "tells-its-tokens" => format!("sh -c 'echo the tokens are {TOKEN}; exec {cloud} --log off'"),
        "logs-its-tokens" => format!("sh -c 'echo \"?token={TOKEN}\" >&2; exec {cloud} --log off'"),
        _ => format!("{cloud} --log debug"),
    };
    let words = ["server".to_owned(), format!("{middleman}/{flaw}.{run}/{{port}}"), "--command".to_owned(), command];
    words.into_iter().chain(declared(only, "http://127.0.0.1:{public_port}")).collect()
}

/// Judges until the machine was quiet enough; what is wrong with the verdict on a case, and the requirements that were blamed.
async fn verdict(
    case: &Case,
    number: usize,
    play: impl AsyncFn(&Case, &str) -> Judged,
) -> (Option<String>, Vec<String>) {
    for round in 1..=MOST_ROUNDS {
        let run = format!("{}-{number}-{round}", case.scenario.replace('/', "-"));
        let judged = play(case, &run).await;
        if !is_decided(&judged) {
            continue;
        }
        let blamed = blamed(&judged);
        let names: Vec<_> = blamed.iter().map(|(name, _)| name.as_str()).collect();
        let requirements = blamed.iter().map(|(_, requirement)| requirement.clone()).collect();
        let is_right = names == case.blamed;
        let told = (!is_right).then(|| {
            let told = judged.ran.told();
            format!("for {} {} {names:?} are blamed instead of {:?}:\n{told}", case.flaw, case.scenario, case.blamed)
        });
        return (told, requirements);
    }
    (Some(format!("{} was not judged in {MOST_ROUNDS} rounds", case.flaw)), Vec::new())
}

/// Judges all cases; the requirements that were blamed.
async fn verdicts(cases: &[Case], play: impl AsyncFn(&Case, &str) -> Judged + Copy) -> BTreeSet<String> {
    let runs = cases.iter().enumerate().map(|(number, case)| verdict(case, number, play));
    let all: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<_> = all.iter().filter_map(|(told, _)| told.clone()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    all.into_iter().flat_map(|(_, requirements)| requirements).collect()
}

/// Memory is that of the reference, which keeps little whatever somebody in the middle does; a peer that reads nothing needs a flood.
const UNSEEN: [&str; 2] = ["WIRE-10", "WIRE-11"];

#[tokio::test]
async fn each_flaw_is_found_and_each_requirement_has_one() {
    let found = [verdicts(BEHIND, behind).await, verdicts(STARTED, started).await];
    let found: BTreeSet<_> = found.into_iter().flatten().collect();
    let own = Family::named("tunnel").expect("the family").requirements("cloud");
    let left: Vec<_> = own.map(|own| own.id).filter(|id| !found.contains(*id) && !UNSEEN.contains(id)).collect();
    assert_eq!(left, [""; 0], "no flaw of a cloud shows that its checks can fail");
}

/// Hundreds of mebibytes are for an optimised binary.
fn strains(scenario: &Scenario) -> bool {
    let mut pours = false;
    each_step(&scenario.script.steps, &mut |step| pours |= matches!(step.value, Step::Pour(_)));
    pours || scenario.has(Trait::Heavy)
}

#[tokio::test]
async fn nobody_is_blamed_for_standing_in_the_middle() {
    let nobody = middleman::start::<Agent>("").await;
    let all = built_in().expect("built-in scenarios that load");
    let own = all.iter().filter(|scenario| scenario.family.name == "tunnel" && !strains(scenario));
    let mut left: Vec<&str> = own.filter(|one| one.script.under_test == "cloud").map(|one| one.id.as_str()).collect();
    for round in 1..=MOST_ROUNDS {
        let run = format!("tunnel-none-{round}");
        let judged = judge(&run, started_arguments(&nobody.url(), "none", &run, &left)).await;
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
