//! What to play for the checks that no fault has failed yet, each against its scenario alone.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::matrix::Seat;
use super::play::Play;

/// Faults by place, against all scenarios with such a check: what they find elsewhere others have found.
pub(super) fn by_place<'f>(seat: &Seat, faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let idle: BTreeSet<&str> = seat.idle().filter_map(|(check, _)| check.split('#').next()).collect();
    let only: Vec<_> = idle.into_iter().map(str::to_owned).collect();
    let own = faults.iter().filter(|fault| fault.role == seat.role && fault.is_by_place() && !only.is_empty());
    own.map(|fault| Play { only: only.clone(), ..Play::of(&fault.role, Some(fault)) }).collect()
}

/// Whoever might fail such a check, as long as it takes: in a crowd what a scenario asks last is not reached now and then.
pub(super) fn in_calm<'f>(seat: &Seat, faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let mut plays = Vec::new();
    for fault in faults.iter().filter(|fault| fault.role == seat.role) {
        let might = seat
            .idle()
            .filter(|(_, requirement)| fault.is_by_place() || requirement.is_some_and(|id| fault.breaks(id)));
        let scenarios: BTreeSet<_> = might.filter_map(|(check, _)| check.split('#').next()).collect();
        let play = |scenario: &str| Play {
            only: vec![scenario.to_owned()],
            is_patient: true,
            ..Play::of(&fault.role, Some(fault))
        };
        plays.extend(scenarios.into_iter().map(play));
    }
    plays
}
