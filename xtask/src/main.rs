//! The project's chores, `cargo xtask <command>`: reads the arguments and dispatches.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool prints")]

mod cargo;
mod compat;
mod files;
mod paths;
mod runner;
mod schemas;
mod section;
mod suite;
mod text;
mod vectors;
mod workspace;

mod book;
mod gen_schemas;
mod release;
mod schema_diff;
mod tidy;

mod bench;
mod ci;
mod flakiness;
mod fuzz_proof;
mod mutants;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of relayspec.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Generate `schemas/` from the types
    GenSchemas(gen_schemas::GenSchemasOptions),
    /// Report which peers a protocol change breaks, and how
    SchemaDiff(schema_diff::SchemaDiffOptions),
    /// Freeze the protocol as a version
    Release(release::ReleaseOptions),
    /// Build the book of chapters and guides into `target/book`; fails at dead links
    Book,
    /// Check imports, file lengths, names and words
    Tidy,
    /// Run all checks, up to the first that fails
    Ci(ci::CiOptions),
    /// Write how each requirement is covered, from the scenarios and the kill matrix
    Trace(trace::TraceOptions),
    /// Run the suite against every mutant of the references, and write the kill matrix
    Mutants(mutants::MutantsOptions),
    /// Measure the runner and the references against their targets
    Bench(bench::BenchOptions),
    /// Run the self-test many times, and count wrong verdicts
    Flakiness(flakiness::FlakinessOptions),
    /// Run the fuzzer against each mutant, and write the table of docs/fuzzing.md
    FuzzProof(fuzz_proof::FuzzProofOptions),
}

fn main() -> ExitCode {
    let chore = Arguments::parse().chore;
    workspace::check().and_then(|()| run(chore)).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(chore: Chore) -> anyhow::Result<ExitCode> {
    match chore {
        Chore::SchemaDiff(options) => return Ok(schema_diff::run(&options)),
        Chore::GenSchemas(options) => gen_schemas::run(&options),
        Chore::Release(options) => release::run(&options),
        Chore::Book => book::run(),
        Chore::Tidy => tidy::run(),
        Chore::Ci(options) => ci::run(&options),
        Chore::Mutants(options) => mutants::run(&options),
        Chore::Trace(options) => trace::run(&options),
        Chore::Flakiness(options) => flakiness::run(&options),
        Chore::FuzzProof(options) => fuzz_proof::run(&options),
        Chore::Bench(options) => bench::run(&options),
    }?;
    Ok(ExitCode::SUCCESS)
}
