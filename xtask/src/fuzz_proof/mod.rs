//! `cargo xtask fuzz-proof`: runs the fuzzer against each mutant of a reference implementation, and writes which it finds into
//! `docs/fuzzing.md`.

mod table;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::suite::{self, Mutant, Parallelism, ReportFolder, median};
use crate::{cargo, runner};

/// Options of `cargo xtask fuzz-proof`.
#[derive(Debug, clap::Args)]
pub(crate) struct FuzzProofOptions {
    /// Seconds for each mutant
    #[arg(long, default_value_t = 60)]
    seconds: u32,

    /// How many fuzzers run at once
    #[arg(long, default_value = "2")]
    jobs: NonZeroUsize,

    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Runner to use, by default the release build of this checkout
    #[arg(long)]
    runner: Option<PathBuf>,

    /// Role whose mutants are run; the table is of pairing.relay
    #[arg(long, default_value = SHOWN)]
    role: String,

    /// Run this mutant only, and leave the table as it is; may be repeated
    #[arg(long)]
    mutant: Vec<String>,
}

/// The first find of a fuzzer.
#[derive(Debug, Clone, Deserialize)]
struct Find {
    /// The check that failed, with the id of its scenario.
    check: Option<String>,
    /// The requirement that the failure is attributed to.
    requirement: Option<String>,
    found_after_ms: u64,
    shrunk_in_ms: u64,
    /// The operations and steps that shrinking leaves.
    ops: usize,
    steps: usize,
}

#[derive(Debug, Deserialize)]
struct FuzzReport {
    finds: Vec<Find>,
}

/// The role of the table.
const SHOWN: &str = "pairing.relay";
/// At least this share of the mutants must be found.
const LEAST_FOUND: (usize, usize) = (2, 3);
/// The median number of steps must not be greater.
const MOST_STEPS: f64 = 12.0;
/// Timing of the servers, short enough for the fuzzer to wait until times are over.
const TIMING: [(&str, &[(&str, &str)]); 2] = [
    ("pairing.relay", &[("code-lifetime", "1500ms"), ("heartbeat-interval", "500ms"), ("heartbeat-timeout", "200ms")]),
    ("terminal.relay", &[("auth-timeout", "1s"), ("heartbeat-interval", "1s"), ("heartbeat-timeout", "500ms")]),
];

/// Runs the fuzzer against each mutant, and writes the table.
///
/// # Errors
/// If too few mutants are found, finds are too long, or something cannot be run.
pub(crate) fn run(options: &FuzzProofOptions) -> Result<()> {
    let runner = match &options.runner {
        Some(runner) => runner.canonicalize().with_context(|| format!("no program {}", runner.display()))?,
        None => runner::release()?,
    };
    let mut mutants = suite::mutants(&runner)?;
    let is_named = |mutant: &Mutant| options.mutant.is_empty() || options.mutant.contains(&mutant.name);
    mutants.retain(|mutant| mutant.role == options.role && is_named(mutant));
    ensure!(!mutants.is_empty(), "the reference {} has no such mutant", options.role);

    let folder = ReportFolder::create("fuzz-proof")?;
    let finds = suite::run_all(
        &mutants,
        |_| false,
        Parallelism::fixed(options.jobs.get()),
        |mutant| {
            let find = fuzz(&runner, &folder, mutant, options);
            println!("{}", table::line(mutant, &find));
            find
        },
    );
    let finds = finds.into_iter().collect::<Result<Vec<_>>>()?;
    println!("\n{}", table::summary(&finds, options.seconds));
    if options.mutant.is_empty() && options.role == SHOWN {
        table::write(&mutants, &finds, options.seconds)?;
    }
    let (count, (part, of)) = (finds.iter().flatten().count(), LEAST_FOUND);
    ensure!(count * of >= mutants.len() * part, "only {count} of {} mutants were found", mutants.len());
    let steps = median(finds.iter().flatten().map(|find| find.steps as f64));
    ensure!(steps <= MOST_STEPS, "the median of {steps} steps is above {MOST_STEPS}");
    Ok(())
}

fn fuzz(runner: &Path, folder: &ReportFolder, mutant: &Mutant, options: &FuzzProofOptions) -> Result<Option<Find>> {
    let Mutant { role, name, .. } = mutant;
    let (protocol, timing) = TIMING
        .iter()
        .find(|(own, _)| own == role)
        .and_then(|(role, timing)| Some((role.split_once('.')?.0, *timing)))
        .with_context(|| format!("no timing is known for the role {role}"))?;
    let (subcommand, seconds, seed) = (role.replace('.', "-"), options.seconds.to_string(), options.seed.to_string());
    let mut server = format!("'{}' reference {subcommand} --port {{port}} --mutant {name}", runner.display());
    let mut fuzz = cargo::program(runner);
    fuzz.args(["fuzz", "--family", protocol, "--set", "notify_deadline=300ms"]);
    for (parameter, value) in timing {
        server.push_str(&format!(" --{parameter} {value}"));
        fuzz.args(["--set".to_owned(), format!("{}={value}", parameter.replace('-', "_"))]);
    }
    fuzz.args(["--seconds", &seconds, "--seed", &seed, "--command", &server, "--out"]).arg(folder.join(name));
    let report: FuzzReport =
        suite::run(&mut fuzz, &folder.join(&format!("{name}.json"))).with_context(|| name.clone())?;
    Ok(report.finds.into_iter().next())
}
