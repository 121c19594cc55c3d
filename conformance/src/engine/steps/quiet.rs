//! Waiting for nothing, and what is passed over meanwhile.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::witness::describe;
use crate::outcome::Finding;
use crate::scenario::Term;
use crate::scenario::step::Quiet;
use crate::transport::{Arrival, Arrived};

impl Player {
    pub(in crate::engine) async fn quiet(&mut self, step: &Quiet) -> Result<(), Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        let span = self.span(&step.span);
        let until = self.clock().now() + span;
        loop {
            actor.drain();
            if let Some(arrived) = actor.queue.pop_front() {
                if passes(step.skipping.as_ref(), &arrived, &self.variables) {
                    continue;
                }
                return Err(Finding {
                    what: "something came where nothing may".to_owned(),
                    expected: Some(format!("nothing for {}", shown(span))),
                    got: Some(describe(&arrived.what)),
                    connection: Some(actor.name.clone()),
                    at_ms: Some(self.story.transcript.ms(arrived.at)),
                    ..Finding::default()
                }
                .into());
            }
            if !actor.pull(self.clock(), until).await {
                return Ok(());
            }
        }
    }
}

/// A message as JSON.
pub(super) fn json_of(arrived: &Arrived) -> Option<Value> {
    match &arrived.what {
        Arrival::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Whether something is passed over.
pub(super) fn passes(skipping: Option<&Term>, arrived: &Arrived, variables: &BTreeMap<String, Value>) -> bool {
    skipping.zip(json_of(arrived)).is_some_and(|(term, value)| term.matches(&value, variables).is_ok())
}
