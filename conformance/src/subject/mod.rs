//! Subjects: where to find them, how to start and end them. The only part of the runner that starts processes.

mod accelerate;
mod client;
mod command;
mod guard;
mod manifest;
mod output;
mod params;
mod process;
mod shared;
mod start_error;
mod template;
mod url;

pub use accelerate::{Accelerator, AcceleratorError, LIBRARY_VARIABLE};
pub use client::{ClientLauncher, Driver};
pub use command::{CommandLauncher, CommandSubject};
pub use guard::{Guard, keep};
pub use manifest::{Manifest, ManifestError, ParameterName, ParameterNameError};
pub use params::{Param, ParamError, Params, Ports, placeholders};
pub use shared::{Announce, SharedClient};
pub use start_error::{Readiness, StartError, StartProblem};
pub use template::{ClientTemplate, ServerTemplate, TemplateError};
pub use url::{PreflightError, UrlSubject, preflight};
