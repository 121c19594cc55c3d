//! Steps and checks about what must not happen beside the connections: requests to a server of the script, and output of the subject.

use super::{Execute, Executor, StepFailure, Stop};
use crate::outcome::Finding;
use crate::scenario::SCENARIO_CHECK;
use crate::scenario::step::{Output, Unvisited};

impl Execute for Unvisited {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let server = executor.server(&self.at)?;
        executor.clock().sleep_until(executor.clock().now() + executor.span(&self.span)).await;
        match server.connections() {
            0 => Ok(()),
            count => Err(Finding::new("a connection was made to a server that must not be used")
                .expected(format!("no connection to {}", server.address()))
                .got(match server.take(|_| true).map(|request| request.request) {
                    Some(Ok(request)) => request.summary(),
                    _ => format!("{count} connections"),
                })
                .on(executor.full_name(&self.at))
                .into()),
        }
    }
}

impl Execute for Output {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let text = executor.text(&self.lacks)?;
        let systems = executor.run.systems();
        if systems.iter().all(|system| system.process().is_none()) {
            let reason = "the output is only known if the runner starts the subject";
            executor.run.recorder.skip(&self.check.name, reason);
            return Ok(());
        }
        if systems.iter().all(|system| !system.output().contains(&text)) {
            return Ok(());
        }
        Err(Finding::new("the subject has printed a text that it must not print")
            .expected(format!("no `{text}` on standard output or standard error"))
            .got("the text was printed")
            .into())
    }
}

impl Executor {
    /// Checks that no request is left that no step waited for.
    pub(in crate::engine) fn check_unexpected_requests(&self) -> Result<(), Stop> {
        for name in &self.own_servers {
            let server = self.server(name)?;
            let Some(left) = server.take(|_| true) else { continue };
            let finding = Finding::new("an unexpected request")
                .expected("no further request")
                .got(left.request.map_or_else(|error| error.to_string(), |request| request.summary()))
                .on(self.full_name(name))
                .at(self.run.transcript.ms(left.at));
            return Err(Stop::Violation { check: SCENARIO_CHECK.to_owned(), finding: Box::new(finding) });
        }
        Ok(())
    }
}
