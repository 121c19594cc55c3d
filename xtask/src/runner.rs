//! The judge, which this crate must not link: built, and asked what it knows.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use crate::{cargo, workspace};

/// Asks for the scenarios, once for each role.
pub(crate) const SCENARIOS: &[&str] = &["list", "--json"];
/// Asks for the mutants of the references.
pub(crate) const MUTANTS: &[&str] = &["reference", "--list-mutants", "--json"];

/// Builds the release binary; where it is.
///
/// # Errors
/// Where it does not build.
pub(crate) fn release() -> Result<PathBuf> {
    let package = ["--package", "relayspec-conformance", "--bin", "conformance"];
    cargo::run(cargo::cargo(["build", "--release"]).args(package))?;
    workspace::release_binary()
}

/// The judge as it is in the tree, built where it has to be.
pub(crate) fn in_tree() -> Command {
    cargo::cargo(["run", "--quiet", "--bin", "conformance", "--"])
}

/// What a judge answers in JSON, as much of it as is wanted.
///
/// # Errors
/// Where it cannot be run, or prints something else.
pub(crate) fn ask<T: DeserializeOwned>(mut judge: Command, question: &[&str]) -> Result<T> {
    let printed = cargo::output(judge.args(question))?;
    let why = || format!("`conformance {}` printed something unexpected", question.join(" "));
    serde_json::from_str(&printed).with_context(why)
}
