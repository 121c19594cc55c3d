//! `cargo xtask trace`: each requirement, the scenarios that speak of it, whether a check of it was passed in a real run, and which mutants it has
//! found; or an excuse.

mod page;

pub(crate) use page::listed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use relayspec::family::{FAMILIES, Family};
use relayspec::requirement::{Level, Requirement};
use serde::{Deserialize, Serialize};

use crate::mutants::{Category, Excuses, MATRIX, Matrix, Seat, is_general};
use crate::{cargo, mutants, runner, workspace};

const JSON: &str = "docs/coverage.json";
const PAGE: &str = "docs/coverage.md";

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail where what is written is not what it should be.
    #[arg(long)]
    check: bool,
}

/// How far the requirements are covered.
#[derive(Debug, Serialize)]
struct Coverage {
    requirements: Vec<Traced>,
}

/// One requirement, over all roles that it binds.
#[derive(Debug, Serialize)]
struct Traced {
    id: &'static str,
    level: Level,
    /// The scenarios with a check of it.
    declared: BTreeSet<String>,
    /// Whether a reference has passed such a check.
    executed: bool,
    /// The mutants that break it, and that a check of it has found, as `pairing.relay expires-late`.
    killed: BTreeSet<String>,
    excuse: Option<Told>,
    /// Roles for which something is missing.
    #[serde(skip)]
    gaps: Vec<String>,
}

/// An excuse, as it is told.
#[derive(Debug, Clone, Serialize)]
struct Told {
    category: Category,
    reason: String,
}

/// A scenario, as the judge lists it.
#[derive(Debug, Deserialize)]
struct Scenario {
    id: String,
    under_test: String,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    name: String,
    requirement: Option<String>,
}

/// Writes the coverage, or checks what is written.
///
/// # Errors
/// Where a requirement has a gap that nothing excuses, the matrix is out of date or breaks a rule, or files are not what they should be.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = runner::release()?;
    let scenarios: Vec<Scenario> = runner::ask(cargo::program(&judge), runner::SCENARIOS)?;
    let matrix = Matrix::read(&workspace::root().join(MATRIX))?;
    let excuses = Excuses::read(workspace::root())?;
    let mut problems = mutants::problems(&matrix, &excuses, &judge)?;
    problems.extend(stale(&matrix, &scenarios));
    let coverage = Coverage { requirements: traced(&matrix, &scenarios, &excuses) };
    problems.extend(coverage.requirements.iter().flat_map(|one| one.gaps.clone()));
    let json = serde_json::to_string_pretty(&coverage)? + "\n";
    let pages = [(JSON, json), (PAGE, page::page(&coverage.requirements)), (mutants::PAGE, mutants::page(&matrix))];
    for (path, text) in pages {
        let file = workspace::root().join(path);
        if !options.check {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            problems.push(format!("{path} is out of date: write it with `cargo xtask trace`"));
        }
    }
    if problems.is_empty() {
        println!("{} requirements, no gap", coverage.requirements.len());
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    bail!("{} gaps and broken rules", problems.len())
}

/// Holds what is written against what it should be.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<()> {
    run(&Options { check: true })
}

/// Checks that the matrix does not know, for they are newer, and those that it knows and that are no more.
fn stale(matrix: &Matrix, scenarios: &[Scenario]) -> Vec<String> {
    let known = matrix.roles.iter().flat_map(|seat| seat.checks.keys().chain(&seat.skipped));
    let known: BTreeSet<_> = known.filter(|id| !is_general(id)).cloned().collect();
    let listed =
        scenarios.iter().flat_map(|one| one.checks.iter().map(move |check| format!("{}#{}", one.id, check.name)));
    let listed: BTreeSet<_> = listed.filter(|id| !is_general(id)).collect();
    let told = |id: &String| {
        let what =
            if listed.contains(id) { "is not in the kill matrix" } else { "is in the kill matrix, and is no more" };
        format!("{id} {what}: write it with `cargo xtask mutants`")
    };
    listed.symmetric_difference(&known).map(told).collect()
}

/// All requirements that bind somebody, in the order of the chapters.
fn traced(matrix: &Matrix, scenarios: &[Scenario], excuses: &Excuses) -> Vec<Traced> {
    let all = relayspec::requirement::all().iter().filter(|requirement| requirement.level != Level::May);
    all.map(|requirement| one(requirement, matrix, scenarios, excuses)).collect()
}

fn one(requirement: &'static Requirement, matrix: &Matrix, scenarios: &[Scenario], excuses: &Excuses) -> Traced {
    let id = requirement.id;
    let mut traced = Traced {
        id,
        level: requirement.level,
        declared: BTreeSet::new(),
        executed: false,
        killed: BTreeSet::new(),
        excuse: None,
        gaps: Vec::new(),
    };
    for (family, role) in seats(requirement) {
        let name = format!("{}.{role}", family.name);
        let own =
            scenarios.iter().filter(|one| one.under_test == role && one.id.split('/').next() == Some(family.name));
        let judges = |check: &Check| check.requirement.as_deref() == Some(id);
        let declared: Vec<_> = own.filter(|one| one.checks.iter().any(judges)).map(|one| one.id.clone()).collect();
        let seat = matrix.roles.iter().find(|seat| seat.role == name);
        let executed = seat.is_some_and(|seat| seat.checks.values().any(|own| own.as_deref() == Some(id)));
        let killed: Vec<_> = seat.into_iter().flat_map(|seat| killed(seat, id)).collect();
        let lacks = [
            ("no scenario judges it", declared.is_empty()),
            ("no run has", !executed),
            ("no mutant shows it", killed.is_empty()),
        ];
        let excuse = excuses.requirement.iter().find(|excuse| excuse.covers(&name, id));
        match (lacks.iter().find(|(_, lacks)| *lacks), excuse) {
            (Some((what, _)), None) => traced.gaps.push(format!("{id} for {name}: {what}")),
            (Some(_), Some(excuse)) => {
                traced.excuse = Some(Told { category: excuse.category, reason: excuse.reason.clone() });
            }
            _ => {}
        }
        traced.declared.extend(declared);
        traced.executed |= executed;
        traced.killed.extend(killed);
    }
    traced
}

fn killed(seat: &Seat, id: &str) -> Vec<String> {
    let killed = seat.mutants.iter().filter(|row| row.is_killed_by(id));
    killed.map(|row| format!("{} {}", seat.role, row.name)).collect()
}

/// The roles that a requirement binds.
fn seats(requirement: &Requirement) -> Vec<(&'static Family, &'static str)> {
    let binds = |family: &'static Family, role: &str| family.requirements(role).any(|own| own.id == requirement.id);
    let all = FAMILIES.iter().flat_map(|family| roles(family).into_iter().map(move |role| (family, role)));
    all.filter(|(family, role)| binds(family, role)).collect()
}

fn roles(family: &Family) -> BTreeSet<&'static str> {
    std::iter::once(family.server).chain(family.endpoints.iter().map(|endpoint| endpoint.role)).collect()
}

/// Counts by level: all, and those that a mutant shows.
fn counts(requirements: &[Traced]) -> BTreeMap<Level, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for one in requirements {
        let (all, shown) = counts.entry(one.level).or_default();
        *all += 1;
        *shown += usize::from(!one.killed.is_empty());
    }
    counts
}
