//! The engine: runs scenarios against a subject and emits events.
//!
//! It asks the family for everything that differs between families, and knows neither reports nor how subjects are started.

mod applicability;
mod attempt;
mod attempts;
mod barrier;
mod client;
mod connection_state;
mod context;
mod describe;
mod execute;
mod executor;
mod failure;
mod isolated;
mod memory;
mod observer;
mod plan;
mod random;
mod recorder;
mod rerun;
mod run;
mod scenario_run;
mod secrets;
mod sequence;
mod steps;
mod target;
mod transcript;

pub use context::RunContext;
pub use isolated::{IsolatedResult, run_isolated};
pub use plan::{RunEnding, RunPart, RunPlan};
pub use run::run;
pub use secrets::Secrets;
pub use target::{
    Boxed, Launcher, OutputLine, OutputLineError, Process, ProcessExit, RunningClient, StartOptions, StartedClient,
    Starter, Subject, SubjectError, SystemUnderTest, Target,
};
