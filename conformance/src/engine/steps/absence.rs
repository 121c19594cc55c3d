//! What must not happen beside the connections: a visit to a server of the script, a word on a subject's standard output.

use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::outcome::Finding;
use crate::scenario::STORY;
use crate::scenario::step::{Output, Unvisited};

impl Player {
    pub(in crate::engine) async fn unvisited(&mut self, step: &Unvisited) -> Result<(), Fault> {
        let site = self.site(&step.at)?;
        self.clock().sleep_until(self.clock().now() + self.span(&step.span)).await;
        match site.connections() {
            0 => Ok(()),
            count => Err(Finding {
                what: "somebody connected where nobody may".to_owned(),
                expected: Some(format!("no connection to {}", site.address())),
                got: Some(match site.take(|_| true).map(|visit| visit.request) {
                    Some(Ok(request)) => request.told(),
                    _ => format!("{count} connections"),
                }),
                connection: Some(self.full_name(&step.at)),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) fn output(&mut self, step: &Output) -> Result<(), Fault> {
        let text = self.text(&step.lacks)?;
        let parties = self.story.parties();
        if parties.iter().all(|party| party.process().is_none()) {
            let reason = "what a subject prints can be seen only where the runner starts it";
            self.story.recorder.skip(&step.check.name, reason);
            return Ok(());
        }
        if parties.iter().all(|party| !party.output().contains(&text)) {
            return Ok(());
        }
        Err(Finding {
            what: "the subject has printed what it may not print".to_owned(),
            expected: Some(format!("no `{text}` on standard output or standard error")),
            got: Some("it is there".to_owned()),
            ..Finding::default()
        }
        .into())
    }

    /// Requests that came to a server of the script and that no step waited for.
    pub(in crate::engine) fn uninvited(&self) -> Result<(), Stop> {
        for name in &self.own_sites {
            let site = self.site(name)?;
            let Some(visit) = site.take(|_| true) else { continue };
            let finding = Finding {
                what: "a request that nothing asked for".to_owned(),
                expected: Some("no further request".to_owned()),
                got: Some(visit.request.map_or_else(|problem| problem, |request| request.told())),
                connection: Some(self.full_name(name)),
                at_ms: Some(self.story.transcript.ms(visit.at)),
                ..Finding::default()
            };
            return Err(Stop::Broken { check: STORY.to_owned(), finding: Box::new(finding) });
        }
        Ok(())
    }
}
