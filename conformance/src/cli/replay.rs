//! `conformance replay`: checks a transcript of `conformance proxy`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use conformance::lint::Schemas;
use conformance::proxy::{Line, Peer, Seen, Watch, kind, read_transcript, role_of};
use relayspec::family::Family;

use super::error::CommandError;
use super::exit::ExitStatus;
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
    watch: Option<Watch>,
}

pub(super) fn run(arguments: &ReplayArguments) -> Result<ExitStatus, CommandError> {
    let path = || arguments.file.clone();
    let file = File::open(&arguments.file).map_err(|source| CommandError::OpenTranscript { path: path(), source })?;
    let schemas = Arc::new(Schemas::default());
    let (mut connections, mut violations) = (BTreeMap::<usize, ReplayedConnection>::new(), Violations::default());
    let read = read_transcript(BufReader::new(file).lines(), |open, line| {
        let family = Family::named(&open.family).ok_or_else(|| format!("there is no family `{}`", open.family))?;
        violations.line(&line);
        let Line { at_ms, connection: number, seen } = line;
        let connection = connections.entry(number).or_default();
        if let Seen::Opened(target) = &seen {
            connection.target.clone_from(target);
        }
        let Some((from, arrival)) = seen.arrival()? else { return Ok(()) };
        if connection.watch.is_none() {
            let first = if from == Peer::Client { kind(family, &arrival) } else { None };
            let role = role_of(family, &connection.target, first.as_deref());
            connection.watch = role.map(|role| Watch::new(family, role, &schemas));
        }
        for violation in connection.watch.as_mut().map(|watch| watch.saw(from, &arrival)).unwrap_or_default() {
            anstream::println!("{}", violations.add(number, at_ms, &violation));
        }
        Ok(())
    });
    read.map_err(|source| CommandError::Transcript { path: path(), source })?;
    anstream::println!("{}", violations.summary());
    Ok(violations.exit())
}
