//! The project's chores: `cargo xtask <command>`. This file reads the arguments and dispatches; it does nothing else.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: all it does is tell a terminal")]

mod cargo;
mod compat;
mod files;
mod limits;
mod paths;
mod runner;
mod section;
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
    /// Writes `schemas/` anew from the types
    GenSchemas(gen_schemas::GenSchemasOptions),
    /// Tells whom a change of the protocol breaks, and how
    SchemaDiff(schema_diff::SchemaDiffOptions),
    /// Freezes the protocol as a version
    Release(release::ReleaseOptions),
    /// Builds the book of chapters and guides into `target/book`, and fails at dead links
    Book,
    /// Checks imports, effects, file sizes, headers, links, citations and stray paths
    Tidy,
    /// Runs all tests and gates, and stops at the first that fails
    Ci(ci::Options),
    /// Says of each requirement how it is covered, from the scenarios and the kill matrix
    Trace(trace::Options),
    /// Plays every mutant of the references, and writes the kill matrix
    Mutants(mutants::Options),
    /// Measures the relay and the judge against their targets
    Bench(bench::Options),
    /// Runs the self-test many times in a row, and counts wrong verdicts
    Flakiness(flakiness::Options),
    /// Lets the fuzzer look for each mutant of the reference, and writes the table of docs/fuzzing.md
    FuzzProof(fuzz_proof::Options),
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
