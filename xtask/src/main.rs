//! The project's chores: `cargo xtask <command>`. This file reads the arguments and dispatches; it does nothing else.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: all it does is tell a terminal")]

mod cargo;
mod limits;
mod paths;
mod vectors;
mod workspace;

mod book;
mod gen_schemas;
mod tidy;

mod bench;
mod ci;
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
    GenSchemas(gen_schemas::Options),
    /// Builds the book of chapters and guides into `target/book`, and fails at dead links
    Book,
    /// Checks imports, effects, file sizes, headers, links, citations and stray paths
    Tidy,
    /// Runs all tests and gates, and stops at the first that fails
    Ci(ci::Options),
    /// Says of each requirement how it is covered, from the scenarios and the kill matrix
    Trace(trace::Options),
    /// Plays every fault of the references, and writes the kill matrix
    Mutants(mutants::Options),
    /// Measures the relay and the judge against their targets
    Bench(bench::Options),
    /// Lets the fuzzer look for each fault of the reference, and writes the table of docs/fuzzing.md
    FuzzProof(fuzz_proof::Options),
}

fn main() -> ExitCode {
    let chore = Arguments::parse().chore;
    let done = workspace::check().and_then(|()| match chore {
        Chore::GenSchemas(options) => gen_schemas::run(&options),
        Chore::Book => book::run(),
        Chore::Tidy => tidy::run(),
        Chore::Ci(options) => ci::run(&options),
        Chore::Mutants(options) => mutants::run(&options),
        Chore::Trace(options) => trace::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::FuzzProof(options) => fuzz_proof::run(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
