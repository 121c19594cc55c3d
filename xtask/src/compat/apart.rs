//! Whether two shapes have no value in common, as the tags of messages tell. What is not plain counts as overlapping.

use super::meet;
use super::shape::{All, Shape, is_never};
use super::side::Side;

impl Side {
    /// Whether no value is of two of the branches.
    pub(super) fn disjoint(&self, branches: &[Vec<Shape>]) -> bool {
        branches.iter().enumerate().all(|(index, one)| {
            branches[index + 1..].iter().all(|other| one.iter().all(|a| other.iter().all(|b| self.apart(a, b, 0))))
        })
    }

    /// Whether no value is of both shapes; false where that is not plain.
    pub(super) fn apart(&self, a: &Shape, b: &Shape, depth: usize) -> bool {
        match (a, b) {
            (Shape::Is(a), Shape::Is(b)) => a != b,
            (Shape::Is(value), other) | (other, Shape::Is(value)) => !meet::same_type(value, other),
            (Shape::Object(a), Shape::Object(b)) if depth < 3 => {
                let clash = |name: &String| match (a.members.get(name), b.members.get(name)) {
                    (Some(one), Some(other)) => self.members_apart(one, other, depth + 1),
                    (Some(_), None) => is_never(&b.rest),
                    (None, Some(_)) => is_never(&a.rest),
                    (None, None) => is_never(&a.rest) || is_never(&b.rest),
                };
                a.required.iter().chain(&b.required).any(clash)
            }
            (Shape::Number(a), Shape::Number(b)) => {
                meet::meet(&Shape::Number(a.clone()), &Shape::Number(b.clone())).is_none()
            }
            _ => std::mem::discriminant(a) != std::mem::discriminant(b),
        }
    }

    /// Whether two objects have a member that is in both, and never the same.
    pub(super) fn tagged_apart(&self, a: &Shape, b: &Shape) -> bool {
        let (Shape::Object(a), Shape::Object(b)) = (a, b) else { return false };
        a.required.intersection(&b.required).any(|name| match (a.members.get(name), b.members.get(name)) {
            (Some(one), Some(other)) => self.members_apart(one, other, 2),
            _ => false,
        })
    }

    fn members_apart(&self, one: &All, other: &All, depth: usize) -> bool {
        let (Some(one), Some(other)) = (self.shapes(one), self.shapes(other)) else { return false };
        one.all.iter().all(|a| other.all.iter().all(|b| self.apart(a, b, depth)))
    }
}
