//! The engine: plays scenarios against a subject and emits what happens.
//!
//! It asks the family for everything that differs between families, and knows neither reports nor how subjects are started.

mod actor;
mod alone;
mod attempts;
mod barrier;
mod doubt;
mod fit;
mod player;
mod puppet;
mod random;
mod recorder;
mod run;
mod secrets;
mod steps;
mod story;
mod target;
mod witness;

pub use alone::{Alone, alone};
pub use player::Stage;
pub use run::{Ended, Part, Plan, run};
pub use secrets::Secrets;
pub use target::{Boxed, Call, Client, Ending, Launcher, Line, Party, Process, Started, Starter, Subject, Target};
