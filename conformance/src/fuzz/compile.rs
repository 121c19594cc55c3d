//! Compiles ops to a scenario: the model writes the steps, and what runs is exactly what the file contains.

use std::time::Duration;

use relayspec::family::Family;
use relayspec::model::{Op, Script, ServerProfile};
use serde_json::Value;

use super::yaml;
use crate::scenario::{LoadError, Place, Scenario, load};

/// A sequence as a scenario.
#[derive(Debug, Clone)]
pub(super) struct CompiledSequence {
    pub(super) scenario: Scenario,
    /// The scenario as YAML.
    pub(super) text: String,
    /// The ops that were applicable, in order.
    pub(super) ops: Vec<Op>,
    /// How many steps had been written after each of them.
    ends: Vec<usize>,
    /// The first line of each step.
    lines: Vec<usize>,
    /// How long it waits in total.
    pub(super) waits: Duration,
    /// How long it may take in addition.
    pub(super) holds_for: Option<Duration>,
}

impl CompiledSequence {
    /// The number of steps.
    pub(super) fn steps(&self) -> usize {
        self.lines.len()
    }

    /// The number of steps up to the one at a place; all if there is none.
    pub(super) fn steps_to(&self, place: Option<Place>) -> usize {
        let line = place.map_or(usize::MAX, |place| usize::try_from(place.line).unwrap_or(usize::MAX));
        if line == 0 { self.steps() } else { self.lines.iter().filter(|first| **first <= line).count() }
    }

    /// The ops up to the one that wrote the last of this many steps.
    pub(super) fn ops_to(&self, steps: usize) -> Vec<Op> {
        let needed = self.ends.iter().take_while(|end| **end < steps).count() + 1;
        self.ops.iter().take(needed).copied().collect()
    }
}

/// An invalid scenario of a model.
#[derive(Debug, thiserror::Error)]
#[error("an error in the model of {0}: {1}")]
pub(super) struct ModelError(&'static str, #[source] Box<LoadError>);

/// Compiles ops, or the first steps of them; `file` is where the scenario would be written. `None` if the ops result in no checks.
///
/// # Errors
/// If the model has written an invalid scenario, which is an error in the model.
pub(super) fn compile(
    family: &'static Family,
    setting: &ServerProfile,
    ops: &[Op],
    first: usize,
    (file, summary): (&str, &str),
) -> Result<Option<CompiledSequence>, ModelError> {
    let Some(modelled) = &family.model else { return Ok(None) };
    let mut model = (modelled.new)(setting.clone());
    let mut script = Script::default();
    let (mut applicable, mut ends) = (Vec::new(), Vec::new());
    for op in ops {
        if model.apply(op, &mut script) {
            applicable.push(*op);
            ends.push(script.steps.len());
        }
    }
    script.steps.truncate(first);
    let mut covers = Vec::new();
    script.steps.iter().for_each(|step| requirements(step, &mut covers));
    if covers.is_empty() {
        return Ok(None);
    }
    let mut text = format!("summary: {}\ncovers: [{}]\n", yaml::flow(&summary.into()), covers.join(", "));
    text.push_str(&format!("under_test: {}\n", family.server));
    let used = modelled.uses.iter().filter(|name| setting.params.contains(**name));
    let params: Vec<_> = modelled.needs.iter().chain(used).copied().collect();
    if !params.is_empty() {
        text.push_str(&format!("params: [{}]\n", params.join(", ")));
    }
    if let Some((_, span)) = &script.longest_wait {
        text.push_str(&format!("longest_wait: {span}\n"));
    }
    text.push_str("steps:\n");
    let mut line = text.lines().count() + 1;
    let mut lines = Vec::new();
    for step in &script.steps {
        lines.push(line);
        line += yaml::height(step);
    }
    yaml::steps(&script.steps, 2, &mut text);
    let loaded = load(file, &text).map_err(|error| ModelError(family.name, Box::new(error)))?;
    let Some(scenario) = loaded.into_iter().next() else { return Ok(None) };
    let Script { waits, holds_for, .. } = script;
    Ok(Some(CompiledSequence { scenario, text, ops: applicable, ends, lines, waits, holds_for }))
}

/// The requirements that the checks of a step name.
fn requirements(step: &Value, found: &mut Vec<String>) {
    let Some(keys) = step.as_object().and_then(|step| step.values().next()) else { return };
    if let Some((id, _)) = keys["check"].as_str().and_then(|check| check.split_once(' '))
        && !found.iter().any(|known| known == id)
    {
        found.push(id.to_owned());
    }
    keys["steps"].as_array().into_iter().flatten().for_each(|step| requirements(step, found));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::strategy::{Strategy, ValueTree};
    use relayspec::family::FAMILIES;
    use relayspec::timing::Parameter;

    use super::*;
    use crate::fuzz::sequence::{Sequence, choices};

    #[test]
    fn models_write_valid_scenarios_in_whole_and_in_part() {
        let mut short = ServerProfile { params: ["control".to_owned()].into(), ..ServerProfile::default() };
        for parameter in Parameter::ALL {
            short.timing.declare(parameter, Duration::from_secs(1));
        }
        let waived = ServerProfile {
            waived: ["PAIR-91", "PAIR-44", "PAIR-17", "PAIR-03", "TERM-05", "TERM-50"].map(str::to_owned).into(),
            ..short.clone()
        };
        for family in FAMILIES.iter().filter(|family| family.model.is_some()) {
            let mut kinds = std::collections::BTreeSet::new();
            for (number, setting) in
                [ServerProfile::default(), short.clone(), waived.clone()].iter().cycle().take(36).enumerate()
            {
                let model = family.model.expect("a model");
                let sequence = Sequence { model, setting: setting.clone(), steps: 40 };
                let ops = sequence.new_tree(&mut choices(5, number as u64)).expect("a sequence").current();
                assert!(ops.len() >= 40, "{}: only {} ops", family.name, ops.len());
                kinds.extend(ops.iter().map(|op| op.kind));
                let file = format!("{}/fuzz-1.yaml", family.name);
                let make =
                    |ops: &[Op], first| compile(family, setting, ops, first, (&file, "any")).expect("a scenario");
                let whole = make(&ops, usize::MAX).expect("steps");
                assert_eq!(whole.ops, ops, "drawn ops are applicable");
                assert_eq!(whole.steps(), whole.scenario.script.steps.len());
                for (step, line) in whole.scenario.script.steps.iter().zip(&whole.lines) {
                    assert_eq!(step.place.line, *line as u64);
                }
                // The scenario remains valid without some of the ops.
                let left_out = [2, 3, 5][number % 3];
                let ops: Vec<_> =
                    ops.iter().enumerate().filter(|(at, _)| at % left_out != 0).map(|(_, op)| *op).collect();
                make(&ops, usize::MAX);
                let part = make(&whole.ops, whole.steps() / 2).expect("steps");
                assert_eq!(part.steps(), whole.steps() / 2);
                assert!(whole.ops_to(part.steps()).len() < whole.ops.len());
            }
            assert!(kinds.len() > 8, "{}: {kinds:?}", family.name);
        }
    }
}
