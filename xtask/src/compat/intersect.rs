//! The shapes that a schema's own keywords describe, and intersections of shapes. References and unions are not resolved here.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Number, Value};

use super::shape::{
    ArrayShape, Bound, Conjunction, NumberShape, ObjectShape, Shape, StringShape, fewer, higher, lower, order,
};

/// The shapes that the keywords of one schema describe, apart from keywords that apply other schemas to the same value. Whether a value
/// of `const` or `enum` meets the rest is left to the validator. `None` if a keyword is not understood.
pub(super) fn own(members: &Map<String, Value>) -> Option<Vec<Shape>> {
    if let Some(value) = members.get("const") {
        return Some(vec![Shape::Const(value.clone())]);
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        return Some(values.iter().cloned().map(Shape::Const).collect());
    }
    let mut shapes = match members.get("type") {
        None => Shape::any(),
        Some(Value::String(name)) => Shape::of_type(name),
        Some(Value::Array(names)) => {
            let has_number = names.iter().any(|name| name == "number");
            let names = names.iter().filter_map(Value::as_str).filter(|name| !(has_number && *name == "integer"));
            names.flat_map(Shape::of_type).collect()
        }
        Some(_) => return None,
    };
    for shape in &mut shapes {
        match shape {
            Shape::Const(_) => {}
            Shape::Number(range) => number(range, members),
            Shape::String(one) => text(one, members),
            Shape::Array(one) => list(one, members),
            Shape::Object(one) => object(one, members),
        }
    }
    Some(shapes)
}

fn number(range: &mut NumberShape, members: &Map<String, Value>) {
    let bound = |name: &str, open: bool| match members.get(name) {
        Some(Value::Number(at)) => Some(Bound { at: at.clone(), open }),
        _ => None,
    };
    range.least = higher(bound("minimum", false), bound("exclusiveMinimum", true));
    range.most = lower(bound("maximum", false), bound("exclusiveMaximum", true));
    if let Some(Value::Number(multiple)) = members.get("multipleOf") {
        range.multiples.push(multiple.clone());
    }
}

fn text(text: &mut StringShape, members: &Map<String, Value>) {
    text.shortest = limit(members, "minLength").unwrap_or(0);
    text.longest = limit(members, "maxLength");
    let word = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    text.patterns.extend(word("pattern"));
    text.formats.extend(word("format"));
}

fn list(list: &mut ArrayShape, members: &Map<String, Value>) {
    list.front = items(members, "prefixItems").map(all).collect();
    list.rest = members.get("items").map(all).unwrap_or_default();
    list.shortest = limit(members, "minItems").unwrap_or(0);
    list.longest = limit(members, "maxItems");
    list.unique = members.get("uniqueItems") == Some(&Value::Bool(true));
}

fn object(object: &mut ObjectShape, members: &Map<String, Value>) {
    let named = |keyword: &str| members.get(keyword).and_then(Value::as_object).into_iter().flatten();
    object.members = named("properties").map(|(name, one)| (name.clone(), all(one))).collect();
    object.patterns = named("patternProperties").map(|(name, one)| (name.clone(), all(one))).collect();
    object.required = items(members, "required").filter_map(Value::as_str).map(str::to_owned).collect();
    object.rest = members.get("additionalProperties").map(all).unwrap_or_default();
    object.fewest = limit(members, "minProperties").unwrap_or(0);
    object.most = limit(members, "maxProperties");
}

/// The items of a keyword; none if it is absent or not a list.
pub(super) fn items<'a>(members: &'a Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'a Value> {
    members.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

fn limit(members: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = members.get(name)?;
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
}

fn all(schema: &Value) -> Conjunction {
    if *schema == Value::Bool(true) { Vec::new() } else { vec![Rc::new(schema.clone())] }
}

/// Whether a value has a shape's JSON type.
pub(super) fn same_type(value: &Value, shape: &Shape) -> bool {
    match shape {
        Shape::Const(other) => value == other,
        Shape::Number(_) => value.is_number(),
        Shape::String(_) => value.is_string(),
        Shape::Array(_) => value.is_array(),
        Shape::Object(_) => value.is_object(),
    }
}

/// The intersection of two shapes, neither of which is a constant; `None` if they exclude each other.
pub(super) fn intersection(a: &Shape, b: &Shape) -> Option<Shape> {
    match (a, b) {
        (Shape::Number(a), Shape::Number(b)) => numbers(a, b).map(Shape::Number),
        (Shape::String(a), Shape::String(b)) => texts(a, b).map(Shape::String),
        (Shape::Array(a), Shape::Array(b)) => lists(a, b).map(Shape::Array),
        (Shape::Object(a), Shape::Object(b)) => Some(Shape::Object(objects(a, b))),
        _ => None,
    }
}

fn union<T: Ord + Clone>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> BTreeSet<T> {
    a.union(b).cloned().collect()
}

fn numbers(a: &NumberShape, b: &NumberShape) -> Option<NumberShape> {
    let mut multiples: Vec<Number> = a.multiples.clone();
    multiples.extend(b.multiples.iter().filter(|one| !a.multiples.contains(one)).cloned());
    let range = NumberShape {
        whole: a.whole || b.whole,
        least: higher(a.least.clone(), b.least.clone()),
        most: lower(a.most.clone(), b.most.clone()),
        multiples,
        rules: union(&a.rules, &b.rules),
    };
    (!is_empty(&range)).then_some(range)
}

fn is_empty(range: &NumberShape) -> bool {
    let (Some(least), Some(most)) = (&range.least, &range.most) else { return false };
    match order(&least.at, &most.at) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => least.open || most.open,
        std::cmp::Ordering::Greater => true,
    }
}

fn texts(a: &StringShape, b: &StringShape) -> Option<StringShape> {
    let string = StringShape {
        shortest: a.shortest.max(b.shortest),
        longest: fewer(a.longest, b.longest),
        patterns: union(&a.patterns, &b.patterns),
        formats: union(&a.formats, &b.formats),
        rules: union(&a.rules, &b.rules),
    };
    string.longest.is_none_or(|longest| string.shortest <= longest).then_some(string)
}

fn lists(a: &ArrayShape, b: &ArrayShape) -> Option<ArrayShape> {
    let front = (0..a.front.len().max(b.front.len())).map(|index| joined(a.item(index), b.item(index)));
    let array = ArrayShape {
        front: front.collect(),
        rest: joined(&a.rest, &b.rest),
        shortest: a.shortest.max(b.shortest),
        longest: fewer(a.longest, b.longest),
        unique: a.unique || b.unique,
        rules: union(&a.rules, &b.rules),
    };
    array.longest.is_none_or(|longest| array.shortest <= longest).then_some(array)
}

fn objects(a: &ObjectShape, b: &ObjectShape) -> ObjectShape {
    let names: BTreeSet<_> = a.members.keys().chain(b.members.keys()).collect();
    let mut patterns = a.patterns.clone();
    patterns.extend(b.patterns.iter().cloned());
    ObjectShape {
        members: names.into_iter().map(|name| (name.clone(), joined(&member(a, name), &member(b, name)))).collect(),
        patterns,
        required: union(&a.required, &b.required),
        rest: joined(&a.rest, &b.rest),
        fewest: a.fewest.max(b.fewest),
        most: fewer(a.most, b.most),
        rules: union(&a.rules, &b.rules),
    }
}

/// The schemas that an object's member of this name has to meet.
pub(super) fn member(object: &ObjectShape, name: &str) -> Conjunction {
    let mut found = object.members.get(name).cloned();
    for (pattern, all) in &object.patterns {
        if matches(pattern, name) {
            found = Some(joined(&found.unwrap_or_default(), all));
        }
    }
    found.unwrap_or_else(|| object.rest.clone())
}

/// Whether a name matches a pattern, according to the validator.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let schema = serde_json::json!({ "pattern": pattern });
    jsonschema::draft202012::new(&schema).is_ok_and(|validator| validator.is_valid(&name.into()))
}

/// The conjunction of both.
pub(super) fn joined(a: &Conjunction, b: &Conjunction) -> Conjunction {
    let mut all = a.clone();
    all.extend(b.iter().filter(|schema| !a.contains(schema)).cloned());
    all
}
