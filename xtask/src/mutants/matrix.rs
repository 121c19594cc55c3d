//! The kill matrix: which checks kill which mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::excuse::Excuses;
use super::trial::{Kill, TrialResult};
use crate::suite::Mutant;

/// Checks that every scenario has, and that test no requirement of their own.
const GENERAL: [&str; 2] = ["story", "lint"];

/// What the mutants of all roles showed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Matrix {
    pub(crate) roles: Vec<RoleMatrix>,
}

/// What the mutants of one role showed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RoleMatrix {
    /// As `pairing.relay`.
    pub(crate) role: String,
    /// The checks that its reference passes, with the requirement that each tests.
    pub(crate) checks: BTreeMap<String, Option<String>>,
    /// The checks that did not apply to it.
    pub(crate) skipped: BTreeSet<String>,
    pub(crate) mutants: Vec<MutantRow>,
}

/// What a mutant showed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MutantRow {
    pub(crate) name: String,
    pub(crate) violates: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cascading: bool,
    /// The scenario that kills it soonest.
    pub(crate) probe: Option<String>,
    /// The requirements that failures are attributed to.
    pub(crate) attributed: BTreeSet<String>,
    /// The checks that kill it, by scenario.
    pub(crate) killed_by: BTreeMap<String, BTreeSet<String>>,
    /// The same with the requirements of each, which only a run knows.
    #[serde(skip)]
    pub(super) kills: Vec<Kill>,
}

impl RoleMatrix {
    pub(super) fn new(role: &str) -> Self {
        Self { role: role.to_owned(), ..Self::default() }
    }

    fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let named = self.checks.iter().filter(|(id, _)| !is_general(id));
        named.map(|(id, requirement)| (id.as_str(), requirement.as_deref()))
    }

    /// The checks with a name that kill no mutant, with the requirement that each tests.
    pub(crate) fn idle(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let killers: BTreeSet<_> = self.mutants.iter().flat_map(MutantRow::killers).collect();
        self.named().filter(move |(id, _)| !killers.contains(*id))
    }

    /// The idle checks without an excuse.
    pub(super) fn open(&self, excuses: &Excuses) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.idle().filter(|(id, _)| !excuses.check.iter().any(|excuse| excuse.covers(&self.role, id)))
    }

    /// How many checks have a name, and how many of them kill a mutant.
    pub(super) fn useful(&self) -> (usize, usize) {
        let named = self.named().count();
        (named, named - self.idle().count())
    }

    /// The mutants that are killed.
    pub(super) fn killed(&self) -> impl Iterator<Item = &MutantRow> {
        self.mutants.iter().filter(|row| !row.killed_by.is_empty())
    }
}

impl MutantRow {
    pub(super) fn new(mutant: &Mutant, kills: Vec<Kill>) -> Self {
        // A right attribution shows more than a mere failure.
        let is_right = |kill: &Kill| kill.requirements.iter().any(|one| mutant.violates(one));
        let probe = kills.iter().min_by(|a, b| (!is_right(a)).cmp(&!is_right(b)).then(a.took.total_cmp(&b.took)));
        let mut killed_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for kill in &kills {
            let check = kill.check.split_once('#').map_or("", |(_, check)| check);
            killed_by.entry(kill.scenario().to_owned()).or_default().insert(check.to_owned());
        }
        Self {
            name: mutant.name.clone(),
            violates: mutant.violates.clone(),
            causes: mutant.causes.clone(),
            cascading: mutant.cascading,
            probe: probe.map(|kill| kill.scenario().to_owned()),
            attributed: kills.iter().flat_map(|kill| kill.requirements.clone()).collect(),
            killed_by,
            kills,
        }
    }

    /// Adds what another trial of the mutant showed.
    pub(super) fn extend(&mut self, mutant: &Mutant, result: TrialResult) {
        let kills = std::mem::take(&mut self.kills).into_iter().chain(result.kills).collect();
        *self = Self::new(mutant, kills);
    }

    /// Replaces what these scenarios, or all if none is named, showed before.
    pub(super) fn replace(&mut self, mutant: &Mutant, scenarios: &[String], result: TrialResult) {
        self.kills.retain(|kill| !scenarios.is_empty() && scenarios.iter().all(|one| one != kill.scenario()));
        self.extend(mutant, result);
    }

    /// Whether it is a mutant by place, which violates no requirement of its own.
    pub(super) fn is_by_place(&self) -> bool {
        self.violates.is_empty()
    }

    /// The checks that kill it.
    pub(super) fn killers(&self) -> impl Iterator<Item = String> {
        let checks =
            self.killed_by.iter().flat_map(|(scenario, checks)| checks.iter().map(move |check| (scenario, check)));
        checks.map(|(scenario, check)| format!("{scenario}#{check}"))
    }

    /// Whether it violates this requirement, and a check that tests it kills it.
    pub(crate) fn is_killed_by(&self, requirement: &str) -> bool {
        self.violates.iter().any(|violated| violated == requirement) && self.attributed.contains(requirement)
    }
}

impl Matrix {
    /// Reads a matrix.
    ///
    /// # Errors
    /// If there is none, or it has another form.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let why = || format!("{}: write it with `cargo xtask mutants`", path.display());
        serde_json::from_str(&fs::read_to_string(path).with_context(why)?).with_context(why)
    }

    /// Replaces some roles.
    pub(super) fn with(mut self, newer: Self) -> Self {
        for role in newer.roles {
            match self.roles.iter_mut().find(|own| own.role == role.role) {
                Some(own) => *own = role,
                None => self.roles.push(role),
            }
        }
        self
    }

    /// JSON with a line for each check and each mutant, so that a diff shows what changed.
    pub(super) fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string::<str>;
        let mut roles = Vec::new();
        for role in &self.roles {
            let checks =
                role.checks.iter().map(|(id, own)| Ok(format!("{}:{}", json(id)?, serde_json::to_string(own)?)));
            let checks = checks.collect::<Result<Vec<_>>>()?.join(",\n");
            let mutants = role.mutants.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?.join(",\n");
            let (name, skipped) = (json(&role.role)?, serde_json::to_string(&role.skipped)?);
            roles.push(format!(
                "{{\"role\":{name},\"checks\":{{\n{checks}\n}},\"skipped\":{skipped},\"mutants\":[\n{mutants}\n]}}"
            ));
        }
        Ok(format!("{{\"roles\":[\n{}\n]}}\n", roles.join(",\n")))
    }

    /// A scenario that kills a mutant, if this role is the first in which a mutant of this name is killed.
    pub(super) fn first_kill(&self, mutant: &Mutant) -> Option<&str> {
        let killed = |role| Some((role, RoleMatrix::killed(role).find(|row| row.name == mutant.name)?));
        let (first, row) = self.roles.iter().find_map(killed)?;
        row.killed_by.keys().next().filter(|_| first.role == mutant.role).map(String::as_str)
    }

    /// The row of a mutant.
    pub(super) fn row(&self, mutant: &Mutant) -> Option<&MutantRow> {
        let role = self.roles.iter().find(|role| role.role == mutant.role)?;
        role.mutants.iter().find(|row| row.name == mutant.name)
    }
}

/// Whether a check is one of those that every scenario has.
pub(crate) fn is_general(id: &str) -> bool {
    id.split_once('#').is_none_or(|(_, name)| GENERAL.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::super::rules::tests::kills;
    use super::*;

    #[test]
    fn replaces_and_extends_rows() {
        let mutant = Mutant::none();
        let before = || MutantRow::new(&mutant, kills(&[("rpc/a#one", &["RPC-01"]), ("rpc/b#two", &["RPC-02"])]));
        let result = |own| TrialResult { kills: kills(own), ..TrialResult::default() };
        let shown = |row: MutantRow| [row.killers().collect::<Vec<_>>(), row.attributed.into_iter().collect()].concat();

        let mut row = before();
        row.replace(&mutant, &["rpc/b".to_owned(), "rpc/c".to_owned()], result(&[("rpc/c#three", &["RPC-03"])]));
        assert_eq!(shown(row), ["rpc/a#one", "rpc/c#three", "RPC-01", "RPC-03"]);
        let mut row = before();
        row.replace(&mutant, &[], result(&[("rpc/c#three", &["RPC-03"])]));
        assert_eq!(shown(row), ["rpc/c#three", "RPC-03"], "all scenarios");
        let mut row = before();
        row.extend(&mutant, result(&[("rpc/b#three", &["RPC-03"])]));
        assert_eq!(row.killers().collect::<Vec<_>>(), ["rpc/a#one", "rpc/b#three", "rpc/b#two"]);
    }
}
