//! `cargo xtask mutants`: runs the suite against every mutant of the reference implementations. A mutant that survives is a defect that the
//! suite does not detect.

mod campaign;
mod candidates;
mod excuse;
mod matrix;
mod page;
mod rules;
mod trial;

pub(crate) use excuse::{ExcuseCategory, Excuses};
pub(crate) use matrix::{Matrix, RoleMatrix, is_general};
pub(crate) use page::{listed, page};

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::suite::{self, Mutant, Parallelism};
use crate::{runner, workspace};
use campaign::Campaign;

/// Where the matrix is kept, below the root.
pub(crate) const MATRIX: &str = "docs/kill-matrix.json";
/// Its page.
pub(crate) const PAGE: &str = "docs/kill-matrix.md";

/// How many runs at once at most: most of a run is waiting.
const JOBS: usize = 32;

/// Options of `cargo xtask mutants`.
#[derive(Debug, clap::Args)]
pub(crate) struct MutantsOptions {
    /// Run the mutants of this role only, such as pairing.relay; may be repeated. The matrix keeps its other roles
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// Run this mutant only; may be repeated. Writes nothing
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,

    /// Run one mutant for each requirement, against the scenario that kills it soonest. Writes nothing
    #[arg(long)]
    fast: bool,

    /// Run heavy scenarios also against mutants that others have killed
    #[arg(long)]
    thorough: bool,

    /// How many runs at once at most; fewer on a busy machine, where measured times would be wrong
    #[arg(long, value_name = "N", default_value_t = JOBS)]
    jobs: usize,
}

/// `cargo xtask mutants --fast`.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_fast() -> Result<()> {
    run(&MutantsOptions { role: Vec::new(), mutant: Vec::new(), fast: true, thorough: false, jobs: JOBS })
}

/// Runs the mutants, writes the matrix, and checks it against the rules.
///
/// # Errors
/// If the matrix violates a rule, or a reference fails without a mutant.
pub(crate) fn run(options: &MutantsOptions) -> Result<()> {
    let runner = runner::release()?;
    let mutants = suite::mutants(&runner)?;
    let is_named = |mutant: &&Mutant| {
        (options.role.is_empty() || options.role.contains(&mutant.role))
            && (options.mutant.is_empty() || options.mutant.contains(&mutant.name))
    };
    let is_one_each = options.fast && options.mutant.is_empty();
    let all = if is_one_each { suite::one_for_each_requirement(&mutants) } else { mutants.iter().collect() };
    let chosen: Vec<_> = all.into_iter().filter(is_named).collect();
    if chosen.is_empty() {
        bail!("no such mutant; list them with `conformance reference --list-mutants`");
    }
    let (is_all, is_whole_role) = (chosen.len() == mutants.len(), !options.fast && options.mutant.is_empty());
    let path = workspace::root().join(MATRIX);
    // A matrix that is replaced as a whole need not be readable.
    let is_replaced = !options.fast && (is_all || !path.exists());
    let kept = if is_replaced { Matrix::read(&path).unwrap_or_default() } else { Matrix::read(&path)? };
    let excuses = Excuses::read(workspace::root())?;
    let campaign = Campaign {
        runner: &runner,
        scenarios: &suite::scenarios(&runner)?,
        parallelism: Parallelism::up_to(options.jobs),
        is_whole_role,
        kept: &kept,
        is_fast: options.fast,
        is_thorough: options.thorough,
        excuses: &excuses,
    };
    let (matrix, mut problems) = campaign.run(&chosen)?;
    println!("{}", page::summary(&matrix));
    problems.extend(matrix.roles.iter().flat_map(rules::mutants));
    if is_whole_role {
        problems.extend(matrix.roles.iter().flat_map(|role| rules::role(role, &excuses)));
        let whole = if is_all { matrix } else { kept.with(matrix) };
        if is_all {
            problems.extend(rules::unused(&whole, &mutants, &excuses));
        }
        for (path, text) in [(MATRIX, whole.to_json()?), (PAGE, page(&whole, &mutants))] {
            fs::write(workspace::root().join(path), text).with_context(|| format!("cannot write {path}"))?;
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    bail!("{} violations of the rules of the kill matrix", problems.len())
}

/// Problems of the matrix as it is kept: rows of other mutants than there are, and violations of its rules.
pub(crate) fn problems(matrix: &Matrix, mutants: &[Mutant], excuses: &Excuses) -> Vec<String> {
    let of_mutants = matrix.roles.iter().flat_map(rules::mutants);
    let of_checks = matrix.roles.iter().flat_map(|role| rules::idle_checks(role, excuses));
    let unused = rules::unused(matrix, mutants, excuses);
    stale(matrix, mutants).into_iter().chain(of_mutants).chain(of_checks).chain(unused).collect()
}

fn stale(matrix: &Matrix, mutants: &[Mutant]) -> Vec<String> {
    // A mutant by place has a row only in roles that need it.
    let expected = mutants.iter().filter(|mutant| !mutant.is_by_place() || matrix.row(mutant).is_some());
    let expected: BTreeSet<_> =
        expected.map(|of| (&of.role, &of.name, &of.violates, &of.causes, of.cascading)).collect();
    let rows = matrix.roles.iter().flat_map(|role| role.mutants.iter().map(move |row| (&role.role, row)));
    let kept: BTreeSet<_> = rows.map(|(role, of)| (role, &of.name, &of.violates, &of.causes, of.cascading)).collect();
    let names: BTreeSet<_> = expected.symmetric_difference(&kept).map(|(role, name, ..)| (role, name)).collect();
    let shown = |(role, name)| format!("{role} {name} differs from the kill matrix: run `cargo xtask mutants`");
    names.into_iter().map(shown).collect()
}
