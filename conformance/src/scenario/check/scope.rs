//! The names that are in sight of a step.

use std::collections::BTreeSet;

use relayspec::family::Family;

use crate::scenario::term::is_name;
use crate::scenario::{Bytes, Term};

/// The names that a step may use.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) clients: &'static [&'static str],
    /// Whether connections are made to paths.
    pub(super) has_paths: bool,
    /// How often the steps are played, by all the `many` around them.
    pub(super) iterations: usize,
    /// How many of these at once.
    pub(super) at_once: usize,
    /// The clients under test that were started.
    pub(super) started: BTreeSet<String>,
    pub(super) connections: BTreeSet<String>,
    /// HTTP servers of the script.
    pub(super) sites: BTreeSet<String>,
    /// HTTP requests, of the subject and to it.
    pub(super) exchanges: BTreeSet<String>,
    pub(super) variables: BTreeSet<String>,
}

impl Scope {
    /// What the first step of a scenario sees.
    pub(super) fn new(family: &Family) -> Self {
        Self {
            clients: family.clients,
            has_paths: !family.is_framed(),
            iterations: 1,
            at_once: 1,
            started: BTreeSet::new(),
            connections: BTreeSet::new(),
            sites: BTreeSet::new(),
            exchanges: BTreeSet::new(),
            variables: BTreeSet::new(),
        }
    }

    pub(super) fn has(&self, connection: &str) -> Result<(), String> {
        if self.connections.contains(connection) {
            return Ok(());
        }
        let open: Vec<_> = self.connections.iter().map(String::as_str).collect();
        let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
        Err(format!("no connection is called `{connection}` here; open are: {open}"))
    }

    pub(super) fn is_started(&self, client: &str) -> Result<(), String> {
        if self.started.contains(client) {
            return Ok(());
        }
        let started: Vec<_> = self.started.iter().map(String::as_str).collect();
        let started = if started.is_empty() { "none".to_owned() } else { started.join(", ") };
        Err(format!("no client is called `{client}` here; started are: {started}"))
    }

    pub(super) fn is_served(&self, site: &str) -> Result<(), String> {
        if self.sites.contains(site) {
            Ok(())
        } else {
            Err(format!("no server is called `{site}` here: `serve` opens one"))
        }
    }

    pub(super) fn is_under_way(&self, exchange: &str) -> Result<(), String> {
        if self.exchanges.contains(exchange) { Ok(()) } else { Err(format!("no request is called `{exchange}` here")) }
    }

    /// What is sent, or computed with, needs a value for each variable and has no matchers.
    pub(super) fn knows(&self, term: &Term) -> Result<(), String> {
        if let Some(matcher) = matcher(term) {
            return Err(format!(
                "`{}` is a matcher: it goes with what is expected, not with what is sent",
                matcher.print()
            ));
        }
        self.has_values(|see| term.each_variable(see))
    }

    /// The same of a binary message that is sent.
    pub(super) fn can_send(&self, bytes: &Bytes) -> Result<(), String> {
        bytes.is_definite()?;
        self.knows_of(bytes)
    }

    /// Bytes give no variable a value, also where they are expected.
    pub(super) fn knows_of(&self, bytes: &Bytes) -> Result<(), String> {
        self.has_values(|see| bytes.each_variable(see))
    }

    fn has_values(&self, each: impl FnOnce(&mut dyn FnMut(&str))) -> Result<(), String> {
        let mut unknown = None;
        each(&mut |name| {
            if !self.variables.contains(name) {
                unknown.get_or_insert_with(|| name.to_owned());
            }
        });
        unknown.map_or(Ok(()), |name| Err(format!("`${name}` has no value here: no step before this one gives it one")))
    }

    /// What is expected gives variables a value, where they have none.
    pub(super) fn binds(&mut self, term: &Term) {
        term.each_variable(&mut |name| {
            self.variables.insert(name.to_owned());
        });
    }

    pub(super) fn variable(&mut self, name: &str) -> Result<(), String> {
        named(name)?;
        self.variables.insert(name.to_owned());
        Ok(())
    }
}

fn matcher(term: &Term) -> Option<&Term> {
    match term {
        Term::Is(_)
        | Term::Not(_)
        | Term::AnyOf(_)
        | Term::Equals(_)
        | Term::JsonText(_)
        | Term::One { .. }
        | Term::Contains(_)
        | Term::MadeOf { .. } => Some(term),
        Term::List(terms) => terms.iter().find_map(matcher),
        Term::Object(members) => members.iter().find_map(|(_, term)| matcher(term)),
        Term::Base64(bytes) => bytes.is_definite().is_err().then_some(term),
        Term::Plain(_) | Term::Text(_) | Term::Variable(_) | Term::Repeat { .. } | Term::Change { .. } => None,
    }
}

/// Whether a text can name a variable or a connection.
pub(super) fn named(name: &str) -> Result<(), String> {
    if is_name(name) { Ok(()) } else { Err(format!("`{name}` is no name: write small letters, digits and `_`")) }
}
