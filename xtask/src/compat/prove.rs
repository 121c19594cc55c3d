//! Proofs that a reader takes all that a writer sends: shape by shape. Where no proof is found nothing is said.
//!
//! Recursion is met by assumption: a pair that is being proved counts as proved, since a value is finite and each step goes into it.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use super::automaton;
use super::document::refers_within;
use super::meet::{self, member};
use super::shape::{All, Bound, List, Object, Range, Shape, Text, is_never, order};
use super::side::{Side, key};

/// Lengths up to which strings are compared by automata.
const LONGEST: u64 = 300;
/// A writer's object is split into at most so many, one for each value of its members.
const PIECES: usize = 48;
/// Steps that one proof may take.
const STEPS: usize = 60_000;

/// How deep a proof may go into a value.
const DEEPEST: usize = 60;

/// A writer and a reader.
pub(super) struct Pair<'a> {
    pub(super) writer: &'a Side,
    pub(super) reader: &'a Side,
}

/// One proof under way.
pub(super) struct Proof<'a> {
    pair: &'a Pair<'a>,
    assumed: BTreeSet<(String, String)>,
    /// The assumptions in the order in which they were made.
    trail: Vec<(String, String)>,
    /// What could not be proved even with all assumptions.
    failed: BTreeSet<(String, String)>,
    steps: usize,
    depth: usize,
}

impl<'a> Proof<'a> {
    pub(super) fn new(pair: &'a Pair<'a>) -> Self {
        Self { pair, assumed: BTreeSet::new(), trail: Vec::new(), failed: BTreeSet::new(), steps: 0, depth: 0 }
    }

    /// Whether it is certain that whatever meets the one meets the other.
    pub(super) fn within(&mut self, writer: &All, reader: &All) -> bool {
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
        let proved = own.all.iter().all(|shape| self.taken(shape, reader, 2));
        self.depth -= 1;
        if !proved {
            // What was proved below may rest on this.
            for pair in self.trail.split_off(before) {
                self.assumed.remove(&pair);
            }
            self.failed.insert(pair);
        }
        proved
    }

    /// Whether two schemas are the same text, but for members that the writer's excludes and the reader's lets pass.
    fn is_same(&self, writer: &Value, reader: &Value) -> bool {
        narrower(writer, reader) && refers_within(reader, &self.pair.reader.shared)
    }

    fn taken(&mut self, shape: &Shape, reader: &All, splits: usize) -> bool {
        if let Shape::Is(value) = shape {
            return self.pair.reader.takes(reader, value);
        }
        if let Shape::Number(range) = shape
            && let Some(values) = few(range)
        {
            return values.iter().all(|value| self.pair.reader.takes(reader, value));
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
            && pieces(object, self.pair.writer).is_some_and(|pieces| {
                pieces.into_iter().all(|piece| self.taken(&Shape::Object(piece), reader, splits - 1))
            })
    }

    fn contains(&mut self, reader: &Shape, writer: &Shape) -> bool {
        match (writer, reader) {
            (Shape::Number(writer), Shape::Number(reader)) => numbers(writer, reader),
            (Shape::Text(writer), Shape::Text(reader)) => texts(writer, reader),
            (Shape::List(writer), Shape::List(reader)) => self.lists(writer, reader),
            (Shape::Object(writer), Shape::Object(reader)) => self.objects(writer, reader),
            _ => false,
        }
    }

    fn lists(&mut self, writer: &List, reader: &List) -> bool {
        // Behind an item that nothing meets there is no other.
        let end = writer.front.iter().chain([&writer.rest]).position(is_never).map(|end| end as u64);
        let longest = super::shape::fewer(writer.longest, end);
        let short = reader.shortest <= writer.shortest;
        let long = reader.longest.is_none_or(|limit| longest.is_some_and(|longest| longest <= limit));
        let unique = !reader.unique || writer.unique || longest.is_some_and(|longest| longest <= 1);
        if !(short && long && unique && reader.rules.is_subset(&writer.rules)) {
            return false;
        }
        let places = writer.front.len().max(reader.front.len()) + 1;
        (0..places)
            .take_while(|index| longest.is_none_or(|longest| (*index as u64) < longest))
            .all(|index| self.within(writer.item(index), reader.item(index)))
    }

    fn objects(&mut self, writer: &Object, reader: &Object) -> bool {
        if !(reader.required.is_subset(&writer.required) && reader.rules.is_subset(&writer.rules)) {
            return false;
        }
        let is_closed = is_never(&writer.rest) && writer.patterns.is_empty();
        let fewest = writer.fewest.max(writer.required.len() as u64);
        let most = super::shape::fewer(writer.most, is_closed.then_some(writer.members.len() as u64));
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
        let unnamed = |proof: &mut Self, own: &All, of: &dyn Fn(&str) -> bool| {
            let others = reader.members.keys().filter(|name| !writer.members.contains_key(*name) && of(name));
            let fine = others.cloned().collect::<Vec<_>>().iter().all(|name| proof.within(own, &member(reader, name)));
            fine && proof.within(own, &reader.rest)
        };
        for (pattern, own) in &writer.patterns {
            let known = reader.patterns.iter().find(|(other, _)| other == pattern);
            let fine = match known {
                Some((_, wanted)) => reader.patterns.len() == 1 && self.within(own, wanted),
                None => reader.patterns.is_empty() && unnamed(self, own, &|name| meet::matches(pattern, name)),
            };
            if !fine {
                return false;
            }
        }
        is_never(&writer.rest)
            || unnamed(self, &writer.rest, &|_| true)
                && reader.patterns.iter().all(|(_, wanted)| self.within(&writer.rest, wanted))
    }
}

/// The same text, but that the narrower one may refuse unknown members where the other says nothing of them.
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

fn numbers(writer: &Range, reader: &Range) -> bool {
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

fn texts(writer: &Text, reader: &Text) -> bool {
    let formats = reader.formats.is_subset(&writer.formats);
    if !formats || !reader.rules.is_subset(&writer.rules) {
        return false;
    }
    let short = reader.shortest <= writer.shortest;
    let long = reader.longest.is_none_or(|limit| writer.longest.is_some_and(|longest| longest <= limit));
    let mut wanted: Vec<_> = reader.patterns.difference(&writer.patterns).cloned().collect();
    if !(short && long) {
        // Only a pattern can bound a length that no keyword does.
        let Some(length) = length(reader).filter(|_| !writer.patterns.is_empty()) else { return false };
        wanted.push(length);
    }
    wanted.is_empty() || {
        let own = language(writer);
        wanted.iter().all(|one| automaton::find(&own, std::slice::from_ref(one)) == Ok(None))
    }
}

/// The patterns whose strings are of a text: its own, and its lengths where it has any other.
pub(super) fn language(text: &Text) -> Vec<String> {
    let own = text.patterns.iter().cloned();
    own.chain(length(text).filter(|_| !text.patterns.is_empty())).collect()
}

/// The lengths of a text as a pattern, where it has any that are not too long for an automaton.
pub(super) fn length(text: &Text) -> Option<String> {
    let is_short = text.shortest <= LONGEST && text.longest.is_none_or(|longest| longest <= LONGEST);
    let any = text.shortest > 0 || text.longest.is_some();
    (any && is_short).then(|| automaton::of_length(text.shortest, text.longest))
}

/// All values of a small range of integers.
fn few(range: &Range) -> Option<Vec<Value>> {
    let (least, most) = (range.least.as_ref()?, range.most.as_ref()?);
    let (Some(first), Some(last)) = (least.at.as_i64(), most.at.as_i64()) else { return None };
    let closed = range.whole && !least.open && !most.open && range.multiples.is_empty() && range.rules.is_empty();
    (closed && last.checked_sub(first)? <= 32).then(|| (first..=last).map(|number| json!(number)).collect())
}

/// A writer's object as several, one for each way in which a member of few ways can be.
fn pieces(object: &Object, side: &Side) -> Option<Vec<Object>> {
    let ways = |all: &All| -> Option<Vec<All>> {
        let shapes = side.shapes(all)?;
        let values: Option<Vec<_>> = shapes
            .all
            .iter()
            .map(|shape| match shape {
                Shape::Is(value) => Some(vec![Rc::new(json!({ "const": value }))]),
                _ => None,
            })
            .collect();
        let by_branch = || {
            let [schema] = all.as_slice() else { return None };
            let target = schema.get("$ref").and_then(Value::as_str).map(|name| side.document.target(name));
            let schema = target.unwrap_or(schema);
            let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
            let branch = |one: &Value| meet::joined(all, &vec![Rc::new(one.clone())]);
            Some(branches.iter().map(branch).collect::<Vec<_>>())
        };
        values.or_else(by_branch).filter(|ways| ways.len() > 1 && ways.len() <= PIECES)
    };
    let (name, ways) = object.members.iter().find_map(|(name, all)| Some((name, ways(all)?)))?;
    let mut pieces: Vec<_> = ways
        .into_iter()
        .map(|way| {
            let mut piece = object.clone();
            piece.members.insert(name.clone(), way);
            piece.required.insert(name.clone());
            piece
        })
        .collect();
    if !object.required.contains(name) {
        let mut without = object.clone();
        without.members.insert(name.clone(), vec![Rc::new(Value::Bool(false))]);
        pieces.push(without);
    }
    Some(pieces)
}
