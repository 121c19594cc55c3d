//! One hunt: the fuzzer as a process, on a reference that has a mutant.

use std::path::PathBuf;
use std::process::Stdio;
use std::{env, fs, process};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Mutant;
use crate::cargo;

/// What was found first.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Found {
    /// The check that is broken, with the id of its scenario.
    pub(super) check: Option<String>,
    /// The requirement that is blamed.
    pub(super) requirement: Option<String>,
    /// How long it took to find it.
    pub(super) found_after_ms: u64,
    /// How long it took to make it shorter.
    pub(super) shrunk_in_ms: u64,
    /// The ops and the steps that are left.
    pub(super) ops: usize,
    pub(super) steps: usize,
}

#[derive(Debug, Deserialize)]
struct Report {
    finds: Vec<Found>,
}

/// Where hunts set out from.
#[derive(Debug)]
pub(super) struct Kennel {
    judge: PathBuf,
    folder: PathBuf,
    seconds: u32,
    seed: u64,
}

/// Times of servers, short enough that what happens at their end can be waited for.
const TIMES: [(&str, &[(&str, &str)]); 2] = [
    ("pairing.relay", &[("code-lifetime", "1500ms"), ("heartbeat-interval", "500ms"), ("heartbeat-timeout", "200ms")]),
    ("terminal.relay", &[("auth-timeout", "1s"), ("heartbeat-interval", "1s"), ("heartbeat-timeout", "500ms")]),
];
/// How soon it tells of a loss.
const NOTIFY: &str = "notify_deadline=300ms";

impl Kennel {
    /// One with a folder for what is found.
    ///
    /// # Errors
    /// Where there can be none.
    pub(super) fn new(judge: PathBuf, seconds: u32, seed: u64) -> Result<Self> {
        let folder = env::temp_dir().join(format!("relayspec-fuzz-proof-{}", process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { judge, folder, seconds, seed })
    }

    /// Looks for a mutant; what was found first, where anything was.
    ///
    /// # Errors
    /// Where the fuzzer does not do its work.
    pub(super) fn hunt(&self, mutant: &Mutant) -> Result<Option<Found>> {
        let (report, judge) = (self.folder.join(format!("{}.json", mutant.name)), self.judge.display());
        let (family, times) = TIMES
            .iter()
            .find(|(role, _)| *role == mutant.role)
            .and_then(|(role, times)| Some((role.split_once('.')?.0, *times)))
            .with_context(|| format!("no times are known for the role {}", mutant.role))?;
        let subcommand = mutant.role.replace('.', "-");
        let mut command = format!("'{judge}' reference {subcommand} --port {{port}} --mutant {}", mutant.name);
        let mut fuzz = cargo::program(&self.judge);
        fuzz.args(["fuzz", "--family", family, "--set", NOTIFY]);
        for (name, value) in times {
            command.push_str(&format!(" --{name} {value}"));
            fuzz.args(["--set".to_owned(), format!("{}={value}", name.replace('-', "_"))]);
        }
        fuzz.args(["--seconds", &self.seconds.to_string(), "--seed", &self.seed.to_string(), "--command", &command]);
        fuzz.arg("--out").arg(self.folder.join(&mutant.name)).arg("--report-json").arg(&report);
        let output = fuzz.stdin(Stdio::null()).output().context("the fuzzer does not start")?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(matches!(output.status.code(), Some(0 | 1)), "{}: {}: {told}", mutant.name, output.status);
        let text = fs::read_to_string(&report).with_context(|| format!("{}: no report: {told}", mutant.name))?;
        let report: Report = serde_json::from_str(&text).with_context(|| format!("the report on {}", mutant.name))?;
        Ok(report.finds.into_iter().next())
    }
}

impl Drop for Kennel {
    fn drop(&mut self) {
        // What is left behind harms nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
