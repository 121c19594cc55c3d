//! Integration tests.

mod bad_input;
mod loader_errors;
mod middleman;
mod reports;
mod scenarios;
mod self_test;
mod support;
mod sync;
mod terminal;
mod verdicts;
mod wire;
