//! Integration tests.

mod agent;
mod bad_input;
mod fuzz;
mod loader_errors;
mod proxy;
mod reports;
mod rpc;
mod scenarios;
mod self_test;
mod support;
mod sync;
mod terminal;
mod tunnel;
mod verdicts;
mod wire;
