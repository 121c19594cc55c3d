//! Integration tests.

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
