//! Steps that run other steps: many times, or once for all iterations that have met.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::{Execute, Executor, StepFailure};
use crate::engine::barrier::Barrier;
use crate::engine::sequence::{run_steps, run_to_end};
use crate::scenario::step::{Many, Meet};

impl Execute for Many {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let barrier = Arc::new(Barrier::new(self.count));
        let permits = Arc::new(Semaphore::new(self.at_once.unwrap_or(self.count)));
        let outer: Vec<String> = executor.variables.keys().cloned().collect();
        let iterations = (1..=self.count).map(|number| {
            let mut executor = executor.iteration(number, &barrier);
            executor.variables.insert(self.name.clone(), number.into());
            if let Some(down) = &self.down {
                executor.variables.insert(down.clone(), (self.count + 1 - number).into());
            }
            let (barrier, permits) = (Arc::clone(&barrier), Arc::clone(&permits));
            async move {
                executor.permit = permits.acquire_owned().await.ok();
                let result = run_to_end(&mut executor, &self.steps).await;
                barrier.leave();
                result.map(|()| (number, executor.variables))
            }
        });
        // The first failure stops all: the other iterations are dropped with their connections.
        let mut running = stream::iter(iterations).buffer_unordered(self.width());
        let mut collected: BTreeMap<String, BTreeMap<usize, Value>> = BTreeMap::new();
        while let Some(result) = running.next().await {
            let (number, variables) = result?;
            for (name, value) in variables {
                if !outer.contains(&name) {
                    collected.entry(name).or_default().insert(number, value);
                }
            }
        }
        drop(running);
        let lists = collected.into_iter().map(|(name, values)| (name, values.into_values().collect()));
        executor.variables.extend(lists);
        Ok(())
    }
}

impl Execute for Meet {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let Some(barrier) = executor.barrier.clone() else { return Ok(()) };
        executor.permit = None;
        let is_last = barrier.meet(self.leave).await;
        if self.one.is_empty() {
            return Ok(());
        }
        if is_last {
            run_steps(executor, &self.one).await?;
        }
        barrier.meet(self.leave).await;
        Ok(())
    }
}
