//! Waiting for several messages in whatever order they come.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shown;
use crate::engine::player::{Fault, Player};
use crate::outcome::Finding;
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
        let (start, all_within) = (self.clock().now(), self.within(within.as_ref()));
        for _ in 0..step.count {
            self.expect(&one).await?;
            // Each may bind anew what the one before has bound.
            let bound = std::mem::replace(&mut self.variables, before.clone());
            for (name, value) in bound.into_iter().filter(|(name, _)| !before.contains_key(name)) {
                lists.entry(name).or_default().push(value);
            }
        }
        let took = self.clock().now() - start;
        if took > all_within + self.clock().noise(start, self.clock().now()) {
            return Err(Finding {
                what: "the messages came too slowly".to_owned(),
                expected: Some(format!("{} within {}", step.count, shown(all_within))),
                got: Some(format!("all of them after {}", shown(took))),
                excused_from_ms: Finding::excuse_for(all_within),
                ..Finding::default()
            }
            .into());
        }
        self.variables.extend(lists.into_iter().map(|(name, values)| (name, Value::Array(values))));
        Ok(())
    }
}
