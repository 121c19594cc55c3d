//! `cargo xtask trace`: for each requirement the scenarios that test it, whether a reference has passed such a check, and which mutants it has
//! killed; or an excuse.

mod page;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};
use relayspec::family::{FAMILIES, Family};
use relayspec::requirement::{self, Level, Requirement};
use serde::Serialize;

use crate::mutants::{self, ExcuseCategory, Excuses, MATRIX, Matrix, RoleMatrix, is_general};
use crate::suite::{self, ListedScenario};
use crate::{runner, workspace};

const JSON: &str = "docs/coverage.json";
const PAGE: &str = "docs/coverage.md";

/// Options of `cargo xtask trace`.
#[derive(Debug, clap::Args)]
pub(crate) struct TraceOptions {
    /// Write nothing; fail if the files are out of date
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Serialize)]
struct CoverageOutput {
    requirements: Vec<TracedRequirement>,
}

/// One requirement, over all roles that it binds.
#[derive(Debug, Serialize)]
struct TracedRequirement {
    id: &'static str,
    level: Level,
    /// The scenarios with a check of it.
    declared: BTreeSet<String>,
    /// Whether a reference has passed such a check.
    executed: bool,
    /// The mutants that violate it and that such a check has killed, as `pairing.relay expires-late`.
    killed: BTreeSet<String>,
    excuse: Option<GivenExcuse>,
    /// What is missing, role by role, and has no excuse.
    #[serde(skip)]
    gaps: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct GivenExcuse {
    category: ExcuseCategory,
    reason: String,
}

/// Writes the coverage, or checks that it is up to date.
///
/// # Errors
/// If a requirement has a gap without an excuse, the matrix is stale or violates a rule, or files are out of date.
pub(crate) fn run(options: &TraceOptions) -> Result<()> {
    let runner = runner::release()?;
    let (scenarios, all) = (suite::scenarios(&runner)?, suite::mutants(&runner)?);
    let matrix = Matrix::read(&workspace::root().join(MATRIX))?;
    let excuses = Excuses::read(workspace::root())?;
    let mut problems = mutants::problems(&matrix, &all, &excuses);
    problems.extend(stale(&matrix, &scenarios));
    let binding = requirement::all().iter().filter(|requirement| requirement.level != Level::May);
    let coverage = binding.map(|requirement| cover(requirement, &matrix, &scenarios, &excuses));
    let coverage = CoverageOutput { requirements: coverage.collect() };
    problems.extend(coverage.requirements.iter().flat_map(|one| one.gaps.clone()));
    let json = serde_json::to_string_pretty(&coverage)? + "\n";
    let pages =
        [(JSON, json), (PAGE, page::page(&coverage.requirements)), (mutants::PAGE, mutants::page(&matrix, &all))];
    for (path, text) in pages {
        let file = workspace::root().join(path);
        if !options.check {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            problems.push(format!("{path} is out of date: run `cargo xtask trace`"));
        }
    }
    if problems.is_empty() {
        println!("{} requirements, no gap", coverage.requirements.len());
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    bail!("{} gaps and violated rules", problems.len())
}

/// `cargo xtask trace --check`.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> Result<()> {
    run(&TraceOptions { check: true })
}

/// Checks that the matrix has and the scenarios have not, or the reverse.
fn stale(matrix: &Matrix, scenarios: &[ListedScenario]) -> Vec<String> {
    let known = matrix.roles.iter().flat_map(|role| role.checks.keys().chain(&role.skipped));
    let known: BTreeSet<_> = known.filter(|id| !is_general(id)).cloned().collect();
    let listed =
        scenarios.iter().flat_map(|one| one.checks.iter().map(move |check| format!("{}#{}", one.id, check.name)));
    let listed: BTreeSet<_> = listed.filter(|id| !is_general(id)).collect();
    let shown = |id: &String| {
        let what = if listed.contains(id) { "is missing in the kill matrix" } else { "is only in the kill matrix" };
        format!("{id} {what}: run `cargo xtask mutants`")
    };
    listed.symmetric_difference(&known).map(shown).collect()
}

fn cover(
    requirement: &'static Requirement,
    matrix: &Matrix,
    scenarios: &[ListedScenario],
    excuses: &Excuses,
) -> TracedRequirement {
    let Requirement { id, level, .. } = *requirement;
    let (declared, killed) = (BTreeSet::new(), BTreeSet::new());
    let mut coverage =
        TracedRequirement { id, level, declared, executed: false, killed, excuse: None, gaps: Vec::new() };
    for name in bound_roles(id) {
        let own = scenarios.iter().filter(|one| one.is_for(&name) && one.tests(id));
        let declared: Vec<_> = own.map(|one| one.id.clone()).collect();
        let role = matrix.roles.iter().find(|role| role.role == name);
        let executed = role.is_some_and(|role| role.checks.values().any(|own| own.as_deref() == Some(id)));
        let killed: Vec<_> = role.into_iter().flat_map(|role| killed_mutants(role, id)).collect();
        let lacks = [
            ("no scenario tests it", declared.is_empty()),
            ("no reference has passed a check of it", !executed),
            ("no mutant shows that it is tested", killed.is_empty()),
        ];
        let excuse = excuses.requirement.iter().find(|excuse| excuse.covers(&name, id));
        match (lacks.iter().find(|(_, lacks)| *lacks), excuse) {
            (Some((what, _)), None) => coverage.gaps.push(format!("{id} for {name}: {what}")),
            (Some(_), Some(excuse)) => {
                coverage.excuse = Some(GivenExcuse { category: excuse.category, reason: excuse.reason.clone() });
            }
            _ => {}
        }
        coverage.declared.extend(declared);
        coverage.executed |= executed;
        coverage.killed.extend(killed);
    }
    coverage
}

fn killed_mutants(role: &RoleMatrix, id: &str) -> Vec<String> {
    let killed = role.mutants.iter().filter(|row| row.is_killed_by(id));
    killed.map(|row| format!("{} {}", role.role, row.name)).collect()
}

/// The roles that a requirement binds, as `pairing.relay`.
fn bound_roles(id: &str) -> Vec<String> {
    let roles = |family: &Family| -> BTreeSet<_> {
        std::iter::once(family.server).chain(family.endpoints.iter().map(|endpoint| endpoint.role)).collect()
    };
    let all = FAMILIES.iter().flat_map(|family| roles(family).into_iter().map(move |role| (family, role)));
    let bound = all.filter(|(family, role)| family.requirements(role).any(|own| own.id == id));
    bound.map(|(family, role)| format!("{}.{role}", family.name)).collect()
}
