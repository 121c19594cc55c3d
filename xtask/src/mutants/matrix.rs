//! The kill matrix: which checks find which mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::excuse::Excuses;
use super::mutant::Mutant;
use super::play::{Kill, Played};

/// Checks that every scenario has, and that judge no requirement of their own.
const GENERAL: [&str; 2] = ["story", "lint"];

/// What a run of all mutants showed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Matrix {
    /// Role by role.
    pub(crate) roles: Vec<Seat>,
}

/// A role.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// As `pairing.relay`.
    pub(crate) role: String,
    /// The checks that its reference passes, with the requirement that each judges.
    pub(crate) checks: BTreeMap<String, Option<String>>,
    /// Those that did not apply to it.
    pub(crate) skipped: BTreeSet<String>,
    pub(crate) mutants: Vec<Row>,
}

/// A mutant.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) line: String,
    pub(crate) breaks: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cascading: bool,
    /// The scenario that finds it soonest.
    pub(crate) probe: Option<String>,
    /// The requirements that are blamed for it.
    pub(crate) blamed: BTreeSet<String>,
    /// The checks that find it, by scenario.
    pub(crate) killed_by: BTreeMap<String, BTreeSet<String>>,
    /// The same with the requirements that each blames: known of a run alone.
    #[serde(skip)]
    pub(super) kills: Vec<Kill>,
}

impl Seat {
    pub(super) fn new(role: &str) -> Self {
        Self { role: role.to_owned(), checks: BTreeMap::new(), skipped: BTreeSet::new(), mutants: Vec::new() }
    }

    /// The checks with a name of their own.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let named = self.checks.iter().filter(|(id, _)| !is_general(id));
        named.map(|(id, requirement)| (id.as_str(), requirement.as_deref()))
    }

    /// The checks with a name that find no mutant, with the requirement that each judges.
    pub(crate) fn idle(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let killers = self.killers();
        self.named().filter(move |(id, _)| !killers.contains(*id))
    }

    /// Those of them that nothing excuses.
    pub(super) fn open(&self, excuses: &Excuses) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.idle().filter(|(id, _)| !excuses.check.iter().any(|excuse| excuse.covers(&self.role, id)))
    }

    /// How many checks have a name, and how many of them find a mutant.
    pub(super) fn useful(&self) -> (usize, usize) {
        let named = self.named().count();
        (named, named - self.idle().count())
    }

    /// The mutants that some check finds.
    pub(super) fn found(&self) -> impl Iterator<Item = &Row> {
        self.mutants.iter().filter(|row| !row.killed_by.is_empty())
    }

    /// The checks that find some mutant.
    pub(crate) fn killers(&self) -> BTreeSet<String> {
        self.mutants.iter().flat_map(Row::killers).collect()
    }
}

impl Row {
    pub(super) fn new(mutant: &Mutant, played: &Played) -> Self {
        let soonest = |kills: &mut dyn Iterator<Item = &Kill>| kills.min_by(|a, b| a.took.total_cmp(&b.took)).cloned();
        // What is blamed rightly tells more than what merely fails.
        let right = |kill: &&Kill| kill.requirements.iter().any(|one| mutant.breaks.contains(one));
        let probe = soonest(&mut played.kills.iter().filter(right)).or_else(|| soonest(&mut played.kills.iter()));
        let mut killed_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for kill in &played.kills {
            let check = kill.check.split_once('#').map_or("", |(_, check)| check);
            killed_by.entry(kill.scenario().to_owned()).or_default().insert(check.to_owned());
        }
        Self {
            name: mutant.name.clone(),
            line: mutant.line.clone(),
            breaks: mutant.breaks.clone(),
            causes: mutant.causes.clone(),
            cascading: mutant.cascading,
            probe: probe.map(|kill| kill.scenario().to_owned()),
            blamed: played.kills.iter().flat_map(|kill| kill.requirements.clone()).collect(),
            killed_by,
            kills: played.kills.clone(),
        }
    }

    /// The same with what another run of the mutant showed.
    pub(super) fn and(&mut self, mutant: &Mutant, played: Played) {
        let kills = std::mem::take(&mut self.kills).into_iter().chain(played.kills).collect();
        *self = Self::new(mutant, &Played { kills, ..Played::default() });
    }

    /// The same with what some scenarios, or all where none is named, showed in another run in place of what they showed before.
    pub(super) fn anew(&mut self, mutant: &Mutant, scenarios: &[String], played: Played) {
        self.kills.retain(|kill| !scenarios.is_empty() && scenarios.iter().all(|one| one != kill.scenario()));
        self.and(mutant, played);
    }

    /// Whether it goes wrong at a place, and breaks no requirement of its own.
    pub(super) fn is_by_place(&self) -> bool {
        self.breaks.is_empty()
    }

    /// The checks that find it.
    pub(crate) fn killers(&self) -> impl Iterator<Item = String> {
        self.killed_by
            .iter()
            .flat_map(|(scenario, checks)| checks.iter().map(move |check| format!("{scenario}#{check}")))
    }

    /// Whether a check that judges what the mutant breaks finds it.
    pub(crate) fn is_killed_by(&self, requirement: &str) -> bool {
        self.breaks.iter().any(|broken| broken == requirement) && self.blamed.contains(requirement)
    }
}

impl Matrix {
    /// The matrix in a file.
    ///
    /// # Errors
    /// Where there is none, or another thing.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let why = || format!("{}: write it with `cargo xtask mutants`", path.display());
        serde_json::from_str(&fs::read_to_string(path).with_context(why)?).with_context(why)
    }

    /// The same with some roles played anew.
    pub(super) fn with(mut self, news: Self) -> Self {
        for seat in news.roles {
            match self.roles.iter_mut().find(|own| own.role == seat.role) {
                Some(own) => *own = seat,
                None => self.roles.push(seat),
            }
        }
        self
    }

    pub(super) fn to_json(&self) -> Result<String> {
        // A line for each check and each mutant: what changes is then seen.
        let mut text = String::from("{\"roles\":[");
        for (seat, index) in self.roles.iter().zip(0..) {
            let lines = |lines: Vec<String>| lines.join(",\n");
            let checks = seat.checks.iter().map(|(id, own)| Ok(format!("{}:{}", json(id)?, json(own)?)));
            let mutants = seat.mutants.iter().map(json);
            let (checks, mutants) = (checks.collect::<Result<_>>()?, mutants.collect::<Result<_>>()?);
            text += if index > 0 { ",\n" } else { "\n" };
            text += &format!("{{\"role\":{},\"checks\":{{\n{}\n}},", json(&seat.role)?, lines(checks));
            text += &format!("\"skipped\":{},\"mutants\":[\n{}\n]}}", json(&seat.skipped)?, lines(mutants));
        }
        Ok(text + "\n]}\n")
    }

    /// A scenario that finds a mutant, if this role is the first in which one finds a mutant of its name.
    pub(super) fn first_found(&self, mutant: &Mutant) -> Option<&str> {
        let found = |seat| Some((seat, Seat::found(seat).find(|row| row.name == mutant.name)?));
        let (first, row) = self.roles.iter().find_map(found)?;
        row.killed_by.keys().next().filter(|_| first.role == mutant.role).map(String::as_str)
    }

    /// What it says of a mutant.
    pub(super) fn row(&self, mutant: &Mutant) -> Option<&Row> {
        let seat = self.roles.iter().find(|seat| seat.role == mutant.role)?;
        seat.mutants.iter().find(|row| row.name == mutant.name)
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// Whether a check is one of those that every scenario has.
pub(crate) fn is_general(id: &str) -> bool {
    id.split_once('#').is_none_or(|(_, name)| GENERAL.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(kills: &[(&str, &str)]) -> Played {
        let kill = |(check, blamed): &(&str, &str)| Kill {
            check: (*check).to_owned(),
            requirements: vec![(*blamed).to_owned()],
            took: 1.0,
        };
        Played { kills: kills.iter().map(kill).collect(), ..Played::default() }
    }

    #[test]
    fn what_is_played_again_says_all_there_is_to_say_of_what_it_played() {
        let mutant = Mutant::none();
        let before = || Row::new(&mutant, &played(&[("rpc/a#one", "RPC-01"), ("rpc/b#two", "RPC-02")]));
        let told = |row: Row| (row.killers().collect::<Vec<_>>(), row.blamed.into_iter().collect::<Vec<_>>());
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();

        let mut row = before();
        row.anew(&mutant, &owned(&["rpc/b", "rpc/c"]), played(&[("rpc/c#three", "RPC-03")]));
        assert_eq!(told(row), (owned(&["rpc/a#one", "rpc/c#three"]), owned(&["RPC-01", "RPC-03"])));
        let mut row = before();
        row.anew(&mutant, &[], played(&[("rpc/c#three", "RPC-03")]));
        assert_eq!(told(row), (owned(&["rpc/c#three"]), owned(&["RPC-03"])), "all scenarios");
        let mut row = before();
        row.and(&mutant, played(&[("rpc/b#three", "RPC-03")]));
        assert_eq!(told(row).0, owned(&["rpc/a#one", "rpc/b#three", "rpc/b#two"]), "beside what was known");
    }
}
