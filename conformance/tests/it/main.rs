//! Integration tests.

mod loader_errors;
mod reports;
mod scenarios;
mod support;
