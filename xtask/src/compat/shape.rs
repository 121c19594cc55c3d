//! Shapes: what the values of one JSON type are like that a schema takes. A schema is a list of them. Plain data.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Number, Value};

/// A value that has to meet several schemas at once; none of them: any value.
pub(super) type All = Vec<Rc<Value>>;

/// One kind of values.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Is(Value),
    Number(Range),
    Text(Text),
    List(List),
    Object(Object),
}

/// Numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    pub(super) whole: bool,
    pub(super) least: Option<Bound>,
    pub(super) most: Option<Bound>,
    pub(super) multiples: Vec<Number>,
    pub(super) rules: Rules,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    pub(super) at: Number,
    /// Whether the bound itself lies outside.
    pub(super) open: bool,
}

/// Strings; lengths in code points.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) shortest: u64,
    pub(super) longest: Option<u64>,
    pub(super) patterns: BTreeSet<String>,
    pub(super) formats: BTreeSet<String>,
    pub(super) rules: Rules,
}

/// Arrays.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    pub(super) front: Vec<All>,
    pub(super) rest: All,
    pub(super) shortest: u64,
    pub(super) longest: Option<u64>,
    pub(super) unique: bool,
    pub(super) rules: Rules,
}

/// Objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Object {
    pub(super) members: BTreeMap<String, All>,
    pub(super) patterns: Vec<(String, All)>,
    pub(super) required: BTreeSet<String>,
    pub(super) rest: All,
    pub(super) fewest: u64,
    pub(super) most: Option<u64>,
    pub(super) rules: Rules,
}

/// Assertions that are compared by their text alone, as `not` and `if`.
pub(super) type Rules = BTreeSet<String>;

impl Shape {
    pub(super) fn rules_mut(&mut self) -> Option<&mut Rules> {
        match self {
            Self::Is(_) => None,
            Self::Number(shape) => Some(&mut shape.rules),
            Self::Text(shape) => Some(&mut shape.rules),
            Self::List(shape) => Some(&mut shape.rules),
            Self::Object(shape) => Some(&mut shape.rules),
        }
    }

    /// The shapes of all values.
    pub(super) fn any() -> Vec<Self> {
        ["null", "boolean", "number", "string", "array", "object"].into_iter().flat_map(Self::of_type).collect()
    }

    /// The shapes of the values of a type; none where there is no such type.
    pub(super) fn of_type(name: &str) -> Vec<Self> {
        match name {
            "null" => vec![Self::Is(Value::Null)],
            "boolean" => vec![Self::Is(true.into()), Self::Is(false.into())],
            "integer" => vec![Self::Number(Range { whole: true, ..Range::default() })],
            "number" => vec![Self::Number(Range::default())],
            "string" => vec![Self::Text(Text::default())],
            "array" => vec![Self::List(List::default())],
            "object" => vec![Self::Object(Object::default())],
            _ => Vec::new(),
        }
    }
}

impl List {
    /// What the item at an index has to meet.
    pub(super) fn item(&self, index: usize) -> &All {
        self.front.get(index).unwrap_or(&self.rest)
    }
}

/// Whether a conjunction takes nothing, as its text alone tells.
pub(super) fn is_never(all: &All) -> bool {
    all.iter().any(|schema| **schema == Value::Bool(false))
}

/// Compares numbers by their value.
pub(super) fn order(a: &Number, b: &Number) -> Ordering {
    let exact = |n: &Number| n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
    match (exact(a), exact(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// The higher of two lower ends; no end is the lowest.
pub(super) fn higher(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    tighter(a, b, Ordering::Greater)
}

/// The lower of two upper ends; no end is the highest.
pub(super) fn lower(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    tighter(a, b, Ordering::Less)
}

fn tighter(a: Option<Bound>, b: Option<Bound>, wanted: Ordering) -> Option<Bound> {
    let (Some(one), Some(other)) = (a.clone(), b.clone()) else { return a.or(b) };
    let first = match order(&one.at, &other.at) {
        Ordering::Equal => one.open,
        found => found == wanted,
    };
    Some(if first { one } else { other })
}

/// The smaller of two limits; none is the largest.
pub(super) fn fewer(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
