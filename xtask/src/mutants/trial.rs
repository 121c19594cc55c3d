//! One run of the suite against a reference implementation, with a mutant or without.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;

use crate::cargo;
use crate::suite::{self, ListedScenario, Mutant, Parallelism, ReportFolder, SuiteReport};

/// Shorter than the runner's default, since many answers never come.
const PATIENT: [&str; 2] = ["--step-deadline", "10s"];
/// Shorter still, for trials of all scenarios.
const IMPATIENT: [&str; 6] = ["--step-deadline", "3s", "--scenario-deadline", "20s", "--run-deadline", "3min"];
/// What keeps one of many processes small: one worker thread, and one arena for the memory of all threads (glibc).
const MODEST: [(&str, &str); 2] = [("TOKIO_WORKER_THREADS", "1"), ("MALLOC_ARENA_MAX", "1")];

/// What to run.
#[derive(Clone)]
pub(super) struct Trial<'a> {
    pub(super) role: &'a str,
    /// The reference itself if none.
    pub(super) mutant: Option<&'a Mutant>,
    /// The scenarios; all if empty.
    pub(super) only: Vec<String>,
    /// Scenarios that are left out.
    pub(super) skip: Vec<&'a str>,
    /// Whether it gets the longer deadlines, for a trial of few scenarios.
    pub(super) is_patient: bool,
    /// Whether it takes longer than most.
    pub(super) is_long: bool,
}

/// What a trial showed.
#[derive(Debug, Default)]
pub(super) struct TrialResult {
    /// The checks that passed, with the requirement that each tests.
    pub(super) passed: BTreeMap<String, Option<String>>,
    /// The checks that did not apply.
    pub(super) skipped: BTreeSet<String>,
    pub(super) kills: Vec<Kill>,
}

/// A check that failed.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    /// As `pairing/join#refused`.
    pub(super) check: String,
    /// The requirements that it attributes the failure to; none for a step without a name.
    pub(super) requirements: Vec<String>,
    /// How long the scenario took, in ms.
    pub(super) took: f64,
}

impl<'a> Trial<'a> {
    /// All scenarios against a role, with a mutant or without.
    pub(super) fn new(role: &'a str, mutant: Option<&'a Mutant>) -> Self {
        Self { role, mutant, only: Vec::new(), skip: Vec::new(), is_patient: false, is_long: false }
    }

    /// The same without the heavy scenarios, and these apart, if any are to be run.
    pub(super) fn split(&self, scenarios: &'a [ListedScenario]) -> (Self, Option<Self>) {
        let is_due = |id: &&str| self.only.is_empty() && !self.skip.contains(id);
        let heavy: Vec<_> = suite::heavy(scenarios, self.role).filter(is_due).collect();
        let only = heavy.iter().map(|&id| id.to_owned()).collect();
        let apart = (!heavy.is_empty()).then(|| Self { only, ..self.clone() });
        let skip = self.skip.iter().copied().chain(heavy).collect();
        (Self { skip, ..self.clone() }, apart)
    }

    /// The mutant's name.
    pub(super) fn name(&self) -> &str {
        self.mutant.map_or("without a mutant", |mutant| &mutant.name)
    }

    fn run(&self, runner: &Path, report: &Path) -> Result<TrialResult> {
        let mut command = cargo::program(runner);
        command.args(["self-test", "--role", self.role]).envs(MODEST);
        command.args(if self.is_patient { &PATIENT[..] } else { &IMPATIENT });
        if let Some(mutant) = self.mutant {
            command.args(["--mutant", &mutant.name]);
        }
        command.args(self.only.iter().flat_map(|only| ["--only", only]));
        if self.only.is_empty() {
            command.args(self.skip.iter().flat_map(|skip| ["--skip", skip]));
        }
        suite::run(&mut command, report).map(TrialResult::new)
    }
}

/// Runs all trials. A trial that could not be run is an error in its place.
///
/// # Errors
/// If there is no room for reports.
pub(super) fn run_all(
    runner: &Path,
    trials: &[Trial<'_>],
    parallelism: Parallelism,
) -> Result<Vec<Result<TrialResult>>> {
    let folder = ReportFolder::create("mutants")?;
    let (started, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let run = |trial: &Trial<'_>| {
        let report = folder.join(&format!("{}.json", started.fetch_add(1, Ordering::Relaxed)));
        let start = Instant::now();
        let result = trial.run(runner, &report);
        let shown = match &result {
            Ok(result) => format!("{} checks fail", result.kills.len()),
            Err(error) => format!("{error:#}"),
        };
        let (count, all, took) = (done.fetch_add(1, Ordering::Relaxed) + 1, trials.len(), start.elapsed());
        println!("{count}/{all} {} {}: {shown} ({took:.1?})", trial.role, trial.name());
        result
    };
    Ok(suite::run_all(trials, |trial| trial.is_long, parallelism, run))
}

impl TrialResult {
    fn new(report: SuiteReport) -> Self {
        let mut result = Self::default();
        for scenario in report.scenarios {
            for check in scenario.checks {
                match &*check.verdict {
                    "pass" => _ = result.passed.insert(check.id, check.requirement),
                    "skip" => _ = result.skipped.insert(check.id),
                    "fail" | "warn" if check.because_of.is_none() => {
                        let found = check.findings.into_iter().filter_map(|finding| finding.requirement);
                        let requirements: BTreeSet<_> = check.requirement.into_iter().chain(found).collect();
                        let requirements = requirements.into_iter().collect();
                        result.kills.push(Kill { check: check.id, requirements, took: scenario.duration_ms });
                    }
                    _ => {}
                }
            }
        }
        result
    }
}

impl Kill {
    /// The scenario of the check.
    pub(super) fn scenario(&self) -> &str {
        scenario_of(&self.check)
    }
}

/// The scenario of a check, as `pairing/join` of `pairing/join#refused`.
pub(super) fn scenario_of(check: &str) -> &str {
    check.split_once('#').map_or(check, |(scenario, _)| scenario)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_heavy_scenarios_apart() {
        let listed: Vec<ListedScenario> = serde_json::from_value(json!([
            { "id": "pairing/join", "under_test": "relay", "traits": [], "checks": [] },
            { "id": "pairing/crowd", "under_test": "relay", "traits": ["heavy"], "checks": [] },
            { "id": "pairing/sessions", "under_test": "relay", "traits": ["heavy"], "checks": [] },
            { "id": "terminal/flood", "under_test": "relay", "traits": ["heavy"], "checks": [] },
        ]))
        .expect("scenarios");
        let parts = |trial: Trial<'static>| {
            let (light, heavy) = trial.split(&listed);
            (light.skip.join(" "), heavy.map(|heavy| heavy.only.join(" ")))
        };
        let (all, heavy) = (Trial::new("pairing.relay", None), "pairing/crowd pairing/sessions".to_owned());
        assert_eq!(parts(all.clone()), (heavy.clone(), Some(heavy.clone())));
        let spared = Trial { skip: vec!["pairing/crowd", "pairing/sessions"], ..all.clone() };
        assert_eq!(parts(spared), (heavy, None));
        let named = Trial { only: vec!["pairing/crowd".to_owned()], ..all };
        assert_eq!(parts(named), (String::new(), None));
    }
}
