//! Waiting for several messages in whatever order they come.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::player::{Fault, Player};
use crate::scenario::step::{Collect, Expect};

impl Player {
    pub(in crate::engine) async fn collect(&mut self, step: &Collect) -> Result<(), Fault> {
        let Collect { on, json, skipping, within, .. } = step;
        let before = self.variables.clone();
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let one = Expect {
            on: on.clone(),
            json: Some(json.clone()),
            skipping: skipping.clone(),
            within: within.clone(),
            ..Expect::default()
        };
        for _ in 0..step.count {
            self.expect(&one).await?;
            // Each may bind anew what the one before has bound.
            let bound = std::mem::replace(&mut self.variables, before.clone());
            for (name, value) in bound.into_iter().filter(|(name, _)| !before.contains_key(name)) {
                lists.entry(name).or_default().push(value);
            }
        }
        self.variables.extend(lists.into_iter().map(|(name, values)| (name, Value::Array(values))));
        Ok(())
    }
}
