//! Playing steps many times, at once or one after another.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::engine::barrier::Barrier;
use crate::engine::player::{Fault, Player};
use crate::scenario::step::{Many, Meet};

impl Player {
    pub(in crate::engine) async fn many(&mut self, step: &Many) -> Result<(), Fault> {
        let barrier = Arc::new(Barrier::new(step.count));
        let room = Arc::new(Semaphore::new(step.at_once.unwrap_or(step.count)));
        let outer: Vec<String> = self.variables.keys().cloned().collect();
        let iterations = (1..=step.count).map(|number| {
            let mut player = self.iteration(step, number, &barrier);
            let (barrier, room) = (Arc::clone(&barrier), Arc::clone(&room));
            async move {
                player.room = room.acquire_owned().await.ok();
                let result = player.perform(&step.steps).await;
                barrier.leave();
                result.map(|()| (number, player.variables))
            }
        });
        // The first that stops stops all: the rest is dropped with its connections.
        let mut running = stream::iter(iterations).buffer_unordered(step.width());
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
        self.variables.extend(lists);
        Ok(())
    }

    pub(in crate::engine) async fn meet(&mut self, step: &Meet) -> Result<(), Fault> {
        let Some(barrier) = self.barrier.clone() else { return Ok(()) };
        self.room = None;
        let is_last = barrier.meet(step.leave).await;
        if step.one.is_empty() {
            return Ok(());
        }
        if is_last {
            self.play(&step.one).await?;
        }
        barrier.meet(step.leave).await;
        Ok(())
    }

    fn iteration(&self, step: &Many, number: usize, barrier: &Arc<Barrier>) -> Self {
        let mut variables = self.variables.clone();
        variables.insert(step.name.clone(), number.into());
        if let Some(down) = &step.down {
            variables.insert(down.clone(), (step.count + 1 - number).into());
        }
        Self {
            story: Arc::clone(&self.story),
            actors: self.actors.clone(),
            puppets: self.puppets.clone(),
            started: Vec::new(),
            own: Vec::new(),
            sites: self.sites.clone(),
            own_sites: Vec::new(),
            exchanges: self.exchanges.clone(),
            variables,
            iteration: format!("{}#{number}", self.iteration),
            barrier: Some(Arc::clone(barrier)),
            room: None,
        }
    }
}
