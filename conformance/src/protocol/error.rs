//! What can be wrong with a protocol: file, place, what was expected, and the remedy.

use crate::scenario::Place;

/// Why a protocol could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {problem}", if .place.line > 0 { format!(":{}", .place) } else { String::new() })]
pub struct ProtocolError {
    /// The file.
    pub file: String,
    /// Where in it; 0 if the whole file is meant.
    pub place: Place,
    /// What is wrong, and what to write instead.
    pub problem: Problem,
}

/// What is wrong with a part of a protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A file is not UTF-8.
    #[error("not UTF-8 at byte {at}: save the file as UTF-8")]
    NotUtf8 {
        /// The first byte that is none.
        at: usize,
    },
    /// Too much to read.
    #[error("the files of the protocol are larger than {most} in all: keep recordings and builds out of the folder")]
    TooLarge {
        /// The limit.
        most: String,
    },
    /// A file outside the folder.
    #[error("`{0}` leads out of the folder of the protocol: copy the file into it")]
    Outside(String),
    /// The text is not YAML, or not of the form of a definition.
    #[error("{0}")]
    Form(String),
    /// A line that opens in bold and is no requirement.
    #[error(
        "a line that opens in bold is a requirement: `**CHAT-01** MUST · server · The statement.`; expected {what}"
    )]
    RequirementLine {
        /// What was expected.
        what: &'static str,
    },
    /// Two requirements with one id.
    #[error("the id `{id}` is that of the requirement in line {line}: ids are unique in any case of letters")]
    DuplicateId {
        /// The id.
        id: String,
        /// The line of the other.
        line: usize,
    },
    /// A role that the protocol does not have.
    #[error("unknown role `{role}`: the roles are {known}")]
    UnknownRole {
        /// The role.
        role: String,
        /// Those that there are.
        known: String,
    },
    /// A direction that is none.
    #[error("unknown direction `{direction}`: the directions are {known}")]
    UnknownDirection {
        /// What was written.
        direction: String,
        /// Those that there are.
        known: String,
    },
    /// A message that no direction has.
    #[error("unknown message `{message}`: {sender} sends {known}")]
    UnknownMessage {
        /// The message.
        message: String,
        /// Who would send it.
        sender: String,
        /// Those that it sends.
        known: String,
    },
    /// A state that no rule leads to.
    #[error("unknown state `{state}`: no rule leads to it; the states are {known}")]
    UnknownState {
        /// The state.
        state: String,
        /// Those that there are.
        known: String,
    },
    /// A requirement that is stated nowhere.
    #[error("unknown requirement `{id}`: {remedy}")]
    UnknownRequirement {
        /// The id.
        id: String,
        /// What to do.
        remedy: String,
    },
    /// A message without a schema, or with two.
    #[error("the message `{message}` has {what}: write `schema: FILE` or `inline: {{ … }}`, one of them")]
    MessageForm {
        /// The message.
        message: String,
        /// What it has.
        what: &'static str,
    },
    /// A schema that is no JSON Schema.
    #[error("invalid JSON Schema: {0}")]
    Schema(String),
    /// A schema that refers to another host.
    #[error("`$ref` to `{0}`: schemas are never fetched; put a copy into the folder and refer to that")]
    RemoteReference(String),
    /// A schema that refers to nothing.
    #[error("`$ref` to `{0}`, which does not exist")]
    DanglingReference(String),
    /// A timing parameter that is not defined.
    #[error("unknown timing parameter `{name}`: define it below `timing`; there are {known}")]
    UnknownParameter {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A duration that is none.
    #[error("{0}")]
    Duration(String),
    /// An opening that cannot end.
    #[error("the opening of `{role}` cannot end: {why}")]
    EndlessOpening {
        /// The role.
        role: String,
        /// Why.
        why: String,
    },
    /// A protocol that extends itself.
    #[error("`extends` in a circle: {0}")]
    Circle(String),
    /// A protocol that does not exist.
    #[error("unknown protocol `{name}`: there are {known}, and every folder with a `protocol.yaml`")]
    UnknownProtocol {
        /// What was asked for.
        name: String,
        /// The built-in ones.
        known: String,
    },
    /// A rule that the runner does not have.
    #[error("unknown built-in rule `{name}`: there are {known}")]
    UnknownRule {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Another problem, in words.
    #[error("{0}")]
    Other(String),
}
