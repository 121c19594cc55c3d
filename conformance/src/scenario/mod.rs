//! Scenarios: scripts that exercise a subject and cite the requirements that they cover.
//!
//! A scenario is a value: [`load`] reads it from YAML with a place for every error, [`save`] writes it back, and reading the
//! result gives the same value. Nothing here runs a scenario; the engine does.

mod at;
mod check;
mod check_name;
mod header;
mod id;
mod library;
mod load;
mod save;
mod scope;
mod script;
mod select;
mod size;
mod span;
pub mod step;
mod term;
mod traits;
pub(crate) mod yaml;

pub use at::{At, Place};
pub use check::ScriptError;
pub use check_name::{CheckName, CheckNameError, LINT, SCENARIO_CHECK};
pub use id::ScenarioId;
pub use library::{built_in, built_in_of};
pub use load::{LoadCause, LoadError, load, load_file};
pub use save::{SaveError, save};
pub use script::{Check, Scenario, Script, each_step};
pub use select::{Filter, FilterError, Selection};
pub use size::{Size, SizeError};
pub use span::{Measures, Span, SpanError, to_the_cap};
pub use step::Step;
pub(crate) use term::is_name;
pub use term::{
    Bindings, ByteDifference, Bytes, BytesError, ExpectedBytes, HexError, Kind, Mismatch, Term, TermError, Variables,
    hex, same,
};
pub use traits::Trait;
