//! Shapes: each describes the values of one JSON type that a schema accepts. A schema is a list of shapes. Plain data.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Number, Value};

/// Schemas that a value has to meet all at once; any value meets an empty list.
pub(super) type Conjunction = Vec<Rc<Value>>;

/// The values of one JSON type, or a single value.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Const(Value),
    Number(NumberShape),
    String(StringShape),
    Array(ArrayShape),
    Object(ObjectShape),
}

/// Numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberShape {
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
    /// Whether the bound itself is excluded.
    pub(super) open: bool,
}

/// Strings; lengths in code points.
#[derive(Debug, Clone, Default)]
pub(super) struct StringShape {
    pub(super) shortest: u64,
    pub(super) longest: Option<u64>,
    pub(super) patterns: BTreeSet<String>,
    pub(super) formats: BTreeSet<String>,
    pub(super) rules: Rules,
}

/// Arrays.
#[derive(Debug, Clone, Default)]
pub(super) struct ArrayShape {
    pub(super) front: Vec<Conjunction>,
    pub(super) rest: Conjunction,
    pub(super) shortest: u64,
    pub(super) longest: Option<u64>,
    pub(super) unique: bool,
    pub(super) rules: Rules,
}

/// Objects.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectShape {
    pub(super) members: BTreeMap<String, Conjunction>,
    pub(super) patterns: Vec<(String, Conjunction)>,
    pub(super) required: BTreeSet<String>,
    pub(super) rest: Conjunction,
    pub(super) fewest: u64,
    pub(super) most: Option<u64>,
    pub(super) rules: Rules,
}

/// Assertions that are only compared by their text, such as `not` and `if`.
pub(super) type Rules = BTreeSet<String>;

impl Shape {
    pub(super) fn rules_mut(&mut self) -> Option<&mut Rules> {
        match self {
            Self::Const(_) => None,
            Self::Number(shape) => Some(&mut shape.rules),
            Self::String(shape) => Some(&mut shape.rules),
            Self::Array(shape) => Some(&mut shape.rules),
            Self::Object(shape) => Some(&mut shape.rules),
        }
    }

    /// The shapes of all values.
    pub(super) fn any() -> Vec<Self> {
        ["null", "boolean", "number", "string", "array", "object"].into_iter().flat_map(Self::of_type).collect()
    }

    /// The shapes of the values of a type; none if the type is unknown.
    pub(super) fn of_type(name: &str) -> Vec<Self> {
        match name {
            "null" => vec![Self::Const(Value::Null)],
            "boolean" => vec![Self::Const(true.into()), Self::Const(false.into())],
            "integer" => vec![Self::Number(NumberShape { whole: true, ..NumberShape::default() })],
            "number" => vec![Self::Number(NumberShape::default())],
            "string" => vec![Self::String(StringShape::default())],
            "array" => vec![Self::Array(ArrayShape::default())],
            "object" => vec![Self::Object(ObjectShape::default())],
            _ => Vec::new(),
        }
    }
}

impl ArrayShape {
    /// The schemas that the item at this index has to meet.
    pub(super) fn item(&self, index: usize) -> &Conjunction {
        self.front.get(index).unwrap_or(&self.rest)
    }
}

/// Whether a conjunction contains `false` and so accepts nothing.
pub(super) fn is_never(all: &Conjunction) -> bool {
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

/// The higher of two lower bounds; `None` is the lowest.
pub(super) fn higher(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    tighter(a, b, Ordering::Greater)
}

/// The lower of two upper bounds; `None` is the highest.
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

/// The smaller of two limits; `None` is the largest.
pub(super) fn fewer(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
