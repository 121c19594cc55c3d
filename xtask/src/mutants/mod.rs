//! `cargo xtask mutants`: every mutant of the references against the scenarios of its role. A judge is worth what it catches.

mod excuse;
mod gate;
mod matrix;
mod mutant;
mod pace;
mod page;
mod play;
mod round;
mod seek;

pub(crate) use excuse::{Category, Excuses};
pub(crate) use matrix::{Matrix, Seat, is_general};
pub(crate) use page::page;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{runner, workspace};
use mutant::Mutant;
use pace::Crowd;
use round::{Outcome, Round};

/// Where the matrix is kept, from the root of the workspace.
pub(crate) const MATRIX: &str = "docs/kill-matrix.json";
/// The same as people read it.
pub(crate) const PAGE: &str = "docs/kill-matrix.md";

/// So many runs at once at most, as long as the machine has time to spare: most of a run is waiting.
const JOBS: usize = 32;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the mutants of this role, as pairing.relay; may be given often. What the matrix says of other roles stays.
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// Only this mutant; may be given often. Nothing is written then.
    #[arg(long, value_name = "NAME")]
    mutant: Vec<String>,

    /// For each requirement one mutant that breaks it, against the one scenario that the matrix says finds it soonest. Nothing is written.
    #[arg(long)]
    fast: bool,

    /// Play the scenarios that keep the machine busy also against mutants that others have found.
    #[arg(long)]
    thorough: bool,

    /// How many runs at once at most; fewer where the machine has no time to spare, for time is to be told honestly.
    #[arg(long, value_name = "N", default_value_t = JOBS)]
    jobs: usize,
}

/// One mutant for each requirement, against the scenario that finds it soonest: what `--fast` plays.
///
/// # Errors
/// As [`run`].
pub(crate) fn few() -> Result<()> {
    run(&Options { role: Vec::new(), mutant: Vec::new(), fast: true, thorough: false, jobs: JOBS })
}

/// Runs the mutants, writes the matrix, and holds it against the rules.
///
/// # Errors
/// Where a mutant survives, a check finds nothing, somebody else is blamed, or the reference itself fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = runner::release()?;
    let mutants = mutant::list(&judge)?;
    let wanted = |mutant: &&Mutant| {
        (options.role.is_empty() || options.role.contains(&mutant.role))
            && (options.mutant.is_empty() || options.mutant.contains(&mutant.name))
    };
    let few = options.fast && options.mutant.is_empty();
    let all = if few { mutant::one_for_each_requirement(&mutants) } else { mutants.iter().collect() };
    let chosen: Vec<_> = all.into_iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("there is no such mutant; `conformance reference --list-mutants` lists them");
    }
    let is_whole = chosen.len() == mutants.len();
    let kept = workspace::root().join(MATRIX);
    // Only where all of it is written anew it does not matter what it was.
    let is_replaced = !options.fast && (is_whole || !kept.exists());
    let last = if is_replaced { Matrix::read(&kept).unwrap_or_default() } else { Matrix::read(&kept)? };
    let is_whole_role = !options.fast && options.mutant.is_empty();
    let excuses = Excuses::read(workspace::root())?;
    let scenarios = mutant::scenarios(&judge)?;
    let round = Round {
        judge: &judge,
        scenarios: &scenarios,
        crowd: Crowd::of(options.jobs),
        is_whole: is_whole_role,
        kept: &last,
        is_brief: options.fast,
        is_thorough: options.thorough,
        excuses: &excuses,
    };
    let Outcome { matrix, unjudged: mut problems } = round.play(&chosen)?;
    println!("{}", page::summary(&matrix));
    problems.extend(matrix.roles.iter().flat_map(gate::of_mutants));
    if is_whole_role {
        problems.extend(matrix.roles.iter().flat_map(|seat| gate::of_seat(seat, &excuses)));
        let whole = if is_whole { matrix } else { last.with(matrix) };
        if is_whole {
            problems.extend(gate::unused(&whole, &mutants, &excuses));
        }
        write(&whole)?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    bail!("{} of the rules of the kill matrix are broken", problems.len())
}

/// What is wrong with the matrix as it is kept: it speaks of other mutants than there are, or what it says breaks a rule.
///
/// # Errors
/// Where the judge cannot be asked.
pub(crate) fn problems(matrix: &Matrix, excuses: &Excuses, judge: &Path) -> Result<Vec<String>> {
    let mutants = mutant::list(judge)?;
    let of_mutants = matrix.roles.iter().flat_map(gate::of_mutants);
    let of_checks = matrix.roles.iter().flat_map(|seat| gate::idle_checks(seat, excuses));
    let unused = gate::unused(matrix, &mutants, excuses);
    Ok(stale(matrix, &mutants).into_iter().chain(of_mutants).chain(of_checks).chain(unused).collect())
}

/// What the matrix says of other mutants than there are.
fn stale(matrix: &Matrix, mutants: &[Mutant]) -> Vec<String> {
    // Who goes wrong by place is played where somebody is needed.
    let played = mutants.iter().filter(|mutant| !mutant.is_by_place() || matrix.row(mutant).is_some());
    let now: BTreeSet<_> =
        played.map(|of| (&of.role, &of.name, &of.breaks, &of.causes, of.cascading, &of.line)).collect();
    let rows = matrix.roles.iter().flat_map(|seat| seat.mutants.iter().map(move |row| (&seat.role, row)));
    let then: BTreeSet<_> =
        rows.map(|(role, of)| (role, &of.name, &of.breaks, &of.causes, of.cascading, &of.line)).collect();
    let names: BTreeSet<_> = now.symmetric_difference(&then).map(|(role, name, ..)| (role, name)).collect();
    let told =
        |(role, name)| format!("{role} {name} is not what the kill matrix says: write it with `cargo xtask mutants`");
    names.into_iter().map(told).collect()
}

fn write(matrix: &Matrix) -> Result<()> {
    let write = |path: &str, text: String| {
        let path = workspace::root().join(path);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write(MATRIX, matrix.to_json()?)?;
    write(PAGE, page(matrix))
}

/// A folder for reports, which is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("relayspec-mutants-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
