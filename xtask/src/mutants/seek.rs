//! What to play for the checks that no mutant has failed yet, each against its scenario alone.

use std::collections::BTreeSet;

use super::matrix::{Matrix, Seat};
use super::mutant::{Mutant, Scenario};
use super::play::{Play, scenario_of};

/// A check that no mutant has failed, and the requirement that it judges.
pub(super) type Open<'a> = (&'a str, Option<&'a str>);

/// For each such check a mutant that it has found before, against its scenario alone; and each mutant by place that has found nothing yet, where it was
/// found first.
pub(super) fn as_before<'f>(seat: &Seat, open: &[Open<'_>], mutants: &[&'f Mutant], kept: &Matrix) -> Vec<Play<'f>> {
    let found =
        |mutant: &'f Mutant| Some((mutant, kept.row(mutant)?.killers().collect::<BTreeSet<_>>(), BTreeSet::new()));
    let mut all: Vec<_> = own(seat, mutants).filter_map(found).collect();
    for (check, _) in open {
        // Who is played anyway comes first.
        let finders = all.iter_mut().filter(|(_, found, _)| found.contains(*check));
        if let Some((.., only)) = finders.max_by_key(|(mutant, _, only)| (!only.is_empty(), !mutant.is_by_place())) {
            only.insert(scenario_of(check).to_owned());
        }
    }
    let is_found = |mutant: &Mutant| seat.found().any(|row| row.name == mutant.name);
    for (mutant, _, only) in all.iter_mut().filter(|(mutant, ..)| mutant.is_by_place() && !is_found(mutant)) {
        if let Some(scenario) = kept.first_found(mutant).filter(|_| only.is_empty()) {
            only.insert(scenario.to_owned());
        }
    }
    let played = all.into_iter().filter(|(.., only)| !only.is_empty());
    played.map(|(mutant, _, only)| patiently(mutant, only.into_iter().collect())).collect()
}

/// Mutants by place that nobody has found in any role, against all scenarios but those that keep the machine busy.
pub(super) fn unfound<'f>(
    seat: &Seat,
    mutants: &[&'f Mutant],
    found: &BTreeSet<String>,
    scenarios: &'f [Scenario],
) -> Vec<Play<'f>> {
    let unfound = own(seat, mutants).filter(|mutant| mutant.is_by_place() && !found.contains(&mutant.name));
    unfound.map(|mutant| Play { skip: mutant.spares(scenarios), ..patiently(mutant, Vec::new()) }).collect()
}

/// Mutants by place, against all scenarios with such a check: what they find elsewhere others have found.
pub(super) fn by_place<'f>(seat: &Seat, open: &[Open<'_>], mutants: &[&'f Mutant]) -> Vec<Play<'f>> {
    let only = scenarios(open, |_| true);
    let plays = own(seat, mutants).filter(|mutant| mutant.is_by_place()).map(|mutant| patiently(mutant, only.clone()));
    plays.filter(|play| !play.only.is_empty()).collect()
}

/// Whoever breaks what such a check judges, as long as it takes: in a crowd what a scenario asks last is not reached now and then.
pub(super) fn in_calm<'f>(seat: &Seat, open: &[Open<'_>], mutants: &[&'f Mutant]) -> Vec<Play<'f>> {
    let is_broken = |mutant: &Mutant, requirement: Option<&str>| requirement.is_none_or(|one| mutant.breaks(one));
    let plays =
        own(seat, mutants).map(|mutant| patiently(mutant, scenarios(open, |(_, judged)| is_broken(mutant, *judged))));
    plays.filter(|play| !play.only.is_empty()).collect()
}

fn own<'a, 'f>(seat: &'a Seat, mutants: &'a [&'f Mutant]) -> impl Iterator<Item = &'f Mutant> + use<'a, 'f> {
    mutants.iter().copied().filter(|mutant| mutant.role == seat.role)
}

fn patiently(mutant: &Mutant, only: Vec<String>) -> Play<'_> {
    Play { only, is_patient: true, ..Play::of(&mutant.role, Some(mutant)) }
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

    fn mutant(name: &str, breaks: &[&str]) -> Mutant {
        let breaks = breaks.iter().map(|&id| id.to_owned()).collect();
        Mutant { role: "pairing.relay".to_owned(), name: name.to_owned(), breaks, ..Mutant::none() }
    }

    fn seat(found: &[(&Mutant, &[&str])]) -> Seat {
        let kill = |check: &&str| Kill { check: (*check).to_owned(), requirements: Vec::new(), took: 1.0 };
        let row = |(mutant, checks): &(&Mutant, &[&str])| {
            Row::new(mutant, &Played { kills: checks.iter().map(kill).collect(), ..Played::default() })
        };
        Seat { mutants: found.iter().map(row).collect(), ..Seat::new("pairing.relay") }
    }

    /// Who is played, and against what.
    fn told(plays: &[Play<'_>]) -> Vec<String> {
        plays.iter().map(|play| format!("{}: {}", play.name(), play.only.join(" "))).collect()
    }

    #[test]
    fn few_are_played_for_what_was_found_before() {
        let (broken, other, placed) =
            (mutant("broken", &["PAIR-01"]), mutant("other", &["PAIR-01"]), mutant("placed", &[]));
        let mutants = [&broken, &other, &placed];
        let kept = Matrix {
            roles: vec![seat(&[
                (&broken, &["pairing/a#one", "pairing/b#two"]),
                (&other, &["pairing/a#one"]),
                (&placed, &["pairing/a#one", "pairing/c#three"]),
            ])],
        };
        let now = Seat::new("pairing.relay");
        let played = |open: &[Open<'_>]| told(&as_before(&now, open, &mutants, &kept));
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
        assert_eq!(told(&as_before(&now, &[two], &mutants, &kept)), ["broken: pairing/b"], "and not again");
    }

    #[test]
    fn what_breaks_a_requirement_is_played_against_what_judges_it() {
        let (broken, other, placed) =
            (mutant("broken", &["PAIR-01"]), mutant("other", &["PAIR-02"]), mutant("placed", &[]));
        let (mutants, now) = ([&broken, &other, &placed], Seat::new("pairing.relay"));
        let open = [("pairing/a#one", Some("PAIR-01"))];
        assert_eq!(told(&in_calm(&now, &open, &mutants)), ["broken: pairing/a"]);
        assert_eq!(told(&by_place(&now, &open, &mutants)), ["placed: pairing/a"]);
        assert_eq!(told(&by_place(&now, &[], &mutants)), [""; 0]);
        assert_eq!(told(&unfound(&now, &mutants, &BTreeSet::new(), &[])), ["placed: "]);
        assert_eq!(told(&unfound(&now, &mutants, &BTreeSet::from(["placed".to_owned()]), &[])), [""; 0]);
    }
}
