//! The report of the fuzzer, for people and for programs.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use conformance::engine::Secrets;
use conformance::event::Event;
use conformance::fuzz::{Find, Hunt};
use conformance::report::{Report as _, ReportError, Terminal, safe};
use serde_json::{Value, json};

use crate::cli::setup::RoleUnderTest;

/// The report for people.
pub(super) struct FuzzPrinter {
    pub(super) terminal: Terminal<std::io::Stdout>,
    pub(super) secrets: Secrets,
}

impl FuzzPrinter {
    /// Writes each find as a scenario, and prints it like any that was run. Returns the errors of those that could not be written.
    pub(super) fn finds(&mut self, hunt: &Hunt) -> Vec<ReportError> {
        for what in &hunt.unsteady {
            anstream::println!("failed once, but not again: {}\n", safe(what, usize::MAX));
        }
        hunt.finds.iter().filter_map(|find| self.find(find).err()).collect()
    }

    fn find(&mut self, find: &Find) -> Result<(), ReportError> {
        let _ = self.terminal.event(&Event::ScenarioFinished(Box::new(find.outcome.clone())));
        let (before, after) = find.ops;
        let (found_after, (shrunk_in, replays)) = (find.found_after.as_secs_f64(), find.shrunk);
        anstream::print!("found after {found_after:.1} s, in sequence {}; ", find.sequence);
        match replays {
            0 => anstream::println!("not shrunk, since the server ended: {before} operations, {} steps", find.steps),
            _ => anstream::println!(
                "shrunk from {before} to {after} operations in {:.1} s and {replays} replays: {} steps",
                shrunk_in.as_secs_f64(),
                find.steps
            ),
        }
        let path = PathBuf::from(&find.outcome.file);
        let written = write_new(&path, &find.text);
        let written = written.map_err(|cause| ReportError { to: find.outcome.file.clone(), cause });
        match &written {
            Ok(()) => {
                let mut again = replay(&path);
                self.secrets.hide(&mut again);
                anstream::println!("written to {}; to replay it:\n  {again}\n", path.display());
            }
            Err(error) => anstream::println!("{error}; the scenario is:\n\n{}", find.text),
        }
        written
    }

    pub(super) fn summary(&self, hunt: &Hunt, interrupted: bool) {
        let ops: Vec<_> = hunt.ops.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        anstream::println!("operations: {}", ops.join(", "));
        let requirements: Vec<_> = hunt.requirements.iter().map(String::as_str).collect();
        anstream::println!("requirements checked: {}\n", requirements.join(", "));
        let exceptions =
            [(hunt.inconclusive, "were inconclusive"), (hunt.unsteady.len(), "failed once, but not again")];
        let exceptions: String = exceptions
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", of which {count} {what}"))
            .collect();
        let found = match hunt.finds.len() {
            0 => "nothing found".to_owned(),
            count => format!("{count} found"),
        };
        anstream::println!(
            "{} sequences{exceptions}, {} steps in {:.1} s{}: {found}",
            hunt.sequences,
            hunt.steps,
            hunt.took.as_secs_f64(),
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
pub(super) fn as_json(tested: &RoleUnderTest, seed: u64, hunt: &Hunt) -> Value {
    let find = |find: &Find| {
        let check = find.check();
        let finding = check.and_then(|check| check.findings.first());
        let named = check.and_then(|check| check.requirement.as_ref());
        json!({
            "check": check.map(|check| &check.id),
            "requirement": named.or(finding.and_then(|finding| finding.requirement.as_ref())),
            "verdict": find.outcome.verdict,
            "what": finding.map(|finding| &finding.what),
            "file": find.outcome.file,
            "sequence": find.sequence,
            "ops_before": find.ops.0,
            "ops": find.ops.1,
            "steps": find.steps,
            "found_after_ms": find.found_after.as_millis() as u64,
            "shrunk_in_ms": find.shrunk.0.as_millis() as u64,
            "replays": find.shrunk.1,
        })
    };
    json!({
        "family": tested.family.name,
        "seed": seed,
        "sequences": hunt.sequences,
        "inconclusive": hunt.inconclusive,
        "unsteady": hunt.unsteady.len(),
        "steps": hunt.steps,
        "ops": hunt.ops,
        "requirements": hunt.requirements,
        "took_ms": hunt.took.as_millis() as u64,
        "finds": hunt.finds.iter().map(find).collect::<Vec<_>>(),
    })
}
