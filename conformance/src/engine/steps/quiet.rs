//! Waiting for nothing, but for what is passed over meanwhile.

use super::meaning::{Heard, passes};
use super::shown;
use crate::engine::player::{Fault, Player};
use crate::engine::witness::describe;
use crate::outcome::Finding;
use crate::scenario::step::Quiet;

impl Player {
    pub(in crate::engine) async fn quiet(&mut self, step: &Quiet) -> Result<(), Fault> {
        let actor = self.actor(&step.on)?;
        let mut actor = actor.lock().await;
        let span = self.span(&step.span);
        let until = self.clock().now() + span;
        loop {
            actor.drain();
            if let Some(arrived) = actor.queue.pop_front() {
                let skipping = (step.skipping.as_ref(), step.skipping_binary.as_ref());
                if passes(skipping, &Heard::new(&arrived, actor.hears), &self.variables) {
                    continue;
                }
                return Err(Finding {
                    what: "something came where nothing may".to_owned(),
                    expected: Some(format!("nothing for {}", shown(span))),
                    got: Some(describe(&arrived.what, actor.hears)),
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
