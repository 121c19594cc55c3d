//! `ci`: all tests and gates, one after the other. The steps and their order stand here; how they are run does not.

mod accelerated;
mod clients;
mod languages;
mod node;
mod sequence;
mod server;

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{book, cargo, gen_schemas, mutants, schema_diff, tidy, trace, workspace};
use sequence::Step;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave out the Node examples, on a machine without Node
    #[arg(long)]
    skip_node: bool,
    /// Leave out the Python examples, on a machine without Python
    #[arg(long)]
    skip_python: bool,
}

/// Runs all tests and gates.
///
/// # Errors
/// At the first step that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = workspace::release_binary()?;
    sequence::run(steps(&judge, options))
}

/// The example crate whose own tests ask the judge. It stands outside the workspace, as a user's would.
fn in_cargo_test(judge: &Path) -> Command {
    let manifest =
        ["test", "--locked", "--manifest-path", "examples/cargo-test/Cargo.toml", "--target-dir", "target/cargo-test"];
    let mut command = cargo::cargo(manifest);
    command.env("CONFORMANCE_PROGRAM", judge);
    command
}

fn steps(judge: &Path, options: &Options) -> Vec<Step> {
    let mut doc = cargo::cargo(["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    let mut self_test = cargo::program(judge);
    self_test.arg("self-test");

    let mut steps = vec![
        Step::command("format", cargo::cargo(["fmt", "--all", "--check"])),
        Step::function("tidy", "cargo xtask tidy", tidy::run),
        Step::command("clippy", cargo::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        Step::command("tests", cargo::cargo(["test", "--workspace"])),
        Step::function("schemas", "cargo xtask gen-schemas --check", gen_schemas::check),
        Step::function("compatibility", "cargo xtask schema-diff", schema_diff::check),
        Step::command("docs", doc),
        // It stands outside the workspace.
        Step::command("book format", cargo::cargo(["fmt", "--manifest-path", "xtask/mdbook/Cargo.toml", "--check"])),
        Step::function("book", "cargo xtask book", book::run),
        Step::command(
            "release build",
            cargo::cargo(["build", "--release", "--package", "relayspec-conformance", "--bin", "conformance"]),
        ),
        Step::command("self-test", self_test),
        accelerated::step(judge),
        Step::function("mutants", "cargo xtask mutants --fast", mutants::few),
        Step::function("coverage", "cargo xtask trace --check", trace::check),
        Step::command("judge in cargo test", in_cargo_test(judge)),
    ];
    if options.skip_node {
        steps.push(Step::skipped(
            "node examples",
            "--skip-node: nobody has judged the Node examples, nor what is generated for AsyncAPI and TypeScript",
        ));
    } else {
        steps.extend(languages::steps());
        steps.extend(node::steps(judge));
        steps.extend(clients::node(judge));
        steps.extend(clients::page(judge));
    }
    if options.skip_python {
        steps.push(Step::skipped("python examples", "--skip-python: nobody has judged the Python examples"));
    } else {
        steps.extend(clients::python(judge));
    }
    steps
}
