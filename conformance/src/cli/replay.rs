//! `conformance replay`: checks a transcript of `conformance proxy`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use conformance::lint::Schemas;
use conformance::proxy::{
    ConnectionChecker, TranscriptEntry, TranscriptEvent, TranscriptProblem, message_name, read_transcript, role_of,
};
use conformance::transport::Side;
use relayspec::family::Family;

use super::error::CommandError;
use super::status::ExitStatus;
use super::violations::Violations;

/// Check a transcript that `conformance proxy` wrote
#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// The transcript.
    file: PathBuf,
}

/// A connection of a transcript.
#[derive(Default)]
struct ReplayedConnection {
    target: String,
    checker: Option<ConnectionChecker>,
}

pub(super) fn run(arguments: &ReplayArguments) -> Result<ExitStatus, CommandError> {
    let path = || arguments.file.clone();
    let file = File::open(&arguments.file).map_err(|source| CommandError::OpenTranscript { path: path(), source })?;
    let schemas = Arc::new(Schemas::default());
    let (mut connections, mut violations) = (BTreeMap::<usize, ReplayedConnection>::new(), Violations::default());
    let read = read_transcript(BufReader::new(file).lines(), |header, entry| {
        let family = Family::named(&header.family).ok_or_else(|| TranscriptProblem::Family(header.family.clone()))?;
        violations.count(&entry);
        let TranscriptEntry { at_ms, connection: number, event } = entry;
        let connection = connections.entry(number).or_default();
        if let TranscriptEvent::Opened(target) = &event {
            connection.target.clone_from(target);
        }
        let Some((from, arrival)) = event.arrival()? else { return Ok(()) };
        if connection.checker.is_none() {
            let first = if from == Side::Client { message_name(family, &arrival) } else { None };
            let role = role_of(family, &connection.target, first.as_deref());
            connection.checker = role.map(|role| ConnectionChecker::new(family, role, &schemas));
        }
        for violation in connection.checker.as_mut().map(|checker| checker.observe(from, &arrival)).unwrap_or_default()
        {
            anstream::println!("{}", violations.add(number, at_ms, &violation));
        }
        Ok(())
    });
    read.map_err(|source| CommandError::Transcript { path: path(), source })?;
    anstream::println!("{}", violations.summary());
    Ok(violations.exit())
}
