//! The kill matrix: which checks find which faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::play::Played;

/// Checks that every scenario has, and that judge no requirement of their own.
const GENERAL: [&str; 2] = ["story", "lint"];

/// What a run of all faults showed.
#[derive(Debug, Serialize, Deserialize)]
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
    pub(crate) faults: Vec<Row>,
}

/// A fault.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) line: String,
    pub(crate) breaks: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) starves: bool,
    /// The scenario that finds it soonest.
    pub(crate) probe: Option<String>,
    /// The checks that find it, with the requirements that they blame.
    pub(crate) killed_by: BTreeMap<String, Vec<String>>,
}

impl Seat {
    pub(super) fn new(role: &str) -> Self {
        Self { role: role.to_owned(), checks: BTreeMap::new(), faults: Vec::new() }
    }

    /// The checks with a name of their own.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let named = self.checks.iter().filter(|(id, _)| !is_general(id));
        named.map(|(id, requirement)| (id.as_str(), requirement.as_deref()))
    }

    /// The checks that find some fault.
    pub(crate) fn killers(&self) -> BTreeSet<&str> {
        self.faults.iter().flat_map(|row| row.killed_by.keys()).map(String::as_str).collect()
    }
}

impl Row {
    pub(super) fn new(fault: &Fault, played: &Played) -> Self {
        let soonest = played.kills.iter().min_by(|a, b| a.took.total_cmp(&b.took));
        let killed_by = played.kills.iter().map(|kill| (kill.check.clone(), kill.requirements.clone()));
        // What is blamed rightly tells more than what merely fails.
        let right = |kill: &&super::play::Kill| kill.requirements.iter().any(|one| fault.breaks.contains(one));
        let probe = played.kills.iter().filter(right).min_by(|a, b| a.took.total_cmp(&b.took)).or(soonest);
        Self {
            name: fault.name.clone(),
            line: fault.line.clone(),
            breaks: fault.breaks.clone(),
            causes: fault.causes.clone(),
            starves: fault.starves,
            probe: probe.and_then(|kill| kill.check.split('#').next()).map(str::to_owned),
            killed_by: killed_by.collect(),
        }
    }

    /// Whether a check that judges what the fault breaks finds it.
    pub(crate) fn is_killed_by(&self, requirement: &str) -> bool {
        self.breaks.iter().any(|broken| broken == requirement)
            && self.killed_by.values().any(|blamed| blamed.iter().any(|one| one == requirement))
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

    pub(super) fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The scenario that finds a fault soonest.
    pub(super) fn probe(&self, role: &str, fault: &str) -> Option<&str> {
        let seat = self.roles.iter().find(|seat| seat.role == role)?;
        seat.faults.iter().find(|row| row.name == fault)?.probe.as_deref()
    }
}

/// Whether a check is one of those that every scenario has.
pub(crate) fn is_general(id: &str) -> bool {
    id.split_once('#').is_none_or(|(_, name)| GENERAL.contains(&name))
}
