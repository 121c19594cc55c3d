//! Steps that check collected values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Execute, Executor, StepFailure, Stop};
use crate::engine::random;
use crate::lint::shorten;
use crate::outcome::Finding;
use crate::scenario::Term;
use crate::scenario::step::{Disjoint, Distinct, Same, Tally, Unpredictable};

impl Execute for Distinct {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let values = executor.list(&self.values)?;
        let mut seen = BTreeSet::new();
        match values.iter().find(|value| !seen.insert(*value)) {
            None => Ok(()),
            Some(twice) => Err(Finding::new(format!("a value occurs more than once among {}", values.len()))
                .expected("all different")
                .got(format!("{twice} twice"))
                .into()),
        }
    }
}

impl Execute for Same {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let values = executor.list(&self.values)?;
        let different = values.iter().zip(values.iter().skip(1)).find(|(one, next)| one != next);
        match different {
            None => Ok(()),
            Some((one, other)) => Err(Finding::new(format!("the values of a list differ, {} in all", values.len()))
                .expected(format!("all of them {}", shorten(one)))
                .got(shorten(other))
                .into()),
        }
    }
}

impl Execute for Disjoint {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let taken: BTreeSet<_> = executor.list(&self.from)?.into_iter().collect();
        match executor.list(&self.values)?.into_iter().find(|value| taken.contains(value)) {
            None => Ok(()),
            Some(common) => {
                Err(Finding::new("a value occurs in both lists").expected("no common value").got(common).into())
            }
        }
    }
}

impl Execute for Tally {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for value in executor.list(&self.values)? {
            *counted.entry(value).or_default() += 1;
        }
        let often_enough = |(value, least): (&String, &usize)| counted.get(value).is_some_and(|count| count >= least);
        let holds = if self.to.is_empty() { self.at_least.iter().all(often_enough) } else { counted == self.to };
        if holds {
            return Ok(());
        }
        let shown = |tally: &BTreeMap<String, usize>| {
            let parts: Vec<_> = tally.iter().map(|(value, count)| format!("{count} × {value}")).collect();
            parts.join(", ")
        };
        Err(Finding::new("the outcomes do not occur as often as required")
            .expected(if self.to.is_empty() { format!("at least {}", shown(&self.at_least)) } else { shown(&self.to) })
            .got(shown(&counted))
            .into())
    }
}

impl Execute for Unpredictable {
    async fn execute(&self, executor: &mut Executor) -> Result<(), StepFailure> {
        let values = executor.list(&self.values)?;
        let alphabet: Vec<char> = self.alphabet.chars().collect();
        match random::check_random(&values, &alphabet) {
            Ok(()) => Ok(()),
            Err(random::RandomnessError::TooFew(needed)) => {
                Err(Stop::Internal(format!("{} values are too few; {needed} are needed", values.len())).into())
            }
            Err(random::RandomnessError::Pattern(pattern)) => {
                Err(Finding::new(format!("among {} values {}", values.len(), pattern.what))
                    .expected("what a uniform random source gives, except for one sample in a million")
                    .got(pattern.got)
                    .into())
            }
        }
    }
}

impl Executor {
    fn list(&self, term: &Term) -> Result<Vec<String>, StepFailure> {
        match term.fill(&self.variables)? {
            Value::Array(values) => Ok(values.iter().map(text).collect()),
            value => Err(Stop::Internal(format!("{value} is not a list")).into()),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
