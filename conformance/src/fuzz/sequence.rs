//! Sequences of ops: drawn by a model from seeded choices, and shrunk as long as they fail.
//!
//! The trees of proptest's own lists remove one element at a time. Here half of the rest goes first, then a quarter, and so on; the model
//! leaves out ops that are no longer applicable.

use std::collections::BTreeSet;

use proptest::prelude::Strategy;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use relayspec::model::{ChoiceSource, ModelFactory, Op, Script, ServerProfile};

/// Sequences of this length, as a model draws them.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    pub(super) model: ModelFactory,
    pub(super) setting: ServerProfile,
    pub(super) steps: usize,
}

/// The choices for the sequence of this number, determined by the seed.
pub(super) fn choices(seed: u64, number: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A number below another, which is not 0.
pub(super) fn below(bound: u32, runner: &mut TestRunner) -> u32 {
    (0..bound).new_tree(runner).map_or(0, |tree| tree.current())
}

impl Strategy for Sequence {
    type Tree = Shrinking;
    type Value = Vec<Op>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut model = (self.model.new)(self.setting.clone());
        let (mut ops, mut script) = (Vec::new(), Script::default());
        // An inapplicable op costs a turn; some ops are always applicable.
        for _ in 0..self.steps * 4 {
            if ops.len() >= self.steps {
                break;
            }
            let mut roll = |bound| below(bound, runner);
            let op = model.draw(&mut ChoiceSource::new(&mut roll));
            if model.apply(&op, &mut script) {
                ops.push(op);
            }
            script.steps.clear();
        }
        ops.extend(model.looks());
        Ok(Shrinking::new(ops))
    }
}

/// A failing sequence, and simpler candidates.
#[derive(Debug, Clone)]
pub(super) struct Shrinking {
    /// The simplest that failed so far.
    best: Vec<Op>,
    /// The candidate to try, if any.
    candidate: Option<Vec<Op>>,
    phase: ShrinkPhase,
    /// Whether a candidate has failed since all single ops were last tried.
    has_gained: bool,
}

/// What is tried next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShrinkPhase {
    /// Only ops that concern the actors of the last op, and this many times over the actors of those.
    About {
        degree: usize,
    },
    /// Without this many ops before a position.
    Without {
        count: usize,
        before: usize,
    },
    /// With a smaller number in an op: which op, which number, which value.
    Smaller {
        op: usize,
        field: usize,
        way: usize,
    },
    Over,
}

/// The numbers of an op that can be smaller, and the ways: 0, half, one less; and for a size, without the first of a row.
const FIELDS: usize = 3;
const WAYS: usize = 4;

impl Shrinking {
    pub(super) fn new(ops: Vec<Op>) -> Self {
        Self { best: ops, candidate: None, phase: ShrinkPhase::About { degree: 0 }, has_gained: false }
    }

    /// The latest candidate failed with these ops: some were inapplicable, and those after the failure are not needed.
    pub(super) fn failed_as(&mut self, ops: Vec<Op>) {
        if let Some(candidate) = &mut self.candidate {
            *candidate = ops;
        } else {
            *self = Self::new(ops);
        }
    }

    /// The next candidate of the current or a later phase.
    fn next(&mut self) -> bool {
        loop {
            match self.phase {
                ShrinkPhase::About { degree } => {
                    let before = self.best.len();
                    let then = ShrinkPhase::Without { count: before.div_ceil(2), before };
                    self.phase = if degree < DEGREES { ShrinkPhase::About { degree: degree + 1 } } else { then };
                    let ops = about(&self.best, degree);
                    if ops.len() < before {
                        self.candidate = Some(ops);
                        return true;
                    }
                }
                ShrinkPhase::Without { count, before } => {
                    let before = before.min(self.best.len());
                    if before == 0 || count == 0 {
                        self.phase = self.after(count);
                        continue;
                    }
                    let from = before.saturating_sub(count);
                    self.phase = ShrinkPhase::Without { count, before: from };
                    let mut ops = self.best.clone();
                    ops.drain(from..before);
                    if ops.is_empty() {
                        continue;
                    }
                    self.candidate = Some(ops);
                    return true;
                }
                ShrinkPhase::Smaller { op, field, way } => {
                    if op >= self.best.len() {
                        // Simpler ops may have made others unnecessary.
                        let count = usize::from(std::mem::take(&mut self.has_gained));
                        let again = ShrinkPhase::Without { count, before: self.best.len() };
                        self.phase = if count == 1 { again } else { ShrinkPhase::Over };
                        continue;
                    }
                    self.phase = match (field + 1 < FIELDS, way + 1 < WAYS) {
                        (_, true) => ShrinkPhase::Smaller { op, field, way: way + 1 },
                        (true, false) => ShrinkPhase::Smaller { op, field: field + 1, way: 0 },
                        (false, false) => ShrinkPhase::Smaller { op: op + 1, field: 0, way: 0 },
                    };
                    let mut ops = self.best.clone();
                    if smaller(&mut ops[op], field, way) {
                        self.candidate = Some(ops);
                        return true;
                    }
                }
                ShrinkPhase::Over => return false,
            }
        }
    }

    /// The phase after all pieces of a length were tried.
    fn after(&mut self, count: usize) -> ShrinkPhase {
        let before = self.best.len();
        match count {
            0 => ShrinkPhase::Over,
            1 if std::mem::take(&mut self.has_gained) => ShrinkPhase::Without { count: 1, before },
            1 => ShrinkPhase::Smaller { op: 0, field: 0, way: 0 },
            _ => ShrinkPhase::Without { count: count.div_ceil(2).min(count - 1), before },
        }
    }
}

/// How far from the last op actors may be that are kept at first.
const DEGREES: usize = 2;

/// The ops that concern the actors of the last one or, this many times over, the actors of those.
fn about(ops: &[Op], degree: usize) -> Vec<Op> {
    let Some(last) = ops.last() else { return Vec::new() };
    let concerns = |actors: &BTreeSet<u32>, op: &Op| actors.contains(&op.on) || actors.contains(&op.with);
    let mut actors = BTreeSet::from([last.on, last.with]);
    for _ in 0..degree {
        let near: Vec<_> = ops.iter().filter(|op| concerns(&actors, op)).collect();
        actors.extend(near.iter().flat_map(|op| [op.on, op.with]));
    }
    ops.iter().filter(|op| concerns(&actors, op)).copied().collect()
}

/// Makes a number of an op smaller; false if it cannot be.
fn smaller(op: &mut Op, field: usize, way: usize) -> bool {
    if way == WAYS - 1 {
        let is_row = field == 1 && op.size > 0;
        if is_row {
            (op.how, op.size) = (op.how + 1, op.size - 1);
        }
        return is_row;
    }
    let number = match field {
        0 => &mut op.how,
        1 => &mut op.size,
        _ => &mut op.with,
    };
    let to = match way {
        0 => 0,
        1 => *number / 2,
        _ => number.saturating_sub(1),
    };
    let is_new = to < *number && (way == 0 || to > 0);
    if is_new {
        *number = to;
    }
    is_new
}

impl ValueTree for Shrinking {
    type Value = Vec<Op>;

    fn current(&self) -> Vec<Op> {
        self.candidate.as_ref().unwrap_or(&self.best).clone()
    }

    /// The current value failed: tries a simpler one.
    fn simplify(&mut self) -> bool {
        if let Some(failed) = self.candidate.take() {
            self.has_gained = true;
            self.best = failed;
        }
        self.next()
    }

    /// The current value did not fail: goes back to the one that did, and tries another.
    fn complicate(&mut self) -> bool {
        self.candidate = None;
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    /// Shrinks a sequence as long as `fails` returns true: the result, and how many candidates were tried.
    fn shrunk(ops: Vec<Op>, fails: impl Fn(&[Op]) -> bool) -> (Vec<Op>, usize) {
        let mut tree = Shrinking::new(ops);
        let mut tried = 0;
        let mut more = tree.simplify();
        while more {
            tried += 1;
            more = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        (tree.current(), tried)
    }

    fn numbered(count: u32) -> Vec<Op> {
        (0..count).map(|on| Op::new("op", on).how(on % 7).size(on % 5).with(3)).collect()
    }

    #[test]
    fn removes_unnecessary_ops() {
        let needed = |ops: &[Op], on| ops.iter().any(|op| op.on == on);
        let (left, tried) = shrunk(numbered(200), |ops| needed(ops, 17) && needed(ops, 140));
        assert_eq!(left, [Op::new("op", 17), Op::new("op", 140)]);
        assert!(tried < 120, "{tried} tries for two ops of 200");
    }

    #[test]
    fn minimizes_numbers() {
        let (left, _) = shrunk(numbered(20), |ops| ops.iter().any(|op| op.how >= 3 && op.with >= 2));
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].how, left[0].size, left[0].with), (3, 0, 2));
    }

    #[test]
    fn keeps_one_op_of_what_always_fails() {
        let (left, _) = shrunk(numbered(9), |_| true);
        assert_eq!(left.len(), 1);
    }

    proptest! {
        #[test]
        fn finds_the_minimal_failing_sequence(wanted in proptest::collection::btree_set(0..60_u32, 1..6)) {
            let fails = |ops: &[Op]| wanted.iter().all(|on| ops.iter().any(|op| op.on == *on));
            let (left, _) = shrunk(numbered(60), fails);
            assert_eq!(left.iter().map(|op| op.on).collect::<Vec<_>>(), wanted.iter().copied().collect::<Vec<_>>());
        }
    }
}
