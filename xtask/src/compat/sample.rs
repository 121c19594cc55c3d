//! Values that meet a schema: the simplest one, or a random one from a seed. They are only likely to be valid; callers check them with the
//! validator.

use fastrand::Rng;
use serde_json::{Map, Number, Value, json};

use super::analysis::SchemaAnalysis;
use super::automaton;
use super::intersect::member;
use super::prove::language;
use super::shape::{ArrayShape, Conjunction, NumberShape, ObjectShape, Shape, StringShape, is_never, order};

/// The deepest nesting of a value.
const DEEPEST: usize = 24;
/// From this depth on, optional parts are left out.
const DEEP: usize = 5;

/// Examples of formats, and some strings that match none.
const TEXTS: &[&str] = &[
    "",
    "a",
    "0",
    "not of this form",
    "\u{1f600}",
    "2026-11-20T08:30:00Z",
    "2026-11-20T08:30:00+01:00",
    "2026-11-20",
    "08:30:00Z",
    "P1DT2H",
    "a@example.com",
    "example.com",
    "https://example.com/a?b#c",
    "/a/b",
    "192.0.2.1",
    "2001:db8::1",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "67E55044-10B1-426F-9247-BB680E5FE0C8",
    "^a+$",
    "1.5s",
];

/// A source of values.
pub(super) struct Sampler<'a> {
    side: &'a SchemaAnalysis,
    /// `None` for the simplest values.
    rng: Option<Rng>,
}

impl<'a> Sampler<'a> {
    /// Draws the simplest values.
    pub(super) fn plain(side: &'a SchemaAnalysis) -> Self {
        Self { side, rng: None }
    }

    /// Draws random values; the same for the same seed.
    pub(super) fn seeded(side: &'a SchemaAnalysis, seed: u64) -> Self {
        Self { side, rng: Some(Rng::with_seed(seed)) }
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.rng.as_mut().is_some_and(|rng| rng.usize(..count) == 0)
    }

    /// A value that meets these schemas, if one is found.
    pub(super) fn value(&mut self, all: &Conjunction, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let shapes = self.side.shapes(all)?;
        let mut order: Vec<_> = (0..shapes.all.len()).collect();
        if let Some(rng) = self.rng.as_mut().filter(|_| depth < DEEP) {
            rng.shuffle(&mut order);
        } else {
            // Values without members end the recursion soonest.
            order.sort_by_key(|index| match shapes.all[*index] {
                Shape::Const(Value::Null) => 3,
                Shape::Const(_) => 1,
                Shape::String(_) => 0,
                Shape::Number(_) => 2,
                Shape::Array(_) => 4,
                Shape::Object(_) if depth == 0 => 0,
                Shape::Object(_) => 5,
            });
        }
        order.into_iter().find_map(|index| self.of_shape(&shapes.all[index], depth))
    }

    /// A value of one shape.
    pub(super) fn of_shape(&mut self, shape: &Shape, depth: usize) -> Option<Value> {
        match shape {
            Shape::Const(value) => Some(value.clone()),
            Shape::Number(range) => self.choice(numbers(range)),
            Shape::String(string) => self.choice(strings(string).into_iter().map(Value::from).collect()),
            Shape::Array(array) => self.array(array, depth),
            Shape::Object(object) => self.object(object, depth),
        }
    }

    fn choice(&mut self, mut values: Vec<Value>) -> Option<Value> {
        let index = self.rng.as_mut().filter(|_| !values.is_empty()).map_or(0, |rng| rng.usize(..values.len()));
        (index < values.len()).then(|| values.swap_remove(index))
    }

    fn array(&mut self, array: &ArrayShape, depth: usize) -> Option<Value> {
        let more = self.rng.as_mut().filter(|_| depth < DEEP).map_or(0, |rng| rng.u64(..3));
        let longest = array.longest.unwrap_or(u64::MAX);
        let length = (array.shortest + more).min(longest).min(4096);
        let mut items = Vec::new();
        for index in 0..usize::try_from(length).ok()? {
            match self.value(array.item(index), depth + 1) {
                Some(item) => items.push(item),
                None if index as u64 >= array.shortest => break,
                None => return None,
            }
        }
        Some(items.into())
    }

    fn object(&mut self, object: &ObjectShape, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        let mut names: Vec<_> = object
            .members
            .keys()
            .chain(object.required.difference(&object.members.keys().cloned().collect()))
            .cloned()
            .collect();
        // Constants first, so that the tag leads.
        names.sort_by_key(|name| member(object, name).iter().all(|schema| schema.get("const").is_none()));
        for name in names {
            let needed = object.required.contains(&name) || (members.len() as u64) < object.fewest;
            if !needed && (depth >= DEEP || !self.one_in(2)) {
                continue;
            }
            match self.value(&member(object, &name), depth + 1) {
                Some(value) => {
                    members.insert(name, value);
                }
                None if object.required.contains(&name) => return None,
                None => {}
            }
        }
        let mut number = 0;
        while (members.len() as u64) < object.fewest
            || (!is_never(&object.rest) && number == 0 && depth < DEEP && self.one_in(3))
        {
            number += 1;
            let name = if number == 1 { "other".to_owned() } else { format!("other{number}") };
            if number > 64 || members.contains_key(&name) {
                break;
            }
            let value = self.value(&member(object, &name), depth + 1)?;
            members.insert(name, value);
        }
        for (pattern, all) in &object.patterns {
            if depth < DEEP
                && self.one_in(2)
                && let Ok(Some(name)) = automaton::find(std::slice::from_ref(pattern), &[])
                && !members.contains_key(&name)
                && let Some(value) = self.value(all, depth + 1)
            {
                members.insert(name, value);
            }
        }
        Some(members.into())
    }
}

/// Numbers within a range: simple ones, and those at its ends.
pub(super) fn numbers(range: &NumberShape) -> Vec<Value> {
    let mut all =
        vec![json!(1), json!(0), json!(-1), json!(1.5), json!(-0.25), json!(1e300), json!(9_007_199_254_740_993_u64)];
    for bound in [&range.least, &range.most].into_iter().flatten() {
        all.extend(around(&bound.at));
    }
    all.extend(range.multiples.iter().cloned().map(Value::Number));
    all.retain(|value| value.as_number().is_some_and(|number| is_in(range, number)));
    all
}

/// A number and its neighbours.
pub(super) fn around(number: &Number) -> Vec<Value> {
    let mut all = vec![Value::Number(number.clone())];
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), ..) => {
            all.extend([whole.checked_add(1), whole.checked_sub(1)].into_iter().flatten().map(|one| json!(one)));
            all.extend([0.5, -0.5].map(|part| json!(whole as f64 + part)));
        }
        (_, Some(whole), _) => {
            all.extend([whole.checked_add(1), whole.checked_sub(1)].into_iter().flatten().map(|one| json!(one)));
        }
        (.., Some(real)) => {
            all.extend([real + 0.5, real - 0.5, real.ceil(), real.floor(), real * 2.0].map(|one| json!(one)));
        }
        _ => {}
    }
    all
}

fn is_in(range: &NumberShape, number: &Number) -> bool {
    let real = number.as_f64().unwrap_or(0.0);
    let is_whole = number.is_i64() || number.is_u64() || real.fract() == 0.0;
    (is_whole || !range.whole)
        && range.least.as_ref().is_none_or(|least| {
            let order = order(number, &least.at);
            order.is_gt() || (order.is_eq() && !least.open)
        })
        && range.most.as_ref().is_none_or(|most| {
            let order = order(number, &most.at);
            order.is_lt() || (order.is_eq() && !most.open)
        })
        && range.multiples.iter().all(|one| one.as_f64().is_some_and(|one| one != 0.0 && (real / one).fract() == 0.0))
}

/// The formats that the validator asserts. No example is known of any other.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uuid",
];

/// Strings that meet the limits of a shape: from its lengths and patterns, and examples of formats.
pub(super) fn strings(text: &StringShape) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if !text.formats.iter().all(|format| FORMATS.contains(&format.as_str())) {
        return all;
    }
    if text.formats.is_empty() {
        if text.patterns.is_empty() {
            all.extend(["a".repeat(usize::try_from(text.shortest.clamp(1, 1 << 16)).unwrap_or(1))]);
            all.extend(
                text.longest
                    .and_then(|longest| usize::try_from(longest.min(1 << 16)).ok())
                    .map(|longest| "a".repeat(longest)),
            );
        } else {
            all.extend(automaton::find(&language(text), &[]).ok().flatten());
        }
    }
    all.extend(TEXTS.iter().map(|text| (*text).to_owned()));
    let formats: Vec<_> = text.formats.iter().map(|format| json!({ "format": format })).collect();
    let patterns = text.patterns.iter().map(|pattern| json!({ "pattern": pattern }));
    let rules: Vec<_> = formats.into_iter().chain(patterns).collect();
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let validator = (!rules.is_empty()).then(|| options.build(&json!({ "allOf": rules })));
    all.retain(|one| {
        let length = one.chars().count() as u64;
        let fits = length >= text.shortest && text.longest.is_none_or(|longest| length <= longest);
        let valid = |built: &Result<jsonschema::Validator, _>| {
            built.as_ref().is_ok_and(|validator| validator.is_valid(&Value::from(one.as_str())))
        };
        fits && validator.as_ref().is_none_or(valid)
    });
    all.dedup();
    all
}
