//! `cargo xtask ci`: all checks, in this order.

mod accelerated;
mod clients;
mod node;
mod sequence;
mod server;
mod tools;

use std::path::Path;

use anyhow::Result;

use crate::{book, cargo, gen_schemas, mutants, runner, schema_diff, tidy, trace};
use clients::within;
use sequence::Step;

/// Options of `cargo xtask ci`.
#[derive(Debug, clap::Args)]
pub(crate) struct CiOptions {
    /// Skip the Node examples
    #[arg(long)]
    skip_node: bool,
    /// Skip the Python examples, and the tools that come as Python packages
    #[arg(long)]
    skip_python: bool,
}

/// Runs all checks.
///
/// # Errors
/// At the first step that fails.
pub(crate) fn run(options: &CiOptions) -> Result<()> {
    let runner = runner::release_binary()?;
    sequence::run(steps(&runner, options))
}

fn steps(runner: &Path, options: &CiOptions) -> Vec<Step> {
    let mut doc = cargo::cargo(["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    let mut self_test = cargo::program(runner);
    self_test.arg("self-test");
    let build = ["build", "--release", "--package", "relayspec-conformance", "--bin", "conformance"];
    // A crate outside the workspace, as a user's is.
    let manifest = ["--manifest-path", "examples/cargo-test/Cargo.toml", "--target-dir", "target/cargo-test"];
    let mut in_cargo_test = cargo::cargo(["test", "--locked"]);
    in_cargo_test.args(manifest).env("CONFORMANCE_PROGRAM", runner);

    let mut steps = vec![
        Step::command("format", cargo::cargo(["fmt", "--all", "--check"])),
        Step::function("tidy", "cargo xtask tidy", tidy::run),
    ];
    if options.skip_python {
        steps.push(Step::skipped("tools", "--skip-python: spelling, links and dependencies are not checked"));
    } else {
        steps.extend(tools::steps());
    }
    steps.extend([
        Step::command("clippy", cargo::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        Step::command("tests", cargo::cargo(["test", "--workspace"])),
        Step::function("schemas", "cargo xtask gen-schemas --check", gen_schemas::check),
        Step::function("compatibility", "cargo xtask schema-diff", schema_diff::check),
        Step::command("docs", doc),
        // It is outside the workspace.
        Step::command("book format", cargo::cargo(["fmt", "--manifest-path", "xtask/mdbook/Cargo.toml", "--check"])),
        Step::function("book", "cargo xtask book", book::run),
        Step::command("release build", cargo::cargo(build)),
        Step::command("self-test", self_test),
        accelerated::step(runner),
        Step::function("mutants", "cargo xtask mutants --fast", mutants::run_fast),
        Step::function("coverage", "cargo xtask trace --check", trace::check),
        Step::command("runner in cargo test", in_cargo_test),
    ]);
    if options.skip_node {
        let why = "--skip-node: neither the Node examples nor the generated AsyncAPI and TypeScript are checked";
        steps.push(Step::skipped("node examples", why));
    } else {
        // What is installed runs no scripts of its own.
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        steps.push(Step::command("schema tools install", within("xtask/node", "npm", &install)));
        steps.push(Step::command("schema tools", within("xtask/node", "npm", &["test"])));
        steps.extend(node::steps(runner));
        steps.extend(clients::node(runner));
        steps.extend(clients::page(runner));
    }
    if options.skip_python {
        steps.push(Step::skipped("python examples", "--skip-python: the Python examples are not checked"));
    } else {
        steps.extend(clients::python(runner));
    }
    steps
}
