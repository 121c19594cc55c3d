//! The judge: drives servers and clients of the relay protocols through scripted scenarios, in any language, and says which
//! requirement they break, why, and what went over the wire.
//!
//! The way of the data: [`scenario`] is a value; the engine plays it over [`transport`] against a subject, and emits
//! [`event`]s; outcomes pass the baseline and reach the reports.

pub mod baseline;
#[expect(clippy::disallowed_methods, reason = "the only reader of time")]
pub mod clock;
pub mod engine;
pub mod event;
pub mod fuzz;
pub mod lint;
pub mod outcome;
pub mod proxy;
pub mod report;
pub mod scenario;
#[expect(clippy::disallowed_types, reason = "starts servers and clients under test")]
pub mod subject;
pub mod transport;
