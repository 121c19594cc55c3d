//! Whether two shapes have no value in common, as messages with different tags. When in doubt they count as overlapping.

use super::analysis::SchemaAnalysis;
use super::intersect;
use super::shape::{Conjunction, Shape, is_never};

impl SchemaAnalysis {
    /// Whether no value matches two of the branches.
    pub(super) fn are_disjoint(&self, branches: &[Vec<Shape>]) -> bool {
        branches.iter().enumerate().all(|(index, one)| {
            branches[index + 1..]
                .iter()
                .all(|other| one.iter().all(|a| other.iter().all(|b| self.is_disjoint(a, b, 0))))
        })
    }

    /// Whether no value matches both shapes; false when in doubt.
    pub(super) fn is_disjoint(&self, a: &Shape, b: &Shape, depth: usize) -> bool {
        match (a, b) {
            (Shape::Const(a), Shape::Const(b)) => a != b,
            (Shape::Const(value), other) | (other, Shape::Const(value)) => !intersect::same_type(value, other),
            (Shape::Object(a), Shape::Object(b)) if depth < 3 => {
                let clash = |name: &String| match (a.members.get(name), b.members.get(name)) {
                    (Some(one), Some(other)) => self.members_disjoint(one, other, depth + 1),
                    (Some(_), None) => is_never(&b.rest),
                    (None, Some(_)) => is_never(&a.rest),
                    (None, None) => is_never(&a.rest) || is_never(&b.rest),
                };
                a.required.iter().chain(&b.required).any(clash)
            }
            (Shape::Number(a), Shape::Number(b)) => {
                intersect::intersection(&Shape::Number(a.clone()), &Shape::Number(b.clone())).is_none()
            }
            _ => std::mem::discriminant(a) != std::mem::discriminant(b),
        }
    }

    /// Whether two objects share a required member whose values are never the same.
    pub(super) fn tags_differ(&self, a: &Shape, b: &Shape) -> bool {
        let (Shape::Object(a), Shape::Object(b)) = (a, b) else { return false };
        a.required.intersection(&b.required).any(|name| match (a.members.get(name), b.members.get(name)) {
            (Some(one), Some(other)) => self.members_disjoint(one, other, 2),
            _ => false,
        })
    }

    fn members_disjoint(&self, one: &Conjunction, other: &Conjunction, depth: usize) -> bool {
        let (Some(one), Some(other)) = (self.shapes(one), self.shapes(other)) else { return false };
        one.all.iter().all(|a| other.all.iter().all(|b| self.is_disjoint(a, b, depth)))
    }
}
