//! All trials of a command: the references without mutants, then each mutant, then once more what violates a rule.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::candidates::{self, OpenCheck};
use super::excuse::Excuses;
use super::matrix::{Matrix, MutantRow, RoleMatrix};
use super::rules;
use super::trial::{self, Trial, TrialResult};
use crate::suite::{self, ListedScenario, Mutant, Parallelism};

/// For references without mutants.
const FEW: Parallelism = Parallelism { least: 2, most: 4, spare: 0.4, window: Duration::from_millis(60) };
/// For heavy trials and reruns: those that mostly wait run beside others.
const QUIET: Parallelism = Parallelism { least: 1, most: 6, spare: 0.55, window: Duration::from_millis(120) };
/// In isolation.
const ALONE: Parallelism = Parallelism { most: 1, ..QUIET };
/// Noise explains the doubts about one row in so many, or about these few. More are a defect of a mutant or a check, and are not rerun.
const ONE_IN: usize = 8;
const FEW_DOUBTS: usize = 8;
/// So many failing scenarios make a trial long; so many trials of a scenario or two leave the machine idle.
const MANY: usize = 8;

/// How mutants are run.
pub(super) struct Campaign<'a> {
    pub(super) runner: &'a Path,
    pub(super) scenarios: &'a [ListedScenario],
    pub(super) parallelism: Parallelism,
    /// Whether all mutants of each role are run; only then does an idle check mean anything.
    pub(super) is_whole_role: bool,
    /// The matrix of an earlier campaign.
    pub(super) kept: &'a Matrix,
    /// Whether each mutant is run against one scenario only, the one that killed it soonest.
    pub(super) is_fast: bool,
    /// Whether heavy scenarios are run also against mutants that others have killed.
    pub(super) is_thorough: bool,
    pub(super) excuses: &'a Excuses,
}

impl<'a> Campaign<'a> {
    /// Runs all mutants, and returns the matrix and the trials that could not be run, a line each. What violates a rule is rerun on a quiet
    /// machine, and only the rerun counts.
    ///
    /// # Errors
    /// If the runner cannot be asked, or a reference fails without a mutant.
    pub(super) fn run(&self, mutants: &[&'a Mutant]) -> Result<(Matrix, Vec<String>)> {
        let mut names: Vec<&str> = mutants.iter().map(|mutant| mutant.role.as_str()).collect();
        names.dedup();
        let mut matrices = if self.is_fast { BTreeMap::new() } else { self.sound(&names)? };
        let at_once = mutants.iter().filter(|mutant| !self.is_whole_role || !mutant.is_by_place());
        let trials: Vec<_> = at_once.filter_map(|mutant| self.trial(mutant)).collect();
        let mut problems = Vec::new();
        for (trial, row) in trials.iter().zip(self.rows(&trials)?) {
            match row {
                Ok(row) => matrices.entry(trial.role).or_insert_with(|| RoleMatrix::new(trial.role)).mutants.push(row),
                Err(error) => problems.push(format!("{} {} could not be run: {error:#}", trial.role, trial.name())),
            }
        }
        let matrix = |role| matrices.remove(role).or_else(|| self.is_fast.then(|| RoleMatrix::new(role)));
        let mut roles: Vec<_> = names.into_iter().filter_map(matrix).collect();
        if self.is_whole_role {
            let busy = Parallelism { least: MANY, ..self.parallelism };
            for parallelism in [busy, QUIET] {
                self.close(
                    &mut roles,
                    |role, open| candidates::as_before(role, open, mutants, self.kept),
                    parallelism,
                )?;
            }
            let elsewhere = self.kept.roles.iter().filter(|kept| roles.iter().all(|role| role.role != kept.role));
            let killed = roles.iter().chain(elsewhere).flat_map(RoleMatrix::killed).map(|row| row.name.clone());
            let killed = killed.collect();
            self.close(&mut roles, |role, _| candidates::survivors(role, mutants, &killed, self.scenarios), busy)?;
            let by_place = |mutant: &Mutant, _: Option<&str>| mutant.is_by_place();
            self.close(&mut roles, |role, open| candidates::matching(role, open, mutants, by_place), busy)?;
            // On a busy machine a scenario may not reach its last steps.
            let by_requirement = |mutant: &Mutant, tested: Option<&str>| tested.is_none_or(|id| mutant.violates(id));
            self.close(&mut roles, |role, open| candidates::matching(role, open, mutants, by_requirement), QUIET)?;
        }
        Ok((Matrix { roles }, problems))
    }

    /// Runs the references without mutants, directly and through a proxy that changes nothing and must not matter.
    fn sound<'r>(&self, roles: &[&'r str]) -> Result<BTreeMap<&'r str, RoleMatrix>> {
        let none = Mutant::none();
        let through = roles
            .iter()
            .map(|role| Trial { skip: suite::heavy(self.scenarios, role).collect(), ..Trial::new(role, Some(&none)) });
        let trials: Vec<_> = roles.iter().map(|role| Trial::new(role, None)).chain(through).collect();
        let results = trial::run_all(self.runner, &trials, FEW)?;
        let mut matrices = BTreeMap::new();
        for ((role, trial), result) in roles.iter().cycle().zip(&trials).zip(results) {
            let is_sound = result.as_ref().is_ok_and(|result| result.kills.is_empty());
            let again = || trial::run_all(self.runner, std::slice::from_ref(trial), ALONE);
            let result = if is_sound { Some(result) } else { again()?.pop() };
            let Some(TrialResult { passed, skipped, kills }) = result.transpose()? else { continue };
            if let Some(kill) = kills.first() {
                bail!("the reference {role} fails {} {}: a matrix would mean nothing", kill.check, trial.name());
            }
            matrices.entry(*role).or_insert_with(|| RoleMatrix { checks: passed, skipped, ..RoleMatrix::new(role) });
        }
        Ok(matrices)
    }

    /// Runs trials for checks that have killed no mutant yet.
    fn close(
        &self,
        roles: &mut [RoleMatrix],
        trials: impl Fn(&RoleMatrix, &[OpenCheck<'_>]) -> Vec<Trial<'a>>,
        parallelism: Parallelism,
    ) -> Result<()> {
        let of = |role: &RoleMatrix| trials(role, &role.open(self.excuses).collect::<Vec<_>>());
        let is_long = |trial: &Trial<'_>| {
            suite::heavy(self.scenarios, trial.role).any(|heavy| trial.only.iter().any(|only| only == heavy))
        };
        let trials = roles.iter().flat_map(of).map(|trial| Trial { is_long: is_long(&trial), ..trial });
        let trials: Vec<_> = trials.collect();
        for (trial, result) in trials.iter().zip(trial::run_all(self.runner, &trials, parallelism)?) {
            let (Some(mutant), Ok(result)) = (trial.mutant, result) else { continue };
            // A wrong attribution on a busy machine is left to a later trial on a quiet one.
            let row = MutantRow::new(mutant, result.kills.clone());
            if parallelism != QUIET && rules::misattributed(&row).next().is_some() {
                continue;
            }
            let Some(role) = roles.iter_mut().find(|role| role.role == trial.role) else { continue };
            match role.mutants.iter_mut().find(|row| row.name == mutant.name) {
                Some(row) => row.extend(mutant, result),
                None => role.mutants.push(row),
            }
        }
        Ok(())
    }

    /// The trial of a mutant; none if its one scenario is not known.
    fn trial(&self, mutant: &'a Mutant) -> Option<Trial<'a>> {
        let trial = Trial::new(&mutant.role, Some(mutant));
        if self.is_fast {
            return self.kept.row(mutant)?.probe.clone().map(|probe| Trial { only: vec![probe], ..trial });
        }
        let is_long = self.kept.row(mutant).is_some_and(|row| row.killed_by.len() >= MANY);
        Some(Trial { skip: mutant.spared(self.scenarios), is_long, ..trial })
    }

    /// The trial that decides a doubt, with the scenarios in doubt. If one scenario was run, it is rerun with all that have killed the mutant,
    /// since one may need the effects of another.
    fn rerun(&self, trial: &Trial<'a>, row: &Result<MutantRow>) -> Trial<'a> {
        let kept = trial.mutant.filter(|_| self.is_fast).and_then(|mutant| self.kept.row(mutant));
        let only = match (kept, row) {
            (Some(kept), _) => kept.killed_by.keys().cloned().collect(),
            (None, Ok(row)) => rules::in_doubt(trial.role, row, self.scenarios),
            (None, Err(_)) => trial.only.clone(),
        };
        Trial { only, ..trial.clone() }
    }

    /// The same with only those scenarios that killed the mutant before, if any did.
    fn as_before(&self, trial: Trial<'a>) -> Trial<'a> {
        let row = trial.mutant.filter(|_| !self.is_thorough).and_then(|mutant| self.kept.row(mutant));
        let has_killed = |id: &&String| row.is_some_and(|row| row.killed_by.contains_key(*id));
        let killers: Vec<_> = trial.only.iter().filter(has_killed).cloned().collect();
        if killers.is_empty() { trial } else { Trial { only: killers, ..trial } }
    }

    /// Runs trials, and reruns what violates a rule on a quiet machine and then in isolation: jitter may hide a wrong delay once, and
    /// another run may take what a scenario needs of the machine.
    fn rows(&self, trials: &[Trial<'a>]) -> Result<Vec<Result<MutantRow>>> {
        let mut rows = self.first_rows(trials)?;
        for parallelism in [QUIET, ALONE] {
            let (reruns, doubts): (Vec<_>, Vec<_>) = trials
                .iter()
                .zip(&mut rows)
                .filter(|(trial, row)| is_doubtful(trial, row))
                .map(|(trial, row)| (self.rerun(trial, row), row))
                .unzip();
            if reruns.is_empty() || reruns.len() > FEW_DOUBTS.max(trials.len() / ONE_IN) {
                break;
            }
            let results = trial::run_all(self.runner, &reruns, parallelism)?;
            for ((trial, result), doubt) in reruns.iter().zip(results).zip(doubts) {
                match (&mut *doubt, result) {
                    (Ok(row), Ok(result)) => row.replace(trial.mutant.unwrap_or(&Mutant::none()), &trial.only, result),
                    (_, result) => *doubt = row(trial, result),
                }
            }
        }
        Ok(rows)
    }

    /// Runs all trials without heavy scenarios, which would disturb the others, and then the heavy ones for mutants that survive.
    fn first_rows(&self, trials: &[Trial<'a>]) -> Result<Vec<Result<MutantRow>>> {
        let (light, heavy): (Vec<_>, Vec<_>) = trials.iter().map(|trial| trial.split(self.scenarios)).unzip();
        let results = trial::run_all(self.runner, &light, self.parallelism)?;
        let mut rows: Vec<_> = light.iter().zip(results).map(|(trial, result)| row(trial, result)).collect();
        let (heavy, others): (Vec<_>, Vec<_>) = heavy
            .into_iter()
            .zip(&mut rows)
            .filter_map(|(trial, row)| {
                let trial = trial.map(|trial| self.as_before(trial))?;
                (self.is_thorough || is_doubtful(&trial, row)).then_some((trial, row))
            })
            .unzip();
        for ((trial, result), other) in heavy.iter().zip(trial::run_all(self.runner, &heavy, QUIET)?).zip(others) {
            match (&mut *other, result) {
                (Ok(row), Ok(result)) => row.extend(trial.mutant.unwrap_or(&Mutant::none()), result),
                (_, Err(error)) => *other = Err(error),
                (Err(_), _) => {}
            }
        }
        Ok(rows)
    }
}

fn is_doubtful(trial: &Trial<'_>, row: &Result<MutantRow>) -> bool {
    row.as_ref().map_or(true, |row| !rules::mutant(trial.role, row).is_empty())
}

fn row(trial: &Trial<'_>, result: Result<TrialResult>) -> Result<MutantRow> {
    result.map(|result| MutantRow::new(trial.mutant.unwrap_or(&Mutant::none()), result.kills))
}
