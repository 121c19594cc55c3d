//! Requires that nothing comes on a connection for some time.

use super::matching::{Received, is_skipped};
use super::{Execute, Executor, StepFailure, describe, shown};
use crate::outcome::Finding;
use crate::scenario::step::Quiet;

impl Execute for Quiet {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let connection = executor.connection(&self.on)?;
        let mut connection = connection.lock().await;
        let span = executor.span(&self.span);
        let until = executor.clock().now() + span;
        loop {
            connection.drain();
            if let Some(arrived) = connection.queue.pop_front() {
                let skipping = (self.skipping.as_ref(), self.skipping_binary.as_ref());
                if is_skipped(skipping, &Received::new(&arrived, connection.incoming_packing), &executor.variables) {
                    continue;
                }
                return Err(Finding::new("something came although nothing may")
                    .expected(format!("nothing for {}", shown(span)))
                    .got(describe(&arrived.what, connection.incoming_packing))
                    .on(&connection.name)
                    .at(executor.run.transcript.ms(arrived.at))
                    .into());
            }
            if !connection.pull(executor.clock(), until).await {
                return Ok(());
            }
        }
    }
}
