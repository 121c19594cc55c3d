//! The runner as a program, since this crate must not link it: building it, and asking what it knows.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::cargo;

/// Asks for the scenarios, once for each role.
pub(crate) const SCENARIOS: &[&str] = &["list", "--json"];
/// Asks for the mutants of the reference implementations.
pub(crate) const MUTANTS: &[&str] = &["reference", "--list-mutants", "--json"];

/// Builds the release binary and returns its path.
///
/// # Errors
/// If it does not build.
pub(crate) fn release() -> Result<PathBuf> {
    let package = ["--package", "relayspec-conformance", "--bin", "conformance"];
    cargo::run(cargo::cargo(["build", "--release"]).args(package))?;
    release_binary()
}

/// The path of the release binary, whether it is built or not.
///
/// # Errors
/// If cargo cannot read the workspace.
pub(crate) fn release_binary() -> Result<PathBuf> {
    Ok(cargo::target()?.join("release").join(format!("conformance{}", std::env::consts::EXE_SUFFIX)))
}

/// The runner of the working tree, built if it has to be.
pub(crate) fn in_tree() -> Command {
    cargo::cargo(["run", "--quiet", "--bin", "conformance", "--"])
}

/// The runner's answer to a question, from JSON.
///
/// # Errors
/// If it cannot be run, or prints something else.
pub(crate) fn ask<T: DeserializeOwned>(mut runner: Command, question: &[&str]) -> Result<T> {
    let printed = cargo::output(runner.args(question))?;
    let why = || format!("`conformance {}` printed something unexpected", question.join(" "));
    serde_json::from_str(&printed).with_context(why)
}
