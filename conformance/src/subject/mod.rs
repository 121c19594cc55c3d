//! Subjects: where they are found, how they are started and ended. The only part of the runner that starts processes.

mod accelerate;
mod client;
mod command;
mod guard;
mod manifest;
mod output;
mod params;
mod process;
mod shared;
mod template;
mod url;

pub use accelerate::{Accelerator, LIBRARY_VARIABLE};
pub use client::{ClientLauncher, ClientTemplate, Driver};
pub use command::{CommandLauncher, CommandSubject, NotStarted};
pub use guard::{Guard, keep};
pub use manifest::{Manifest, ParameterName};
pub use params::{Param, Params, Ports, placeholders};
pub use shared::{Announce, SharedClient};
pub use template::ServerTemplate;
pub use url::{UrlSubject, preflight};
