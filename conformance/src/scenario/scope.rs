//! The names that a step can refer to.

use std::collections::BTreeSet;

use relayspec::family::Family;

use super::term::{Bytes, BytesError, Term, is_name};

/// The names that a step may use, and what surrounds it.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(super) roles: &'static [&'static str],
    /// Whether connections are made to paths.
    pub(super) has_paths: bool,
    /// Whether the step is nested in `many`.
    pub(super) in_many: bool,
    /// How often the step runs, counting every enclosing `many`.
    pub(super) iterations: usize,
    /// How many of these iterations run at once.
    pub(super) at_once: usize,
    /// Clients under test that were started.
    pub(super) clients: BTreeSet<String>,
    pub(super) connections: BTreeSet<String>,
    /// HTTP servers of the script.
    pub(super) servers: BTreeSet<String>,
    /// HTTP requests sent by either side.
    pub(super) requests: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
}

/// Why a name or value cannot be used where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    #[error("unknown {0} `{1}`: {2}")]
    Unknown(&'static str, String, String),
    #[error("`${0}` has no value here: no earlier step sets it")]
    Unset(String),
    #[error("`{0}` is a matcher: use it in what is expected, not in what is sent")]
    Matcher(String),
    #[error("invalid name `{0}`: use lower-case letters, digits and `_`, starting with a letter")]
    InvalidName(String),
    #[error(transparent)]
    Bytes(#[from] BytesError),
}

impl Scope {
    /// The scope of the first step of a scenario.
    pub(super) fn new(family: &Family) -> Self {
        Self {
            roles: family.clients,
            has_paths: !family.is_framed(),
            in_many: false,
            iterations: 1,
            at_once: 1,
            clients: BTreeSet::new(),
            connections: BTreeSet::new(),
            servers: BTreeSet::new(),
            requests: BTreeSet::new(),
            variables: BTreeSet::new(),
        }
    }

    pub(super) fn connection(&self, name: &str) -> Result<(), ScopeError> {
        find("connection", name, "open connections", &self.connections)
    }

    pub(super) fn client(&self, name: &str) -> Result<(), ScopeError> {
        find("client", name, "started clients", &self.clients)
    }

    pub(super) fn server(&self, name: &str) -> Result<(), ScopeError> {
        find("server", name, "servers opened with `serve`", &self.servers)
    }

    pub(super) fn request(&self, name: &str) -> Result<(), ScopeError> {
        find("request", name, "requests", &self.requests)
    }

    /// A value that is sent, or computed with, has no matchers and only variables that are set.
    pub(super) fn can_fill(&self, term: &Term) -> Result<(), ScopeError> {
        if let Some(matcher) = term.matcher() {
            return Err(ScopeError::Matcher(matcher.print()));
        }
        self.all_set(|visit| term.each_variable(visit))
    }

    /// The same for a binary message that is sent.
    pub(super) fn can_send(&self, bytes: &Bytes) -> Result<(), ScopeError> {
        bytes.is_definite()?;
        self.can_expect(bytes)
    }

    /// Bytes set no variable, even if they are expected.
    pub(super) fn can_expect(&self, bytes: &Bytes) -> Result<(), ScopeError> {
        self.all_set(|visit| bytes.each_variable(visit))
    }

    fn all_set(&self, each: impl FnOnce(&mut dyn FnMut(&str))) -> Result<(), ScopeError> {
        let mut unset = None;
        each(&mut |name| {
            if !self.variables.contains(name) {
                unset.get_or_insert_with(|| name.to_owned());
            }
        });
        unset.map_or(Ok(()), |name| Err(ScopeError::Unset(name)))
    }

    /// A pattern sets its variables, if they are not set yet.
    pub(super) fn bind(&mut self, term: &Term) {
        term.each_variable(&mut |name| {
            self.variables.insert(name.to_owned());
        });
    }

    /// A step sets a variable.
    pub(super) fn set(&mut self, name: &str) -> Result<(), ScopeError> {
        valid_name(name)?;
        self.variables.insert(name.to_owned());
        Ok(())
    }
}

/// Whether a text can name a variable or a connection.
pub(super) fn valid_name(name: &str) -> Result<(), ScopeError> {
    if is_name(name) { Ok(()) } else { Err(ScopeError::InvalidName(name.to_owned())) }
}

fn find(kind: &'static str, name: &str, introduced: &str, known: &BTreeSet<String>) -> Result<(), ScopeError> {
    if known.contains(name) {
        return Ok(());
    }
    let names: Vec<_> = known.iter().map(String::as_str).collect();
    let all = if names.is_empty() {
        format!("no {introduced} so far")
    } else {
        format!("{introduced}: {}", names.join(", "))
    };
    Err(ScopeError::Unknown(kind, name.to_owned(), all))
}
