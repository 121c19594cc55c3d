//! Proofs that a reader accepts everything that a writer sends, shape by shape. Not finding a proof proves nothing.
//!
//! Recursion is handled by assumption: a pair that is being proved counts as proved, since values are finite and each step goes deeper.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::analysis::{SchemaAnalysis, key};
use super::automaton;
use super::document::refers_within;
use super::intersect::{self, member};
use super::shape::{
    ArrayShape, Bound, Conjunction, NumberShape, ObjectShape, Shape, StringShape, fewer, is_never, order,
};

/// The longest string length that automata compare.
const LONGEST: u64 = 300;
/// The most cases into which a writer's object is split, one for each value of a member.
const CASES: usize = 48;
/// The most steps of one proof.
const STEPS: usize = 60_000;

/// The deepest nesting of values that a proof follows.
const DEEPEST: usize = 60;

/// A writer and a reader.
pub(super) struct Pair<'a> {
    pub(super) writer: &'a SchemaAnalysis,
    pub(super) reader: &'a SchemaAnalysis,
}

/// One attempt at a proof.
pub(super) struct Prover<'a> {
    pair: &'a Pair<'a>,
    assumed: BTreeSet<(String, String)>,
    /// The assumptions in the order in which they were made.
    trail: Vec<(String, String)>,
    /// Pairs that could not be proved even with all assumptions.
    failed: BTreeSet<(String, String)>,
    steps: usize,
    depth: usize,
}

impl<'a> Prover<'a> {
    pub(super) fn new(pair: &'a Pair<'a>) -> Self {
        Self { pair, assumed: BTreeSet::new(), trail: Vec::new(), failed: BTreeSet::new(), steps: 0, depth: 0 }
    }

    /// Whether it is certain that every value that meets the writer's schemas meets the reader's.
    pub(super) fn within(&mut self, writer: &Conjunction, reader: &Conjunction) -> bool {
        self.steps += 1;
        if self.steps > STEPS || self.depth > DEEPEST {
            return false;
        }
        if is_never(writer) || reader.iter().all(|schema| **schema == Value::Bool(true)) {
            return true;
        }
        if reader.iter().all(|wanted| writer.iter().any(|own| self.is_same(own, wanted))) {
            return true;
        }
        let pair = (key(writer), key(reader));
        if self.assumed.contains(&pair) {
            return true;
        }
        if self.failed.contains(&pair) {
            return false;
        }
        let Some(own) = self.pair.writer.shapes(writer) else { return false };
        let before = self.trail.len();
        self.assumed.insert(pair.clone());
        self.trail.push(pair.clone());
        self.depth += 1;
        let proved = own.all.iter().all(|shape| self.is_accepted(shape, reader, 2));
        self.depth -= 1;
        if !proved {
            // Whatever was proved meanwhile may rest on this assumption.
            for pair in self.trail.split_off(before) {
                self.assumed.remove(&pair);
            }
            self.failed.insert(pair);
        }
        proved
    }

    /// Whether two schemas are the same text, except that the writer's may exclude members that the reader's allows.
    fn is_same(&self, writer: &Value, reader: &Value) -> bool {
        narrower(writer, reader) && refers_within(reader, &self.pair.reader.shared)
    }

    fn is_accepted(&mut self, shape: &Shape, reader: &Conjunction, splits: usize) -> bool {
        if let Shape::Const(value) = shape {
            return self.pair.reader.accepts(reader, value);
        }
        if let Shape::Number(range) = shape
            && let Some(values) = few(range)
        {
            return values.iter().all(|value| self.pair.reader.accepts(reader, value));
        }
        let Some(choices) = self.pair.reader.shapes(reader) else { return false };
        if !choices.exact {
            return false;
        }
        if choices.all.iter().any(|choice| self.contains(choice, shape)) {
            return true;
        }
        let Shape::Object(object) = shape else { return false };
        splits > 0
            && cases(object, self.pair.writer).is_some_and(|cases| {
                cases.into_iter().all(|case| self.is_accepted(&Shape::Object(case), reader, splits - 1))
            })
    }

    fn contains(&mut self, reader: &Shape, writer: &Shape) -> bool {
        match (writer, reader) {
            (Shape::Number(writer), Shape::Number(reader)) => numbers(writer, reader),
            (Shape::String(writer), Shape::String(reader)) => texts(writer, reader),
            (Shape::Array(writer), Shape::Array(reader)) => self.lists(writer, reader),
            (Shape::Object(writer), Shape::Object(reader)) => self.objects(writer, reader),
            _ => false,
        }
    }

    fn lists(&mut self, writer: &ArrayShape, reader: &ArrayShape) -> bool {
        // No item can follow an impossible one.
        let end = writer.front.iter().chain([&writer.rest]).position(is_never).map(|end| end as u64);
        let longest = fewer(writer.longest, end);
        let short = reader.shortest <= writer.shortest;
        let long = reader.longest.is_none_or(|limit| longest.is_some_and(|longest| longest <= limit));
        let unique = !reader.unique || writer.unique || longest.is_some_and(|longest| longest <= 1);
        if !(short && long && unique && reader.rules.is_subset(&writer.rules)) {
            return false;
        }
        let count = writer.front.len().max(reader.front.len()) + 1;
        (0..count)
            .take_while(|index| longest.is_none_or(|longest| (*index as u64) < longest))
            .all(|index| self.within(writer.item(index), reader.item(index)))
    }

    fn objects(&mut self, writer: &ObjectShape, reader: &ObjectShape) -> bool {
        if !(reader.required.is_subset(&writer.required) && reader.rules.is_subset(&writer.rules)) {
            return false;
        }
        let is_closed = is_never(&writer.rest) && writer.patterns.is_empty();
        let fewest = writer.fewest.max(writer.required.len() as u64);
        let most = fewer(writer.most, is_closed.then_some(writer.members.len() as u64));
        let counts = reader.fewest <= fewest && reader.most.is_none_or(|limit| most.is_some_and(|most| most <= limit));
        if !counts {
            return false;
        }
        let named = writer.members.keys().all(|name| {
            let own = member(writer, name);
            let impossible = self.pair.writer.shapes(&own).is_some_and(|shapes| shapes.all.is_empty());
            impossible || self.within(&own, &member(reader, name))
        });
        if !named {
            return false;
        }
        let unnamed = |proof: &mut Self, own: &Conjunction, of: &dyn Fn(&str) -> bool| {
            let others = reader.members.keys().filter(|name| !writer.members.contains_key(*name) && of(name));
            let fits = others.cloned().collect::<Vec<_>>().iter().all(|name| proof.within(own, &member(reader, name)));
            fits && proof.within(own, &reader.rest)
        };
        for (pattern, own) in &writer.patterns {
            let known = reader.patterns.iter().find(|(other, _)| other == pattern);
            let fits = match known {
                Some((_, wanted)) => reader.patterns.len() == 1 && self.within(own, wanted),
                None => reader.patterns.is_empty() && unnamed(self, own, &|name| intersect::matches(pattern, name)),
            };
            if !fits {
                return false;
            }
        }
        is_never(&writer.rest)
            || unnamed(self, &writer.rest, &|_| true)
                && reader.patterns.iter().all(|(_, wanted)| self.within(&writer.rest, wanted))
    }
}

/// The same text, except that the narrower one may refuse unknown members.
fn narrower(narrow: &Value, wide: &Value) -> bool {
    match (narrow, wide) {
        (Value::Object(a), Value::Object(b)) => {
            let extra = |name: &String, value: &Value| name == "unevaluatedProperties" && *value == Value::Bool(false);
            let same = |(name, value): (&String, &Value)| match b.get(name) {
                Some(other) => narrower(value, other),
                None => extra(name, value),
            };
            b.keys().all(|name| a.contains_key(name)) && a.iter().all(same)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| narrower(a, b)),
        (a, b) => a == b,
    }
}

fn numbers(writer: &NumberShape, reader: &NumberShape) -> bool {
    let end = |own: &Option<Bound>, wanted: &Option<Bound>, further: std::cmp::Ordering| match (own, wanted) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(wanted)) => match order(&own.at, &wanted.at) {
            std::cmp::Ordering::Equal => own.open || !wanted.open,
            found => found == further,
        },
    };
    let multiple = |wanted: &serde_json::Number| {
        let whole = wanted.as_u64();
        let divides = |own: &serde_json::Number| {
            own == wanted || own.as_u64().zip(whole).is_some_and(|(own, wanted)| wanted > 0 && own % wanted == 0)
        };
        writer.multiples.iter().any(divides) || (writer.whole && whole == Some(1))
    };
    let is_whole =
        writer.whole || writer.multiples.iter().any(|multiple| multiple.as_u64().is_some_and(|multiple| multiple > 0));
    (!reader.whole || is_whole)
        && end(&writer.least, &reader.least, std::cmp::Ordering::Greater)
        && end(&writer.most, &reader.most, std::cmp::Ordering::Less)
        && reader.multiples.iter().all(multiple)
        && reader.rules.is_subset(&writer.rules)
}

fn texts(writer: &StringShape, reader: &StringShape) -> bool {
    let formats = reader.formats.is_subset(&writer.formats);
    if !formats || !reader.rules.is_subset(&writer.rules) {
        return false;
    }
    let short = reader.shortest <= writer.shortest;
    let long = reader.longest.is_none_or(|limit| writer.longest.is_some_and(|longest| longest <= limit));
    let mut wanted: Vec<_> = reader.patterns.difference(&writer.patterns).cloned().collect();
    if !(short && long) {
        // Without a length keyword, only a pattern can bound the length.
        let Some(length) = length(reader).filter(|_| !writer.patterns.is_empty()) else { return false };
        wanted.push(length);
    }
    wanted.is_empty() || {
        let own = language(writer);
        wanted.iter().all(|one| automaton::find(&own, std::slice::from_ref(one)) == Ok(None))
    }
}

/// The patterns that a string has to match: its own, together with its length if it has any.
pub(super) fn language(text: &StringShape) -> Vec<String> {
    let own = text.patterns.iter().cloned();
    own.chain(length(text).filter(|_| !text.patterns.is_empty())).collect()
}

/// The length limits of a string as a pattern, if it has any that are short enough for an automaton.
pub(super) fn length(text: &StringShape) -> Option<String> {
    let is_short = text.shortest <= LONGEST && text.longest.is_none_or(|longest| longest <= LONGEST);
    let any = text.shortest > 0 || text.longest.is_some();
    (any && is_short).then(|| automaton::of_length(text.shortest, text.longest))
}

/// All values of a small range of integers.
fn few(range: &NumberShape) -> Option<Vec<Value>> {
    let (least, most) = (range.least.as_ref()?, range.most.as_ref()?);
    let (Some(first), Some(last)) = (least.at.as_i64(), most.at.as_i64()) else { return None };
    let closed = range.whole && !least.open && !most.open && range.multiples.is_empty() && range.rules.is_empty();
    (closed && last.checked_sub(first)? <= 32).then(|| (first..=last).map(|number| json!(number)).collect())
}

/// A writer's object split into cases, one for each value or alternative of a member that has only a few.
fn cases(object: &ObjectShape, side: &SchemaAnalysis) -> Option<Vec<ObjectShape>> {
    let cases_of = |all: &Conjunction| -> Option<Vec<Conjunction>> {
        let shapes = side.shapes(all)?;
        let values: Option<Vec<_>> = shapes
            .all
            .iter()
            .map(|shape| match shape {
                Shape::Const(value) => Some(vec![Rc::new(json!({ "const": value }))]),
                _ => None,
            })
            .collect();
        let by_branch = || {
            let [schema] = all.as_slice() else { return None };
            let target = schema.get("$ref").and_then(Value::as_str).map(|name| side.document.target(name));
            let schema = target.unwrap_or(schema);
            let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
            let branch = |one: &Value| intersect::joined(all, &vec![Rc::new(one.clone())]);
            Some(branches.iter().map(branch).collect::<Vec<_>>())
        };
        values.or_else(by_branch).filter(|cases| cases.len() > 1 && cases.len() <= CASES)
    };
    let (name, values) = object.members.iter().find_map(|(name, all)| Some((name, cases_of(all)?)))?;
    let mut cases: Vec<_> = values
        .into_iter()
        .map(|value| {
            let mut case = object.clone();
            case.members.insert(name.clone(), value);
            case.required.insert(name.clone());
            case
        })
        .collect();
    if !object.required.contains(name) {
        let mut without = object.clone();
        without.members.insert(name.clone(), vec![Rc::new(Value::Bool(false))]);
        cases.push(without);
    }
    Some(cases)
}
