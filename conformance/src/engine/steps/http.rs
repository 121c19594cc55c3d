//! Asking an address that a server has for tests alone.

use std::time::Duration;

use crate::engine::player::{Fault, Player};
use crate::engine::recorder::Stop;
use crate::lint::shorten;
use crate::outcome::{By, Finding};
use crate::scenario::step::Http;
use crate::transport::http;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);

impl Player {
    pub(in crate::engine) async fn http(&mut self, step: &Http) -> Result<(), Fault> {
        let url = step.post.fill(&self.variables).map_err(Stop::Harness)?;
        let url = url.as_str().unwrap_or_default();
        let body = step.json.fill(&self.variables).map_err(Stop::Harness)?;
        let clock = self.clock().clone();
        self.story.transcript.add(
            clock.now(),
            "http",
            By::Runner,
            format!("POST {url} {}", shorten(&body.to_string())),
        );
        let answer = match clock.within(clock.now() + clock.real(LIMIT), http::post(url, &body)).await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return Err(Stop::Inconclusive(format!("{url} could not be asked: {error}")).into()),
            None => return Err(Stop::Inconclusive(format!("{url} does not answer")).into()),
        };
        let told = format!("{} {}", answer.status, shorten(&answer.json.to_string()));
        self.story.transcript.add(clock.now(), "http", By::Subject, told.clone());
        let finding = |what: &str, expected: String| Finding {
            what: what.to_owned(),
            expected: Some(expected),
            got: Some(told.clone()),
            ..Finding::default()
        };
        if answer.status != step.status {
            return Err(finding("another HTTP status was answered", step.status.to_string()).into());
        }
        let Some(expected) = &step.answer else { return Ok(()) };
        match expected.matches(&answer.json, &self.variables) {
            Ok(bindings) => {
                self.variables.extend(bindings);
                Ok(())
            }
            Err(_) => Err(finding("another answer came by HTTP", shorten(&expected.shown(&self.variables))).into()),
        }
    }
}
