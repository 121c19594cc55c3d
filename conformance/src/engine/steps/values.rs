//! Judging values that a story has collected.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::player::{Fault, Player};
use crate::engine::random;
use crate::engine::recorder::Stop;
use crate::lint::shorten;
use crate::outcome::Finding;
use crate::scenario::Term;
use crate::scenario::step::{Disjoint, Distinct, Same, Tally, Unpredictable};

impl Player {
    fn list(&self, term: &Term) -> Result<Vec<String>, Fault> {
        match term.fill(&self.variables).map_err(Stop::Harness)? {
            Value::Array(values) => Ok(values.iter().map(text).collect()),
            value => Err(Stop::Harness(format!("{value} is no list")).into()),
        }
    }

    pub(in crate::engine) fn distinct(&mut self, step: &Distinct) -> Result<(), Fault> {
        let values = self.list(&step.values)?;
        let mut seen = BTreeSet::new();
        match values.iter().find(|value| !seen.insert(*value)) {
            None => Ok(()),
            Some(twice) => Err(Finding {
                what: format!("a value occurs more than once among {}", values.len()),
                expected: Some("all different".to_owned()),
                got: Some(format!("{twice} twice")),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) fn same(&mut self, step: &Same) -> Result<(), Fault> {
        let values = self.list(&step.values)?;
        let different = values.iter().zip(values.iter().skip(1)).find(|(one, next)| one != next);
        match different {
            None => Ok(()),
            Some((one, other)) => Err(Finding {
                what: format!("the values of a list differ, {} in all", values.len()),
                expected: Some(format!("all of them {}", shorten(one))),
                got: Some(shorten(other)),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) fn disjoint(&mut self, step: &Disjoint) -> Result<(), Fault> {
        let taken: BTreeSet<_> = self.list(&step.from)?.into_iter().collect();
        match self.list(&step.values)?.into_iter().find(|value| taken.contains(value)) {
            None => Ok(()),
            Some(common) => Err(Finding {
                what: "a value occurs in both lists".to_owned(),
                expected: Some("no common value".to_owned()),
                got: Some(common),
                ..Finding::default()
            }
            .into()),
        }
    }

    pub(in crate::engine) fn tally(&mut self, step: &Tally) -> Result<(), Fault> {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for value in self.list(&step.values)? {
            *counted.entry(value).or_default() += 1;
        }
        let often_enough = |(value, least): (&String, &usize)| counted.get(value).is_some_and(|count| count >= least);
        let holds = if step.to.is_empty() { step.at_least.iter().all(often_enough) } else { counted == step.to };
        if holds {
            return Ok(());
        }
        let shown = |tally: &BTreeMap<String, usize>| {
            let parts: Vec<_> = tally.iter().map(|(value, count)| format!("{count} × {value}")).collect();
            parts.join(", ")
        };
        Err(Finding {
            what: "the outcomes do not occur as often as they should".to_owned(),
            expected: Some(if step.to.is_empty() {
                format!("at least {}", shown(&step.at_least))
            } else {
                shown(&step.to)
            }),
            got: Some(shown(&counted)),
            ..Finding::default()
        }
        .into())
    }

    pub(in crate::engine) fn unpredictable(&mut self, step: &Unpredictable) -> Result<(), Fault> {
        let values = self.list(&step.values)?;
        let alphabet: Vec<char> = step.alphabet.chars().collect();
        match random::judge(&values, &alphabet) {
            Ok(()) => Ok(()),
            Err(random::Judgement::TooFew(needed)) => {
                Err(Stop::Harness(format!("{} values are too few to judge; {needed} are needed", values.len())).into())
            }
            Err(random::Judgement::Pattern(pattern)) => Err(Finding {
                what: format!("among {} values {}", values.len(), pattern.what),
                expected: Some("what a uniform random source gives, but for one sample in a million".to_owned()),
                got: Some(pattern.got),
                ..Finding::default()
            }
            .into()),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
