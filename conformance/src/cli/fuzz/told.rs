//! What people and programs are told of a hunt.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use conformance::engine::Secrets;
use conformance::event::Event;
use conformance::fuzz::{Find, Hunt};
use conformance::report::{Report as _, Terminal, safe};
use serde_json::{Value, json};

use crate::cli::setup::RoleUnderTest;

/// What people are told.
pub(super) struct Told {
    pub(super) report: Terminal<std::io::Stdout>,
    pub(super) secrets: Secrets,
}

impl Told {
    /// Writes the scenarios, and tells of them as of any that were played. What could not be written is told too, and returned.
    pub(super) fn finds(&mut self, hunt: &Hunt) -> Vec<String> {
        for what in &hunt.unsteady {
            anstream::println!("failed once and then no more: {}\n", safe(what, usize::MAX));
        }
        hunt.finds.iter().filter_map(|find| self.find(find).err()).collect()
    }

    fn find(&mut self, find: &Find) -> Result<(), String> {
        let _ = self.report.event(&Event::ScenarioFinished(Box::new(find.outcome.clone())));
        let (before, after) = find.ops;
        let (found_after, (shrunk_in, replays)) = (find.found_after.as_secs_f64(), find.shrunk);
        anstream::print!("found after {found_after:.1} s, in sequence {}; ", find.sequence);
        match replays {
            0 => anstream::println!(
                "the server was gone before its {before} ops could be made fewer: {} steps",
                find.steps
            ),
            _ => anstream::println!(
                "{before} ops were made {after} in {:.1} s and {replays} replays: {} steps",
                shrunk_in.as_secs_f64(),
                find.steps
            ),
        }
        let path = PathBuf::from(&find.outcome.file);
        let written = write_new(&path, &find.text).map_err(|error| format!("cannot write {}: {error}", path.display()));
        match &written {
            Ok(()) => {
                let mut again = replay(&path);
                self.secrets.hide(&mut again);
                anstream::println!("written to {}; to replay it:\n  {again}\n", path.display());
            }
            Err(problem) => anstream::println!("{problem}; this is it:\n\n{}", find.text),
        }
        written
    }

    pub(super) fn summary(&self, hunt: &Hunt, interrupted: bool) {
        let ops: Vec<_> = hunt.ops.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        anstream::println!("what happened: {}", ops.join(", "));
        let requirements: Vec<_> = hunt.requirements.iter().map(String::as_str).collect();
        anstream::println!("judged: {}\n", requirements.join(", "));
        let beside =
            [(hunt.inconclusive, "could not be judged"), (hunt.unsteady.len(), "failed once and then no more")];
        let beside: String = beside
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", of which {count} {what}"))
            .collect();
        let found = match hunt.finds.len() {
            0 => "nothing found".to_owned(),
            count => format!("{count} found"),
        };
        anstream::println!(
            "{} sequences{beside}, {} steps in {:.1} s{}: {found}",
            hunt.sequences,
            hunt.steps,
            hunt.took.as_secs_f64(),
            if interrupted { ", interrupted" } else { "" },
        );
    }
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => std::io::Error::other("somebody has written it meanwhile; it is left as it is"),
        _ => error,
    })?;
    file.write_all(text.as_bytes())
}

/// The flags that are of no use to a replay, each with a value.
const FUZZING: [&str; 6] = ["--steps", "--seconds", "--seed", "--shrink", "--out", "--report-json"];

/// The command that plays a scenario against the same server.
fn replay(path: &Path) -> String {
    let mut words = vec!["conformance".to_owned(), "server".to_owned()];
    let mut given = std::env::args().skip(2);
    while let Some(word) = given.next() {
        if FUZZING.contains(&word.as_str()) {
            given.next();
        } else if !FUZZING.iter().any(|flag| word.starts_with(&format!("{flag}="))) {
            words.push(word);
        }
    }
    words.extend(["--scenario".to_owned(), path.display().to_string()]);
    shell_words::join(words)
}

/// The same for programs.
pub(super) fn as_json(seat: &RoleUnderTest, seed: u64, hunt: &Hunt) -> Value {
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
        "family": seat.family.name,
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
