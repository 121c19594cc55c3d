//! What to play for the checks that no fault has failed yet, each against its scenario alone.

use std::collections::BTreeSet;

use super::excuse::Excuses;
use super::fault::Fault;
use super::matrix::Seat;
use super::play::Play;

/// Faults by place, against all scenarios with such a check: what they find elsewhere others have found.
pub(super) fn by_place<'f>(seat: &Seat, excuses: &Excuses, faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let open: Vec<_> = seat.open(excuses).collect();
    let only = scenarios(&open, |_| true);
    let own = faults.iter().filter(|fault| fault.role == seat.role && fault.is_by_place() && !only.is_empty());
    own.map(|fault| Play { only: only.clone(), is_patient: true, ..Play::of(&fault.role, Some(fault)) }).collect()
}

/// Whoever breaks what such a check judges, as long as it takes: in a crowd what a scenario asks last is not reached now and then.
pub(super) fn in_calm<'f>(seat: &Seat, excuses: &Excuses, faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let open: Vec<_> = seat.open(excuses).collect();
    let own = faults.iter().filter(|fault| fault.role == seat.role);
    let plays = own.map(|fault| Play {
        only: scenarios(&open, |requirement| fault.breaks(requirement)),
        is_patient: true,
        ..Play::of(&fault.role, Some(fault))
    });
    plays.filter(|play| !play.only.is_empty()).collect()
}

/// The scenarios of those checks whose requirement is wanted.
fn scenarios(checks: &[(&str, Option<&str>)], is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let wanted = checks.iter().filter(|(_, requirement)| requirement.is_none_or(&is_wanted));
    let scenarios: BTreeSet<_> = wanted.filter_map(|(check, _)| check.split('#').next()).collect();
    scenarios.into_iter().map(str::to_owned).collect()
}
