//! Playing a mutant: the judge as a process, its report read. Several at once, in a bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use super::Folder;
use super::mutant::{self, Mutant, Scenario as Listed};
use super::pace::{Crowd, Pace};
use crate::cargo;

/// Who never answers is not waited for as long as usual.
const PATIENT: [&str; 2] = ["--step-deadline", "10s"];
/// Much less so where all scenarios are played.
const IMPATIENT: [&str; 6] = ["--step-deadline", "3s", "--scenario-deadline", "20s", "--run-deadline", "3min"];
/// Who is one of many takes less of the machine: a thread for all scenarios, and one arena for the memory of all threads (glibc).
const MODEST: [(&str, &str); 2] = [("TOKIO_WORKER_THREADS", "1"), ("MALLOC_ARENA_MAX", "1")];
/// Statuses of a run that judged: all passed, or something failed.
const JUDGED: [i32; 2] = [0, 1];

/// A run of the judge.
#[derive(Clone)]
pub(super) struct Play<'a> {
    pub(super) role: &'a str,
    /// Nothing for the reference as it is.
    pub(super) mutant: Option<&'a Mutant>,
    /// The scenarios to play; all of them where none is named.
    pub(super) only: Vec<String>,
    /// Scenarios that are left out.
    pub(super) skip: Vec<&'a str>,
    /// Whether its scenarios have as long as any user gives them, and their steps much longer than usual.
    pub(super) is_patient: bool,
    /// Whether it takes longer than most.
    pub(super) is_long: bool,
}

impl<'a> Play<'a> {
    /// A role with a mutant, or as it is, against everything.
    pub(super) fn of(role: &'a str, mutant: Option<&'a Mutant>) -> Self {
        Self { role, mutant, only: Vec::new(), skip: Vec::new(), is_patient: false, is_long: false }
    }

    /// The same without what keeps the machine busy, and that by itself, if anything of it is to be played.
    pub(super) fn parted(&self, scenarios: &'a [Listed]) -> (Self, Option<Self>) {
        let is_due = |id: &&str| self.only.is_empty() && !self.skip.contains(id);
        let busy: Vec<_> =
            mutant::heavy(scenarios, self.role).map(|scenario| scenario.id.as_str()).filter(is_due).collect();
        let only = busy.iter().map(|&id| id.to_owned()).collect();
        let apart = (!busy.is_empty()).then(|| Self { only, ..self.clone() });
        let skip = self.skip.iter().copied().chain(busy).collect();
        (Self { skip, ..self.clone() }, apart)
    }

    /// The mutant, or that there is none.
    pub(super) fn name(&self) -> &str {
        self.mutant.map_or("as it is", |mutant| &mutant.name)
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// The checks that passed, with the requirement that each judges.
    pub(super) passed: BTreeMap<String, Option<String>>,
    /// Those that did not apply.
    pub(super) skipped: BTreeSet<String>,
    pub(super) kills: Vec<Kill>,
}

/// A check that failed.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    /// As `pairing/join#story`.
    pub(super) check: String,
    /// What it blames; nothing for a step without a name.
    pub(super) requirements: Vec<String>,
    /// How long the scenario took, in ms.
    pub(super) took: f64,
}

impl Kill {
    /// The scenario of the check.
    pub(super) fn scenario(&self) -> &str {
        scenario_of(&self.check)
    }
}

/// The scenario of a check, as `pairing/join` of `pairing/join#story`.
pub(super) fn scenario_of(check: &str) -> &str {
    check.split_once('#').map_or(check, |(scenario, _)| scenario)
}

#[derive(Deserialize)]
struct Report {
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    duration_ms: f64,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    verdict: String,
    requirement: Option<String>,
    /// A check before it that failed.
    because_of: Option<String>,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    requirement: Option<String>,
}

/// Plays all, so many at once at most. What they showed comes in their order.
///
/// # Errors
/// Where there is no room for reports. A run that could not be made is an error in its place.
pub(super) fn all(judge: &Path, plays: &[Play<'_>], crowd: Crowd) -> Result<Vec<Result<Played>>> {
    let folder = Folder::create()?;
    let pace = Pace::new(crowd);
    let turns = turns(plays);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Result<Played>>>> = plays.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..crowd.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let Some(&index) = turns.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    let (play, result) = (&plays[index], &results[index]);
                    let run = pace.run();
                    let start = Instant::now();
                    let played = one(judge, play, &folder.0.join(format!("{index}.json")));
                    drop(run);
                    let count = done.fetch_add(1, Ordering::Relaxed) + 1;
                    println!("{count}/{} {} ({:.1?})", plays.len(), told(play, &played), start.elapsed());
                    *result.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(played);
                }
            });
        }
    });
    let results = results.into_iter().map(|result| {
        let result = result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        result.unwrap_or_else(|| Err(anyhow!("a run was not made")))
    });
    Ok(results.collect())
}

/// In which order they are played: the long ones are spread over the first half, for at the end all would wait for them.
fn turns(plays: &[Play<'_>]) -> Vec<usize> {
    let (long, short): (Vec<_>, Vec<_>) = (0..plays.len()).partition(|&index| plays[index].is_long);
    let spread = |of: Vec<usize>, over: usize| {
        let count = of.len();
        of.into_iter().enumerate().map(move |(at, index)| (at * over / count, index))
    };
    let mut turns: Vec<_> = spread(long, plays.len() / 2).chain(spread(short, plays.len())).collect();
    turns.sort_by_key(|(at, _)| *at);
    turns.into_iter().map(|(_, index)| index).collect()
}

fn told(play: &Play<'_>, played: &Result<Played>) -> String {
    let name = play.name();
    match played {
        Ok(played) => format!("{} {name}: {} checks fail", play.role, played.kills.len()),
        Err(error) => format!("{} {name}: {error:#}", play.role),
    }
}

fn one(judge: &Path, play: &Play<'_>, report: &Path) -> Result<Played> {
    let mut command = cargo::program(judge);
    command.args(["self-test", "--role", play.role, "--report-json"]).arg(report).envs(MODEST);
    command.args(if play.is_patient { &PATIENT[..] } else { &IMPATIENT });
    if let Some(mutant) = play.mutant {
        command.args(["--mutant", &mutant.name]);
    }
    for only in &play.only {
        command.args(["--only", only]);
    }
    for skip in play.skip.iter().filter(|_| play.only.is_empty()) {
        command.args(["--skip", skip]);
    }
    let output =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).output().context("the judge cannot be started")?;
    if output.status.code().is_none_or(|code| !JUDGED.contains(&code)) {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(anyhow!("the run ended with {}: {}", output.status, told.trim()));
    }
    let text = fs::read_to_string(report).with_context(|| format!("no report at {}", report.display()))?;
    let report: Report = serde_json::from_str(&text).context("the report is not what was expected")?;
    Ok(read(report))
}

fn read(report: Report) -> Played {
    let mut played = Played::default();
    for scenario in report.scenarios {
        for check in scenario.checks {
            match &*check.verdict {
                "pass" => _ = played.passed.insert(check.id, check.requirement),
                "skip" => _ = played.skipped.insert(check.id),
                "fail" | "warn" if check.because_of.is_none() => {
                    let found = check.findings.into_iter().filter_map(|finding| finding.requirement);
                    let mut requirements: Vec<_> = check.requirement.into_iter().chain(found).collect();
                    requirements.sort();
                    requirements.dedup();
                    played.kills.push(Kill { check: check.id, requirements, took: scenario.duration_ms });
                }
                _ => {}
            }
        }
    }
    played
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_keeps_the_machine_busy_is_played_by_itself() {
        let scenario = |(id, traits): (&str, &[&str])| {
            let told = json!({ "id": id, "under_test": "relay", "traits": traits, "checks": [] });
            serde_json::from_value(told).expect("a scenario")
        };
        let listed: [(&str, &[&str]); 4] = [
            ("pairing/join", &[]),
            ("pairing/crowd", &["heavy"]),
            ("pairing/sessions", &["heavy"]),
            ("terminal/flood", &["heavy"]),
        ];
        let scenarios: Vec<_> = listed.map(scenario).into();
        let parts = |play: Play<'static>| {
            let (light, busy) = play.parted(&scenarios);
            (light.skip.join(" "), busy.map(|busy| busy.only.join(" ")))
        };
        let all = Play::of("pairing.relay", None);
        assert_eq!(
            parts(all.clone()),
            ("pairing/crowd pairing/sessions".to_owned(), Some("pairing/crowd pairing/sessions".to_owned()))
        );
        let spared = Play { skip: vec!["pairing/crowd", "pairing/sessions"], ..all.clone() };
        assert_eq!(parts(spared), ("pairing/crowd pairing/sessions".to_owned(), None));
        let named = Play { only: vec!["pairing/crowd".to_owned()], ..all };
        assert_eq!(parts(named), (String::new(), None));
    }

    #[test]
    fn what_takes_long_does_not_begin_at_the_end() {
        let plays = |long: &[usize]| {
            let play = |at| Play { is_long: long.contains(&at), ..Play::of("pairing.relay", None) };
            (0..8).map(play).collect::<Vec<_>>()
        };
        assert_eq!(turns(&plays(&[])), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(turns(&plays(&[5, 7])), [5, 0, 1, 7, 2, 3, 4, 6]);
        assert_eq!(turns(&[]), [0; 0]);
    }
}
