//! Integration tests.
mod reports;
