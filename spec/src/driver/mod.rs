//! The driver protocol: how the runner starts a client under test, commands it, and is told what happens (chapter `driver`).
//!
//! One line of JSON is one command or one event. This module reads and writes such lines; it starts no process and reads no stream.

mod command;
mod event;
mod line;
mod params;
mod schema;

pub use command::{Command, Refused};
pub use event::Event;
pub use params::Params;
pub use schema::schema;

/// Stands in a client's command for the whole address of the endpoint that it is to connect to.
pub const URL_PLACEHOLDER: &str = "{url}";

/// The environment variable that holds the same address as [`URL_PLACEHOLDER`].
pub const URL_VARIABLE: &str = "CONFORMANCE_URL";

/// The environment variable that holds the id of the scenario.
pub const SCENARIO_VARIABLE: &str = "CONFORMANCE_SCENARIO";

/// The environment variable that holds the [`Params`] as a JSON object.
pub const PARAMS_VARIABLE: &str = "CONFORMANCE_PARAMS";
