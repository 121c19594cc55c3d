//! `cargo xtask mutants`: every fault of the references against the scenarios of its role. A judge is worth what it catches.

mod excuse;
mod fault;
mod gate;
mod matrix;
mod page;
mod play;

pub(crate) use excuse::{Category, Excuses};
pub(crate) use matrix::{Matrix, Seat};

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{judge, workspace};
use fault::Fault;
use matrix::Row;
use play::{Play, Played};

/// Where the matrix is kept, from the root of the workspace.
pub(crate) const MATRIX: &str = "docs/kill-matrix.json";
const PAGE: &str = "docs/kill-matrix.md";

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the faults of this role, as pairing.relay; may be given often. Nothing is written then.
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,

    /// Only this fault; may be given often. Nothing is written then.
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,

    /// Each fault only against the one scenario that the matrix says finds it soonest. Nothing is written.
    #[arg(long)]
    fast: bool,

    /// How many runs at once: so many that time is still told honestly.
    #[arg(long, value_name = "N", default_value_t = 3)]
    jobs: usize,
}

/// Runs the faults, writes the matrix, and holds it against the rules.
///
/// # Errors
/// Where a fault survives, a check finds nothing, somebody else is blamed, or the reference itself fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = judge::release()?;
    let faults = fault::list(&judge)?;
    let wanted = |fault: &&Fault| {
        (options.role.is_empty() || options.role.contains(&fault.role))
            && (options.fault.is_empty() || options.fault.contains(&fault.name))
    };
    let chosen: Vec<_> = faults.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!("there is no such fault; `conformance reference --list-faults` lists them");
    }
    let is_whole = chosen.len() == faults.len();
    let known = if options.fast { Some(Matrix::read(&workspace::root().join(MATRIX))?) } else { None };
    let matrix = play_all(&judge, &chosen, options.jobs, known.as_ref())?;
    let excuses = Excuses::read(workspace::root())?;
    let scope = match options {
        Options { fast: true, .. } => gate::Scope::Faults,
        _ if is_whole => gate::Scope::Whole,
        Options { fault, .. } if fault.is_empty() => gate::Scope::Roles,
        _ => gate::Scope::Faults,
    };
    if let gate::Scope::Whole = scope {
        write(&matrix)?;
    }
    let problems = gate::problems(&matrix, &excuses, scope);
    println!("{}", page::summary(&matrix));
    if problems.is_empty() {
        return Ok(());
    }
    problems.iter().for_each(|problem| println!("{problem}"));
    bail!("{} of the rules of the kill matrix are broken", problems.len())
}

/// What the matrix says of other faults than there are.
///
/// # Errors
/// Where the judge cannot be asked.
pub(crate) fn stale(matrix: &Matrix, judge: &Path) -> Result<Vec<String>> {
    let faults = fault::list(judge)?;
    let now: BTreeSet<_> = faults.iter().map(|fault| (&fault.role, &fault.name, &fault.breaks)).collect();
    let rows =
        matrix.roles.iter().flat_map(|seat| seat.faults.iter().map(move |row| (&seat.role, &row.name, &row.breaks)));
    let then: BTreeSet<_> = rows.collect();
    let told = |(role, name, _): &(&String, &String, &Vec<String>)| {
        format!("{role} {name} is not what the kill matrix says: write it with `cargo xtask mutants`")
    };
    Ok(now.symmetric_difference(&then).map(told).collect())
}

fn write(matrix: &Matrix) -> Result<()> {
    let write = |path: &str, text: String| {
        let path = workspace::root().join(path);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write(MATRIX, matrix.to_json()?)?;
    write(PAGE, page::page(matrix))
}

/// Plays the faultless references first, then each fault.
fn play_all(judge: &Path, faults: &[&Fault], jobs: usize, known: Option<&Matrix>) -> Result<Matrix> {
    let mut roles: Vec<&str> = faults.iter().map(|fault| fault.role.as_str()).collect();
    roles.dedup();
    let heavy = fault::heavy(judge)?;
    let faultless = roles.iter().map(|role| Play { role, fault: None, only: None, skip: Vec::new() });
    // The same with somebody in the middle, who must not be blamed for being there.
    let nobodys = Fault::none();
    let through = roles.iter().map(|role| Play { role, fault: Some(&nobodys), only: None, skip: Vec::new() });
    let probe = |fault: &Fault| known.and_then(|matrix| matrix.probe(&fault.role, &fault.name)).map(str::to_owned);
    let plays = faults.iter().map(|fault| {
        let (only, skip) = (probe(fault), fault.spares(&heavy));
        Play { role: &fault.role, fault: Some(fault), only, skip }
    });
    let plays: Vec<_> = match known {
        Some(_) => plays.filter(|play| play.only.is_some()).collect(),
        None => through.chain(faultless).chain(plays).collect(),
    };
    let played = play::all(judge, &plays, jobs)?;
    let mut seats: BTreeMap<&str, Seat> = BTreeMap::new();
    for (play, played) in plays.iter().zip(played) {
        let seat = seats.entry(play.role).or_insert_with(|| Seat::new(play.role));
        match play.fault {
            None => Played { passed: seat.checks, skipped: seat.skipped, .. } = sound(play.role, played)?,
            Some(fault) if std::ptr::eq(fault, &nobodys) => _ = sound(play.role, played)?,
            Some(fault) => seat.faults.push(Row::new(fault, &played)),
        }
    }
    let ordered = roles.into_iter().filter_map(|role| seats.remove(role));
    Ok(Matrix { roles: ordered.collect() })
}

/// What the faultless reference showed.
fn sound(role: &str, played: Played) -> Result<Played> {
    match played.kills.first() {
        Some(kill) => bail!("the faultless reference {role} fails {}: the matrix says nothing then", kill.check),
        None => Ok(played),
    }
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
