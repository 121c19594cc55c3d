//! `ci`: all tests and gates, one after the other. The steps and their order stand here; how they are run does not.

mod accelerated;
mod clients;
mod node;
mod sequence;
mod server;

use std::path::Path;

use anyhow::Result;

use crate::{cargo, gen_schemas, schema_diff, tidy, workspace};
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
        Step::command(
            "release build",
            cargo::cargo(["build", "--release", "--package", "relayspec-conformance", "--bin", "conformance"]),
        ),
        Step::command("self-test", self_test),
        accelerated::step(judge),
    ];
    if options.skip_node {
        steps.push(Step::skipped("node examples", "--skip-node: nobody has judged the Node examples"));
    } else {
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
