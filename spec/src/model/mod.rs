//! Models: the state that a server keeps across all its connections, and the messages that follow from it.
//!
//! A model draws random but valid operations ([`Op`]) and writes, as scenario steps, what each of them requires of the server. It is
//! pure: the runner executes the steps, and shrinks a sequence that fails.
//!
//! ```
//! use relayspec::family::Family;
//! use relayspec::model::{ChoiceSource, Script, ServerProfile};
//!
//! let factory = Family::named("pairing").and_then(|family| family.model).expect("a model");
//! let mut model = (factory.new)(ServerProfile::default());
//! let mut lowest = |_: u32| 0;
//! let op = model.draw(&mut ChoiceSource::new(&mut lowest));
//! let mut script = Script::default();
//! assert!(model.apply(&op, &mut script), "a drawn operation is possible");
//! assert!(!script.steps.is_empty());
//! ```

mod choice;
mod script;

use std::collections::BTreeSet;

pub use choice::ChoiceSource;
pub use script::{PONG, Script, literal};

use crate::timing::Timing;

/// An operation. It is made of plain numbers, so that a smaller number is a simpler operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// The kind; each model has its own.
    pub kind: &'static str,
    /// The number of the actor that the operation is about; an actor gets its number from its first operation.
    pub on: u32,
    /// The number of a second actor.
    pub with: u32,
    /// The variant; 0 is the simplest.
    pub how: u32,
    /// The size; 0 is the smallest.
    pub size: u32,
}

impl Op {
    /// The simplest operation of a kind, on an actor.
    pub const fn new(kind: &'static str, on: u32) -> Self {
        Self { kind, on, with: 0, how: 0, size: 0 }
    }

    /// The same with a second actor.
    #[must_use]
    pub const fn with(self, with: u32) -> Self {
        Self { with, ..self }
    }

    /// The same in another variant.
    #[must_use]
    pub const fn how(self, how: u32) -> Self {
        Self { how, ..self }
    }

    /// The same with another size.
    #[must_use]
    pub const fn size(self, size: u32) -> Self {
        Self { size, ..self }
    }
}

/// What a model knows about the server under test.
#[derive(Debug, Clone, Default)]
pub struct ServerProfile {
    /// Its timing parameters.
    pub timing: Timing,
    /// The names of the variables that it declares.
    pub params: BTreeSet<String>,
    /// The ids of the requirements that it need not meet: each a SHOULD that it was seen to violate.
    pub waived: BTreeSet<String>,
}

impl ServerProfile {
    /// Whether the server must meet a requirement.
    pub fn holds(&self, requirement: &str) -> bool {
        !self.waived.contains(requirement)
    }
}

/// The state of a server across all its connections.
pub trait Model: Send {
    /// Draws an operation that is possible now.
    fn draw(&self, choices: &mut ChoiceSource<'_>) -> Op;

    /// Applies an operation: writes what the clients do and what must follow. False, and nothing written, if it is not possible now.
    fn apply(&mut self, op: &Op, script: &mut Script) -> bool;

    /// The numbers of the actors with open connections.
    fn open(&self) -> Vec<u32>;

    /// The last operations of a sequence: they check that no open connection has received anything unexpected.
    fn looks(&self) -> Vec<Op> {
        self.open().into_iter().map(|id| Op::new("look", id)).collect()
    }
}

/// The state of a connection, as the server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    Open,
    /// It is lost, and the server may not have noticed.
    Dropped,
    Gone,
}

/// Creates the models of a family.
#[derive(Debug, Clone, Copy)]
pub struct ModelFactory {
    /// A model of a server without connections.
    pub new: fn(ServerProfile) -> Box<dyn Model>,
    /// The variables that the server must declare.
    pub needs: &'static [&'static str],
    /// The variables that it may declare, which allow more operations.
    pub uses: &'static [&'static str],
}
