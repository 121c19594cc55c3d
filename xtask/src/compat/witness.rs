//! Witnesses: values that a writer may send and a reader refuses. Each is checked with both validators before it is returned.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::automaton;
use super::intersect::member;
use super::prove::{Pair, language, length};
use super::sample::{Sampler, around, numbers, strings};
use super::shape::{ArrayShape, Conjunction, NumberShape, ObjectShape, Shape, StringShape, is_never};

/// The most values that are kept for one pair of schemas.
const KEPT: usize = 8;
/// The deepest nesting that the search follows.
const DEEPEST: usize = 12;
/// The most pairs of schemas that one search visits.
const STEPS: usize = 3_000;

/// One search for witnesses.
pub(super) struct WitnessSearch<'a> {
    pair: &'a Pair<'a>,
    open: Vec<(Conjunction, Conjunction)>,
    steps: usize,
}

impl<'a> WitnessSearch<'a> {
    pub(super) fn new(pair: &'a Pair<'a>) -> Self {
        Self { pair, open: Vec::new(), steps: 0 }
    }

    /// Values of the writer that the reader refuses, the shortest first.
    pub(super) fn refused(&mut self, writer: &Conjunction, reader: &Conjunction) -> Vec<Value> {
        let pair = (writer.clone(), reader.clone());
        self.steps += 1;
        if reader.is_empty() || self.open.len() > DEEPEST || self.steps > STEPS || self.open.contains(&pair) {
            return Vec::new();
        }
        let Some(own) = self.pair.writer.shapes(writer) else { return Vec::new() };
        let choices = self.pair.reader.shapes(reader).map(|shapes| shapes.all.clone()).unwrap_or_default();
        self.open.push(pair);
        let mut found = Vec::new();
        for shape in &own.all {
            // Reader shapes with other tags are irrelevant to this one.
            let near: Vec<_> = choices.iter().filter(|choice| !self.is_far(shape, choice)).collect();
            for value in self.candidates(shape, &near) {
                if found.len() < KEPT * 2 && !found.contains(&value) && self.is_witness(writer, reader, &value) {
                    found.push(value);
                }
            }
        }
        self.open.pop();
        found.sort_by_key(|value| value.to_string().len());
        found.truncate(KEPT);
        found
    }

    /// Whether the writer's schemas accept a value and the reader's refuse it.
    pub(super) fn is_witness(&self, writer: &Conjunction, reader: &Conjunction, value: &Value) -> bool {
        self.pair.writer.accepts(writer, value) && !self.pair.reader.accepts(reader, value)
    }

    /// Whether a reader's shape belongs to other messages, which have another tag.
    fn is_far(&self, writer: &Shape, reader: &Shape) -> bool {
        match (writer, reader) {
            (Shape::Object(_), Shape::Object(_)) => self.pair.writer.tags_differ(writer, reader),
            (Shape::String(_), Shape::Const(value)) => !value.is_string(),
            _ => self.pair.writer.is_disjoint(writer, reader, 0),
        }
    }

    fn candidates(&mut self, shape: &Shape, near: &[&Shape]) -> Vec<Value> {
        match shape {
            Shape::Const(value) => vec![value.clone()],
            Shape::Number(range) => of_number(range, near),
            Shape::String(text) => of_string(text, near),
            Shape::Array(list) => self.of_array(list, near),
            Shape::Object(object) => self.of_object(object, near),
        }
    }

    fn of_array(&mut self, list: &ArrayShape, near: &[&Shape]) -> Vec<Value> {
        let mut source = Sampler::plain(self.pair.writer);
        let Some(Value::Array(plain)) = source.of_shape(&Shape::Array(list.clone()), 0) else { return Vec::new() };
        let mut all = vec![Value::Array(plain.clone())];
        let mut grown = |length: usize| {
            let mut items = plain.clone();
            while items.len() < length {
                items.push(source.value(list.item(items.len()), 1)?);
            }
            Some(items)
        };
        let mut lengths = BTreeSet::from([1, list.front.len()]);
        let readers: Vec<_> =
            near.iter().filter_map(|shape| if let Shape::Array(list) = shape { Some(list) } else { None }).collect();
        for reader in &readers {
            lengths.extend([reader.longest.unwrap_or(0).min(2000) as usize + 1, reader.front.len() + 1, 2]);
        }
        let longest = list.longest.unwrap_or(u64::MAX);
        let lists: Vec<_> =
            lengths.into_iter().filter(|length| *length as u64 <= longest).filter_map(&mut grown).collect();
        all.extend(lists.iter().cloned().map(Value::Array));
        for reader in readers {
            for index in 0..=list.front.len().max(reader.front.len()) {
                let Some(base) = lists.iter().find(|items| items.len() > index) else { continue };
                for item in self.refused(list.item(index), reader.item(index)) {
                    let mut items = base.clone();
                    items[index] = item;
                    all.push(items.into());
                }
            }
        }
        all
    }

    fn of_object(&mut self, object: &ObjectShape, near: &[&Shape]) -> Vec<Value> {
        let mut source = Sampler::plain(self.pair.writer);
        let Some(Value::Object(plain)) = source.of_shape(&Shape::Object(object.clone()), 0) else { return Vec::new() };
        let mut all = vec![Value::Object(plain.clone())];
        let with = |name: &str, value: Value| {
            let mut members: Map<String, Value> = plain.clone();
            members.insert(name.to_owned(), value);
            Value::Object(members)
        };
        let mut whole = plain.clone();
        for name in object.members.keys() {
            if let Some(value) = source.value(&member(object, name), 1) {
                all.push(with(name, value.clone()));
                whole.entry(name.clone()).or_insert(value);
            }
        }
        all.push(Value::Object(whole));
        for reader in
            near.iter().filter_map(|shape| if let Shape::Object(object) = shape { Some(object) } else { None })
        {
            let mut names: BTreeSet<_> = object.members.keys().cloned().collect();
            if !is_never(&object.rest) {
                names.extend(reader.members.keys().cloned());
                names.insert("other".to_owned());
            }
            for (pattern, _) in object.patterns.iter().chain(&reader.patterns) {
                names.extend(automaton::find(std::slice::from_ref(pattern), &[]).ok().flatten());
            }
            for name in names {
                let found = self.refused(&member(object, &name), &member(reader, &name));
                all.extend(found.into_iter().map(|value| with(&name, value)));
            }
        }
        all
    }
}

fn of_number(range: &NumberShape, near: &[&Shape]) -> Vec<Value> {
    let mut all = numbers(range);
    for reader in near.iter().filter_map(|shape| if let Shape::Number(range) = shape { Some(range) } else { None }) {
        for bound in [&reader.least, &reader.most].into_iter().flatten() {
            all.extend(around(&bound.at));
        }
    }
    for own in &range.multiples {
        let own = own.as_f64().unwrap_or(1.0);
        all.extend(
            (1..8)
                .map(|times| times as f64 * own)
                .map(|one| if one.fract() == 0.0 { Value::from(one as i64) } else { Value::from(one) }),
        );
    }
    all.extend((2..8).map(Value::from));
    all
}

fn of_string(text: &StringShape, near: &[&Shape]) -> Vec<Value> {
    let mut all = Vec::new();
    let own = language(text);
    let named: Vec<_> = near
        .iter()
        .filter_map(|shape| if let Shape::Const(Value::String(one)) = shape { Some(exactly(one)) } else { None })
        .collect();
    if !named.is_empty() {
        all.extend(automaton::find(&own, &named).ok().flatten());
    }
    for reader in near.iter().filter_map(|shape| if let Shape::String(text) = shape { Some(text) } else { None }) {
        let lengths = length(reader).filter(|_| !own.is_empty());
        for pattern in reader.patterns.iter().cloned().chain(lengths).filter(|pattern| !own.contains(pattern)) {
            match automaton::find(&own, std::slice::from_ref(&pattern)) {
                Ok(found) => all.extend(found),
                // A pattern without an automaton may still refuse a single character.
                Err(_) if own.is_empty() => all.extend((' '..='~').map(String::from)),
                Err(_) => {}
            }
        }
        let lengths = [reader.longest.map(|longest| longest + 1), reader.shortest.checked_sub(1)];
        let lengths = lengths.into_iter().flatten().filter(|length| *length <= 1 << 20);
        all.extend(lengths.filter_map(|length| usize::try_from(length).ok()).map(|length| "a".repeat(length)));
    }
    all.extend(strings(text));
    all.into_iter().map(Value::from).collect()
}

/// The pattern that matches exactly one string.
fn exactly(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| c.is_ascii_punctuation().then_some('\\').into_iter().chain([c]));
    format!("^{}$", escaped.collect::<String>())
}
