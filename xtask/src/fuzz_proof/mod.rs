//! `fuzz-proof`: does the fuzzer find what is wrong? It is let loose on the reference with each of its mutants in turn, and what came of it goes
//! into the table of `docs/fuzzing.md`.

mod hunt;
mod table;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{cargo, runner};
use hunt::{Found, Kennel};

/// How to hunt.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// For how many seconds a mutant is looked for
    #[arg(long, default_value_t = 60)]
    seconds: u32,

    /// How many mutants are looked for at once
    #[arg(long, default_value = "2")]
    jobs: NonZeroUsize,

    /// The seed of all choices
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// The program to run, which has the judge and the reference; the release build of this checkout unless given
    #[arg(long)]
    judge: Option<PathBuf>,

    /// Whose mutants are looked for; the table is about the pairing relay
    #[arg(long, default_value = "pairing.relay")]
    role: String,

    /// Look for these alone, and leave the table as it is; may be given often
    #[arg(long)]
    mutant: Vec<String>,
}

/// A mutant that the reference can be started with.
#[derive(Debug, Clone, Deserialize)]
struct Mutant {
    role: String,
    name: String,
    breaks: Vec<String>,
    line: String,
}

/// Whose mutants the table is about.
const SHOWN: &str = "pairing.relay";
/// At least this part of the mutants has to be found.
const LEAST_FOUND: (usize, usize) = (2, 3);
/// The median of steps may be this at most.
const MOST_STEPS: usize = 12;

/// Hunts for each mutant, and writes the table.
///
/// # Errors
/// Where too few are found, or what is found is too long; or something cannot be run.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = match &options.judge {
        Some(judge) => judge.canonicalize().with_context(|| format!("no program {}", judge.display()))?,
        None => runner::release()?,
    };
    let mutants: Vec<Mutant> = runner::ask(cargo::program(&judge), runner::MUTANTS)?;
    let is_wanted = |mutant: &Mutant| options.mutant.is_empty() || options.mutant.contains(&mutant.name);
    let mutants: Vec<_> =
        mutants.into_iter().filter(|mutant| mutant.role == options.role && is_wanted(mutant)).collect();
    ensure!(!mutants.is_empty(), "the reference in the role {} has no such mutant", options.role);

    let kennel = Kennel::new(judge, options.seconds, options.seed)?;
    let next = Mutex::new(mutants.iter().enumerate());
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.get() {
            scope.spawn(|| {
                while let Some((number, mutant)) = next.lock().ok().and_then(|mut mutants| mutants.next()) {
                    let result = kennel.hunt(mutant);
                    println!("{}", table::line(mutant, &result));
                    if let Ok(mut all) = found.lock() {
                        all.push((number, result));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by_key(|(number, _)| *number);
    let found: Vec<Option<Found>> = found.into_iter().map(|(_, result)| result).collect::<Result<_>>()?;

    let count = found.iter().flatten().count();
    let steps = table::median(found.iter().flatten().map(|found| found.steps));
    println!("\n{}", table::summary(&found, options.seconds));
    if options.mutant.is_empty() && options.role == SHOWN {
        table::write(&mutants, &found, options.seconds)?;
    }
    let (part, of) = LEAST_FOUND;
    ensure!(count * of >= mutants.len() * part, "only {count} of {} mutants were found", mutants.len());
    ensure!(steps.is_some_and(|steps| steps <= MOST_STEPS), "the median of {steps:?} steps is above {MOST_STEPS}");
    Ok(())
}
