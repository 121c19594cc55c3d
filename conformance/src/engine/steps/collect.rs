//! Waits for several messages in any order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Execute, Executor, StepFailure, shown};
use crate::outcome::Finding;
use crate::scenario::step::{Collect, Expect};

impl Execute for Collect {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let Collect { on, json, skipping, within, .. } = self;
        let before = executor.variables.clone();
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let one = Expect {
            on: on.clone(),
            json: Some(json.clone()),
            skipping: skipping.clone(),
            within: within.clone(),
            ..Expect::default()
        };
        let (start, all_within) = (executor.clock().now(), executor.within(within.as_ref()));
        for _ in 0..self.count {
            one.execute(executor).await?;
            // Each message may set the same variables again.
            let bound = std::mem::replace(&mut executor.variables, before.clone());
            for (name, value) in bound.into_iter().filter(|(name, _)| !before.contains_key(name)) {
                lists.entry(name).or_default().push(value);
            }
        }
        let took = executor.clock().now() - start;
        if took > all_within + executor.clock().noise(start, executor.clock().now()) {
            return Err(Finding::new("the messages came too slowly")
                .expected(format!("{} within {}", self.count, shown(all_within)))
                .got(format!("all after {}", shown(took)))
                .excused_for(all_within)
                .into());
        }
        executor.variables.extend(lists.into_iter().map(|(name, values)| (name, Value::Array(values))));
        Ok(())
    }
}
