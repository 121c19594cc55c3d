//! The subject's process once more: restarted, or beside another that would like its place; and the file of its socket.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::outcome::{By, Finding};
use crate::scenario::step::{FileMode, Restart, Rival};
use crate::transport::Address;

impl Player {
    pub(in crate::engine) async fn restart(&mut self, step: &Restart) -> Result<(), Fault> {
        let target = self.story.target()?.clone();
        if target.process().is_none() {
            return Err(Stop::Skip(NO_PROCESS.to_owned()).into());
        }
        let what = format!("{}, and started again", step.by);
        self.story.transcript.add(self.clock().now(), "process", By::Runner, what);
        self.story.may_end.store(true, Ordering::Relaxed);
        let started = target.restart(step.by).await;
        self.story.may_end.store(false, Ordering::Relaxed);
        started.map_err(|problem| {
            Finding {
                what: format!("the server did not come back after {}", step.by),
                expected: Some("a server that listens again at its address".to_owned()),
                got: Some(problem),
                ..Finding::default()
            }
            .into()
        })
    }

    pub(in crate::engine) async fn rival(&mut self, step: &Rival) -> Result<(), Fault> {
        let target = self.story.target()?.clone();
        if target.process().is_none() {
            return Err(Stop::Skip(NO_PROCESS.to_owned()).into());
        }
        let within = self.span(&step.within);
        self.story.transcript.add(self.clock().now(), "rival", By::Runner, "started at the same address".to_owned());
        let ending = target.rival(within).await.map_err(Stop::Inconclusive)?;
        let told = ending.as_ref().map_or_else(|| "it still runs".to_owned(), |ending| ending.told.clone());
        self.story.transcript.add(self.clock().now(), "rival", By::Subject, told.clone());
        if ending.is_some_and(|ending| ending.code.is_some_and(|code| code != 0)) {
            return Ok(());
        }
        Err(Finding {
            what: "a second server at the same address did not refuse to start".to_owned(),
            expected: Some(format!("an exit status other than 0 within {}", shown(within))),
            got: Some(told),
            excused_from_ms: Finding::excuse_for(within),
            ..Finding::default()
        }
        .into())
    }

    pub(in crate::engine) fn file_mode(&self, step: &FileMode) -> Result<(), Fault> {
        let Address::Unix(path) = &self.story.target()?.route().address else {
            return Err(Stop::Skip("the server has no socket file".to_owned()).into());
        };
        let mode = std::fs::metadata(path).map(|file| file.permissions().mode() & 0o7777);
        let got = match mode {
            Ok(mode) if mode == step.is.0 => return Ok(()),
            Ok(mode) => format!("{mode:04o}"),
            Err(error) => format!("no file: {error}"),
        };
        Err(Finding {
            what: "the socket file has another mode".to_owned(),
            expected: Some(step.is.to_string()),
            got: Some(got),
            ..Finding::default()
        }
        .into())
    }
}

const NO_PROCESS: &str = "needs a subject that the runner starts";
