//! Models: what a server of a family has to keep in mind of all its connections, and what it must therefore say to whom.
//!
//! A model lets random but sensible things happen ([`Op`]) and writes down what each of them asks of the server, in the words of
//! scenarios. It is pure: who plays what it has written, and looks for the shortest way to a fault, is the judge.

mod dice;
mod script;

use std::collections::BTreeSet;

pub use dice::Dice;
pub use script::{PONG, Script, literal};

use crate::timing::Timing;

/// Something that happens: plain numbers, so that it can be made simpler by making them smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// What happens; the model knows the words.
    pub kind: &'static str,
    /// To whom: the number of an actor, which it bears from its first op on.
    pub on: u32,
    /// With whom: the number of another actor.
    pub with: u32,
    /// In which way; 0 is the plainest.
    pub how: u32,
    /// How much of it; 0 is the least.
    pub size: u32,
}

impl Op {
    /// The plainest op of a kind, on an actor.
    #[must_use]
    pub const fn new(kind: &'static str, on: u32) -> Self {
        Self { kind, on, with: 0, how: 0, size: 0 }
    }

    /// The same with another actor.
    #[must_use]
    pub const fn with(self, with: u32) -> Self {
        Self { with, ..self }
    }

    /// The same in another way.
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

/// What a model is told of the server.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Its timing parameters.
    pub timing: Timing,
    /// The names of what it declares of itself.
    pub params: BTreeSet<String>,
    /// The ids of requirements that it is not held to: each a SHOULD that it was seen to break.
    pub waived: BTreeSet<String>,
}

impl Setting {
    /// Whether the server is held to a requirement.
    #[must_use]
    pub fn holds(&self, requirement: &str) -> bool {
        !self.waived.contains(requirement)
    }
}

/// What a server keeps in mind of all its connections.
pub trait Model: Send {
    /// Draws what may sensibly happen next.
    fn draw(&self, dice: &mut Dice<'_>) -> Op;

    /// Lets it happen: writes what the clients do and what has to come of it. False, and nothing written, where it makes no sense now.
    fn apply(&mut self, op: &Op, script: &mut Script) -> bool;

    /// The last ops of a story: a look at everybody who is there, for what nobody should have got.
    fn looks(&self) -> Vec<Op>;
}

/// The models of a family.
#[derive(Debug, Clone, Copy)]
pub struct Modelled {
    /// A model of a server that nobody is connected to.
    pub new: fn(Setting) -> Box<dyn Model>,
    /// What the server has to declare of itself; each is a variable of this name.
    pub needs: &'static [&'static str],
    /// What it may declare besides, which lets more happen.
    pub uses: &'static [&'static str],
}
