//! Integration tests.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests take times and start programs")]

mod bad_input;
mod fuzz;
mod loader_errors;
mod mutants;
mod proxy;
mod reports;
mod rpc;
mod scenarios;
mod self_test;
mod support;
mod sync;
mod verdicts;
mod wire;
