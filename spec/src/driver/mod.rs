//! The driver protocol: how the runner starts a client under test, sends it commands and receives events (chapter `driver`).
//!
//! Each command and each event is one line of JSON. This module parses and writes lines; it starts no process and reads no stream.
//!
//! ```
//! use relayspec::driver::{Command, Event};
//!
//! let command = Command::read(r#"{"do":"join","code":"K7QX4M"}"#)?;
//! assert_eq!(command.name(), "join");
//! assert_eq!(Event::Joined {}.encode(), r#"{"event":"joined"}"#);
//! assert_eq!(Event::read("listening on port 8080"), Ok(None), "log output");
//! # Ok::<(), relayspec::driver::CommandError>(())
//! ```

mod command;
mod event;
mod line;
mod params;
mod schema;

pub use command::{Command, CommandError};
pub use event::Event;
pub use params::Params;
pub use schema::schema;

/// The placeholder in a client's command line for the full URL of the endpoint to connect to.
pub const URL_PLACEHOLDER: &str = "{url}";

/// The environment variable with the same URL as [`URL_PLACEHOLDER`].
pub const URL_VARIABLE: &str = "CONFORMANCE_URL";

/// The environment variable with the id of the scenario.
pub const SCENARIO_VARIABLE: &str = "CONFORMANCE_SCENARIO";

/// The environment variable with the [`Params`] as a JSON object.
pub const PARAMS_VARIABLE: &str = "CONFORMANCE_PARAMS";
