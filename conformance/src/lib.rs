//! The conformance runner: runs scripted scenarios against servers and clients of the relay protocols, in any language, and reports
//! which requirement they violate, why, and what was sent and received.
//!
//! A [`scenario`] is a value. The [`engine`] runs it over [`transport`] against a subject and emits [`event`]s, which pass the
//! [`baseline`] and reach the reports.

pub mod baseline;
#[expect(clippy::disallowed_methods, reason = "the only reader of time")]
pub mod clock;
pub mod engine;
pub mod event;
pub mod fuzz;
pub mod lint;
pub mod outcome;
mod position;
pub mod protocol;
pub mod proxy;
pub mod report;
pub mod scenario;
#[expect(clippy::disallowed_types, reason = "starts servers and clients under test")]
pub mod subject;
pub mod transport;
