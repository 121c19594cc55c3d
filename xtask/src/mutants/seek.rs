//! What to play for the checks that no fault has failed yet, each against its scenario alone.

use std::collections::BTreeSet;

use super::fault::{Fault, Scenario};
use super::matrix::{Matrix, Seat};
use super::play::{Play, scenario_of};

/// A check that no fault has failed, and the requirement that it judges.
pub(super) type Open<'a> = (&'a str, Option<&'a str>);

/// For each such check a fault that it has found before, against its scenario alone; and each fault by place that has found nothing yet, where it was
/// found first.
pub(super) fn as_before<'f>(seat: &Seat, open: &[Open<'_>], faults: &[&'f Fault], kept: &Matrix) -> Vec<Play<'f>> {
    let found = |fault: &'f Fault| Some((fault, kept.row(fault)?.killers().collect::<BTreeSet<_>>(), BTreeSet::new()));
    let mut all: Vec<_> = own(seat, faults).filter_map(found).collect();
    for (check, _) in open {
        // Who is played anyway comes first.
        let finders = all.iter_mut().filter(|(_, found, _)| found.contains(*check));
        if let Some((.., only)) = finders.max_by_key(|(fault, _, only)| (!only.is_empty(), !fault.is_by_place())) {
            only.insert(scenario_of(check).to_owned());
        }
    }
    let is_found = |fault: &Fault| seat.found().any(|row| row.name == fault.name);
    for (fault, _, only) in all.iter_mut().filter(|(fault, ..)| fault.is_by_place() && !is_found(fault)) {
        if let Some(scenario) = kept.first_found(fault).filter(|_| only.is_empty()) {
            only.insert(scenario.to_owned());
        }
    }
    let played = all.into_iter().filter(|(.., only)| !only.is_empty());
    played.map(|(fault, _, only)| patiently(fault, only.into_iter().collect())).collect()
}

/// Faults by place that nobody has found in any role, against all scenarios but those that keep the machine busy.
pub(super) fn unfound<'f>(
    seat: &Seat,
    faults: &[&'f Fault],
    found: &BTreeSet<String>,
    scenarios: &'f [Scenario],
) -> Vec<Play<'f>> {
    let unfound = own(seat, faults).filter(|fault| fault.is_by_place() && !found.contains(&fault.name));
    unfound.map(|fault| Play { skip: fault.spares(scenarios), ..patiently(fault, Vec::new()) }).collect()
}

/// Faults by place, against all scenarios with such a check: what they find elsewhere others have found.
pub(super) fn by_place<'f>(seat: &Seat, open: &[Open<'_>], faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let only = scenarios(open, |_| true);
    let plays = own(seat, faults).filter(|fault| fault.is_by_place()).map(|fault| patiently(fault, only.clone()));
    plays.filter(|play| !play.only.is_empty()).collect()
}

/// Whoever breaks what such a check judges, as long as it takes: in a crowd what a scenario asks last is not reached now and then.
pub(super) fn in_calm<'f>(seat: &Seat, open: &[Open<'_>], faults: &[&'f Fault]) -> Vec<Play<'f>> {
    let is_broken = |fault: &Fault, requirement: Option<&str>| requirement.is_none_or(|one| fault.breaks(one));
    let plays =
        own(seat, faults).map(|fault| patiently(fault, scenarios(open, |(_, judged)| is_broken(fault, *judged))));
    plays.filter(|play| !play.only.is_empty()).collect()
}

fn own<'a, 'f>(seat: &'a Seat, faults: &'a [&'f Fault]) -> impl Iterator<Item = &'f Fault> + use<'a, 'f> {
    faults.iter().copied().filter(|fault| fault.role == seat.role)
}

fn patiently(fault: &Fault, only: Vec<String>) -> Play<'_> {
    Play { only, is_patient: true, ..Play::of(&fault.role, Some(fault)) }
}

/// The scenarios of those checks that are wanted.
fn scenarios(open: &[Open<'_>], is_wanted: impl Fn(&Open<'_>) -> bool) -> Vec<String> {
    let wanted = open.iter().filter(|check| is_wanted(check));
    let scenarios: BTreeSet<_> = wanted.map(|(check, _)| scenario_of(check)).collect();
    scenarios.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::matrix::Row;
    use crate::mutants::play::{Kill, Played};

    fn fault(name: &str, breaks: &[&str]) -> Fault {
        let breaks = breaks.iter().map(|&id| id.to_owned()).collect();
        Fault { role: "pairing.relay".to_owned(), name: name.to_owned(), breaks, ..Fault::none() }
    }

    fn seat(found: &[(&Fault, &[&str])]) -> Seat {
        let kill = |check: &&str| Kill { check: (*check).to_owned(), requirements: Vec::new(), took: 1.0 };
        let row = |(fault, checks): &(&Fault, &[&str])| {
            Row::new(fault, &Played { kills: checks.iter().map(kill).collect(), ..Played::default() })
        };
        Seat { faults: found.iter().map(row).collect(), ..Seat::new("pairing.relay") }
    }

    /// Who is played, and against what.
    fn told(plays: &[Play<'_>]) -> Vec<String> {
        plays.iter().map(|play| format!("{}: {}", play.name(), play.only.join(" "))).collect()
    }

    #[test]
    fn few_are_played_for_what_was_found_before() {
        let (broken, other, placed) =
            (fault("broken", &["PAIR-01"]), fault("other", &["PAIR-01"]), fault("placed", &[]));
        let faults = [&broken, &other, &placed];
        let kept = Matrix {
            roles: vec![seat(&[
                (&broken, &["pairing/a#one", "pairing/b#two"]),
                (&other, &["pairing/a#one"]),
                (&placed, &["pairing/a#one", "pairing/c#three"]),
            ])],
        };
        let now = Seat::new("pairing.relay");
        let played = |open: &[Open<'_>]| told(&as_before(&now, open, &faults, &kept));
        let [one, two, three] = ["pairing/a#one", "pairing/b#two", "pairing/c#three"].map(|check| (check, None));
        assert_eq!(played(&[two, one]), ["broken: pairing/a pairing/b", "placed: pairing/a"], "one is enough for both");
        assert_eq!(played(&[three, one]), ["placed: pairing/a pairing/c"]);
        assert_eq!(
            played(&[one]),
            ["other: pairing/a", "placed: pairing/a"],
            "rather who breaks it than who goes wrong by place"
        );
        assert_eq!(
            played(&[("pairing/d#new", None)]),
            ["placed: pairing/a"],
            "who goes wrong by place is found somewhere"
        );
        let now = seat(&[(&placed, &["pairing/a#one"])]);
        assert_eq!(told(&as_before(&now, &[two], &faults, &kept)), ["broken: pairing/b"], "and not again");
    }

    #[test]
    fn what_breaks_a_requirement_is_played_against_what_judges_it() {
        let (broken, other, placed) =
            (fault("broken", &["PAIR-01"]), fault("other", &["PAIR-02"]), fault("placed", &[]));
        let (faults, now) = ([&broken, &other, &placed], Seat::new("pairing.relay"));
        let open = [("pairing/a#one", Some("PAIR-01"))];
        assert_eq!(told(&in_calm(&now, &open, &faults)), ["broken: pairing/a"]);
        assert_eq!(told(&by_place(&now, &open, &faults)), ["placed: pairing/a"]);
        assert_eq!(told(&by_place(&now, &[], &faults)), [""; 0]);
        assert_eq!(told(&unfound(&now, &faults, &BTreeSet::new(), &[])), ["placed: "]);
        assert_eq!(told(&unfound(&now, &faults, &BTreeSet::from(["placed".to_owned()]), &[])), [""; 0]);
    }
}
