//! The report of the fuzzer, for people and for programs.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use conformance::engine::Secrets;
use conformance::event::Event;
use conformance::fuzz::{FuzzFinding, FuzzReport};
use conformance::report::{Report as _, ReportError, Terminal, safe};
use serde_json::{Value, json};

use crate::cli::setup::RoleUnderTest;

/// The report for people.
pub(super) struct FuzzPrinter {
    pub(super) terminal: Terminal<std::io::Stdout>,
    pub(super) secrets: Secrets,
}

impl FuzzPrinter {
    /// Writes each finding as a scenario, and prints it like any that was run. Returns the errors of those that could not be written.
    pub(super) fn findings(&mut self, report: &FuzzReport) -> Vec<ReportError> {
        for what in &report.unconfirmed {
            anstream::println!("failed once, but not again: {}\n", safe(what, usize::MAX));
        }
        report.findings.iter().filter_map(|found| self.finding(found).err()).collect()
    }

    fn finding(&mut self, found: &FuzzFinding) -> Result<(), ReportError> {
        let _ = self.terminal.event(&Event::ScenarioFinished(Box::new(found.outcome.clone())));
        let (before, after) = found.ops;
        let (found_after, (shrunk_in, replays)) = (found.found_after.as_secs_f64(), found.shrunk);
        anstream::print!("found after {found_after:.1} s, in sequence {}; ", found.sequence);
        match replays {
            0 => anstream::println!("not shrunk, since the server ended: {before} operations, {} steps", found.steps),
            _ => anstream::println!(
                "shrunk from {before} to {after} operations in {:.1} s and {replays} replays: {} steps",
                shrunk_in.as_secs_f64(),
                found.steps
            ),
        }
        let path = PathBuf::from(&found.outcome.file);
        let written = write_new(&path, &found.text);
        let written = written.map_err(|cause| ReportError { to: found.outcome.file.clone(), cause });
        match &written {
            Ok(()) => {
                let mut again = replay(&path);
                self.secrets.hide(&mut again);
                anstream::println!("written to {}; to replay it:\n  {again}\n", path.display());
            }
            Err(error) => anstream::println!("{error}; the scenario is:\n\n{}", found.text),
        }
        written
    }

    pub(super) fn summary(&self, report: &FuzzReport, interrupted: bool) {
        let ops: Vec<_> = report.ops.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        anstream::println!("operations: {}", ops.join(", "));
        let requirements: Vec<_> = report.requirements.iter().map(String::as_str).collect();
        anstream::println!("requirements checked: {}\n", requirements.join(", "));
        let exceptions =
            [(report.inconclusive, "were inconclusive"), (report.unconfirmed.len(), "failed once, but not again")];
        let exceptions: String = exceptions
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", of which {count} {what}"))
            .collect();
        let result = match report.findings.len() {
            0 => "nothing found".to_owned(),
            count => format!("{count} found"),
        };
        anstream::println!(
            "{} sequences{exceptions}, {} steps in {:.1} s{}: {result}",
            report.sequences,
            report.steps,
            report.took.as_secs_f64(),
            if interrupted { ", interrupted" } else { "" },
        );
    }
}

/// Writes a file that does not exist yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => std::io::Error::other("it exists by now, and is not overwritten"),
        _ => error,
    })?;
    file.write_all(text.as_bytes())
}

/// The flags of the fuzzer, each with a value, which a replay does not take.
const FUZZ_FLAGS: [&str; 6] = ["--steps", "--seconds", "--seed", "--shrink", "--out", "--report-json"];

/// The command that runs a scenario against the same server.
fn replay(path: &Path) -> String {
    let mut words = vec!["conformance".to_owned(), "server".to_owned()];
    let mut given = std::env::args().skip(2);
    while let Some(word) = given.next() {
        if FUZZ_FLAGS.contains(&word.as_str()) {
            given.next();
        } else if !FUZZ_FLAGS.iter().any(|flag| word.starts_with(&format!("{flag}="))) {
            words.push(word);
        }
    }
    words.extend(["--scenario".to_owned(), path.display().to_string()]);
    shell_words::join(words)
}

/// The report for programs.
pub(super) fn as_json(tested: &RoleUnderTest, seed: u64, report: &FuzzReport) -> Value {
    let finding = |found: &FuzzFinding| {
        let check = found.check();
        let first = check.and_then(|check| check.findings.first());
        let named = check.and_then(|check| check.requirement.as_ref());
        json!({
            "check": check.map(|check| &check.id),
            "requirement": named.or(first.and_then(|finding| finding.requirement.as_ref())),
            "verdict": found.outcome.verdict,
            "what": first.map(|finding| &finding.what),
            "file": found.outcome.file,
            "sequence": found.sequence,
            "ops_before": found.ops.0,
            "ops": found.ops.1,
            "steps": found.steps,
            "found_after_ms": found.found_after.as_millis() as u64,
            "shrunk_in_ms": found.shrunk.0.as_millis() as u64,
            "replays": found.shrunk.1,
        })
    };
    json!({
        "family": tested.family.name,
        "seed": seed,
        "sequences": report.sequences,
        "inconclusive": report.inconclusive,
        "unsteady": report.unconfirmed.len(),
        "steps": report.steps,
        "ops": report.ops,
        "requirements": report.requirements,
        "took_ms": report.took.as_millis() as u64,
        "finds": report.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}
