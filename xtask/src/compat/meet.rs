//! What a schema's own keywords say as shapes, and what is of two shapes at once. References and unions are not resolved here.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Number, Value};

use super::shape::{All, Bound, List, Object, Range, Shape, Text, fewer, higher, lower, order};

/// The shapes that the keywords of one schema leave, but for those that apply other schemas to the same value. Where a value is named
/// by `const` or `enum`, whether it meets the rest is for the validator. None where a keyword is not understood.
pub(super) fn own(members: &Map<String, Value>) -> Option<Vec<Shape>> {
    if let Some(value) = members.get("const") {
        return Some(vec![Shape::Is(value.clone())]);
    }
    if let Some(values) = members.get("enum").and_then(Value::as_array) {
        return Some(values.iter().cloned().map(Shape::Is).collect());
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
            Shape::Is(_) => {}
            Shape::Number(range) => number(range, members),
            Shape::Text(one) => text(one, members),
            Shape::List(one) => list(one, members),
            Shape::Object(one) => object(one, members),
        }
    }
    Some(shapes)
}

fn number(range: &mut Range, members: &Map<String, Value>) {
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

fn text(text: &mut Text, members: &Map<String, Value>) {
    text.shortest = limit(members, "minLength").unwrap_or(0);
    text.longest = limit(members, "maxLength");
    let word = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    text.patterns.extend(word("pattern"));
    text.formats.extend(word("format"));
}

fn list(list: &mut List, members: &Map<String, Value>) {
    let items = members.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
    list.front = items.map(all).collect();
    list.rest = members.get("items").map(all).unwrap_or_default();
    list.shortest = limit(members, "minItems").unwrap_or(0);
    list.longest = limit(members, "maxItems");
    list.unique = members.get("uniqueItems") == Some(&Value::Bool(true));
}

fn object(object: &mut Object, members: &Map<String, Value>) {
    let named = |keyword: &str| members.get(keyword).and_then(Value::as_object).into_iter().flatten();
    object.members = named("properties").map(|(name, one)| (name.clone(), all(one))).collect();
    object.patterns = named("patternProperties").map(|(name, one)| (name.clone(), all(one))).collect();
    let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
    object.required = required.filter_map(Value::as_str).map(str::to_owned).collect();
    object.rest = members.get("additionalProperties").map(all).unwrap_or_default();
    object.fewest = limit(members, "minProperties").unwrap_or(0);
    object.most = limit(members, "maxProperties");
}

fn limit(members: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = members.get(name)?;
    value.as_u64().or_else(|| value.as_f64().map(|number| number as u64))
}

fn all(schema: &Value) -> All {
    if *schema == Value::Bool(true) { Vec::new() } else { vec![Rc::new(schema.clone())] }
}

/// Whether a value is of a shape's JSON type.
pub(super) fn same_type(value: &Value, shape: &Shape) -> bool {
    match shape {
        Shape::Is(other) => value == other,
        Shape::Number(_) => value.is_number(),
        Shape::Text(_) => value.is_string(),
        Shape::List(_) => value.is_array(),
        Shape::Object(_) => value.is_object(),
    }
}

/// What is of both shapes, none of which is a single value; nothing where they exclude each other.
pub(super) fn meet(a: &Shape, b: &Shape) -> Option<Shape> {
    match (a, b) {
        (Shape::Number(a), Shape::Number(b)) => numbers(a, b).map(Shape::Number),
        (Shape::Text(a), Shape::Text(b)) => texts(a, b).map(Shape::Text),
        (Shape::List(a), Shape::List(b)) => lists(a, b).map(Shape::List),
        (Shape::Object(a), Shape::Object(b)) => Some(Shape::Object(objects(a, b))),
        _ => None,
    }
}

fn union<T: Ord + Clone>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> BTreeSet<T> {
    a.union(b).cloned().collect()
}

fn numbers(a: &Range, b: &Range) -> Option<Range> {
    let mut multiples: Vec<Number> = a.multiples.clone();
    multiples.extend(b.multiples.iter().filter(|one| !a.multiples.contains(one)).cloned());
    let range = Range {
        whole: a.whole || b.whole,
        least: higher(a.least.clone(), b.least.clone()),
        most: lower(a.most.clone(), b.most.clone()),
        multiples,
        rules: union(&a.rules, &b.rules),
    };
    (!is_empty(&range)).then_some(range)
}

fn is_empty(range: &Range) -> bool {
    let (Some(least), Some(most)) = (&range.least, &range.most) else { return false };
    match order(&least.at, &most.at) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => least.open || most.open,
        std::cmp::Ordering::Greater => true,
    }
}

fn texts(a: &Text, b: &Text) -> Option<Text> {
    let text = Text {
        shortest: a.shortest.max(b.shortest),
        longest: fewer(a.longest, b.longest),
        patterns: union(&a.patterns, &b.patterns),
        formats: union(&a.formats, &b.formats),
        rules: union(&a.rules, &b.rules),
    };
    text.longest.is_none_or(|longest| text.shortest <= longest).then_some(text)
}

fn lists(a: &List, b: &List) -> Option<List> {
    let front = (0..a.front.len().max(b.front.len())).map(|index| joined(a.item(index), b.item(index)));
    let list = List {
        front: front.collect(),
        rest: joined(&a.rest, &b.rest),
        shortest: a.shortest.max(b.shortest),
        longest: fewer(a.longest, b.longest),
        unique: a.unique || b.unique,
        rules: union(&a.rules, &b.rules),
    };
    list.longest.is_none_or(|longest| list.shortest <= longest).then_some(list)
}

fn objects(a: &Object, b: &Object) -> Object {
    let names: BTreeSet<_> = a.members.keys().chain(b.members.keys()).collect();
    let mut patterns = a.patterns.clone();
    patterns.extend(b.patterns.iter().cloned());
    Object {
        members: names.into_iter().map(|name| (name.clone(), joined(&member(a, name), &member(b, name)))).collect(),
        patterns,
        required: union(&a.required, &b.required),
        rest: joined(&a.rest, &b.rest),
        fewest: a.fewest.max(b.fewest),
        most: fewer(a.most, b.most),
        rules: union(&a.rules, &b.rules),
    }
}

/// What an object's member with a name has to meet.
pub(super) fn member(object: &Object, name: &str) -> All {
    let mut found = object.members.get(name).cloned();
    for (pattern, all) in &object.patterns {
        if matches(pattern, name) {
            found = Some(joined(&found.unwrap_or_default(), all));
        }
    }
    found.unwrap_or_else(|| object.rest.clone())
}

/// Whether a name matches a pattern, as the validator has it.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let schema = serde_json::json!({ "pattern": pattern });
    jsonschema::draft202012::new(&schema).is_ok_and(|validator| validator.is_valid(&name.into()))
}

/// What meets both conjunctions.
pub(super) fn joined(a: &All, b: &All) -> All {
    let mut all = a.clone();
    all.extend(b.iter().filter(|schema| !a.contains(schema)).cloned());
    all
}
