//! Trials for the checks that have killed no mutant yet, each with the scenario of such a check only.

use std::collections::BTreeSet;

use super::matrix::{Matrix, RoleMatrix};
use super::trial::{Trial, scenario_of};
use crate::suite::{ListedScenario, Mutant};

/// A check that has killed no mutant, and the requirement that it tests.
pub(super) type OpenCheck<'a> = (&'a str, Option<&'a str>);

/// For each open check a mutant that it has killed before, and each mutant by place that survives so far, with the scenario that was the
/// first to kill it.
pub(super) fn as_before<'m>(
    role: &RoleMatrix,
    open: &[OpenCheck<'_>],
    mutants: &[&'m Mutant],
    kept: &Matrix,
) -> Vec<Trial<'m>> {
    let killed =
        |mutant: &'m Mutant| Some((mutant, kept.row(mutant)?.killers().collect::<BTreeSet<_>>(), BTreeSet::new()));
    let mut all: Vec<_> = own(role, mutants).filter_map(killed).collect();
    for (check, _) in open {
        // A mutant that is run anyway comes first.
        let killed = all.iter_mut().filter(|(_, killers, _)| killers.contains(*check));
        if let Some((.., only)) = killed.max_by_key(|(mutant, _, only)| (!only.is_empty(), !mutant.is_by_place())) {
            only.insert(scenario_of(check).to_owned());
        }
    }
    let is_killed = |mutant: &Mutant| role.killed().any(|row| row.name == mutant.name);
    for (mutant, _, only) in all.iter_mut().filter(|(mutant, ..)| mutant.is_by_place() && !is_killed(mutant)) {
        if let Some(scenario) = kept.first_kill(mutant).filter(|_| only.is_empty()) {
            only.insert(scenario.to_owned());
        }
    }
    let chosen = all.into_iter().filter(|(.., only)| !only.is_empty());
    chosen.map(|(mutant, _, only)| patient(mutant, only.into_iter().collect())).collect()
}

/// Mutants by place that are killed in no role, with all scenarios but the heavy ones.
pub(super) fn survivors<'m>(
    role: &RoleMatrix,
    mutants: &[&'m Mutant],
    killed: &BTreeSet<String>,
    scenarios: &'m [ListedScenario],
) -> Vec<Trial<'m>> {
    let survivors = own(role, mutants).filter(|mutant| mutant.is_by_place() && !killed.contains(&mutant.name));
    survivors.map(|mutant| Trial { skip: mutant.spared(scenarios), ..patient(mutant, Vec::new()) }).collect()
}

/// Mutants, each with the scenarios of those open checks that it matches, given with the requirement that they test.
pub(super) fn matching<'m>(
    role: &RoleMatrix,
    open: &[OpenCheck<'_>],
    mutants: &[&'m Mutant],
    matches: impl Fn(&Mutant, Option<&str>) -> bool,
) -> Vec<Trial<'m>> {
    let trials = own(role, mutants).map(|mutant| {
        let matched = open.iter().filter(|(_, tested)| matches(mutant, *tested));
        let scenarios: BTreeSet<_> = matched.map(|(check, _)| scenario_of(check).to_owned()).collect();
        patient(mutant, scenarios.into_iter().collect())
    });
    trials.filter(|trial| !trial.only.is_empty()).collect()
}

fn own<'a, 'm>(role: &'a RoleMatrix, mutants: &'a [&'m Mutant]) -> impl Iterator<Item = &'m Mutant> + use<'a, 'm> {
    mutants.iter().copied().filter(|mutant| mutant.role == role.role)
}

fn patient(mutant: &Mutant, only: Vec<String>) -> Trial<'_> {
    Trial { only, is_patient: true, ..Trial::new(&mutant.role, Some(mutant)) }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::MutantRow;
    use super::super::rules::tests::{kills, made_up};
    use super::*;

    fn mutants() -> [Mutant; 3] {
        [("broken", &["PAIR-01"][..]), ("other", &["PAIR-02"]), ("placed", &[])]
            .map(|(name, violates)| made_up("pairing.relay", name, violates))
    }

    fn role(killed: &[(&Mutant, &[&str])]) -> RoleMatrix {
        let row = |(mutant, checks): &(&Mutant, &[&str])| {
            let checks: Vec<_> = checks.iter().map(|&check| (check, &[][..])).collect();
            MutantRow::new(mutant, kills(&checks))
        };
        RoleMatrix { mutants: killed.iter().map(row).collect(), ..RoleMatrix::new("pairing.relay") }
    }

    fn shown(trials: &[Trial<'_>]) -> Vec<String> {
        trials.iter().map(|trial| format!("{}: {}", trial.name(), trial.only.join(" "))).collect()
    }

    #[test]
    fn reruns_few_mutants_that_were_killed_before() {
        let all = mutants();
        let [broken, other, placed] = &all;
        let mutants = [broken, other, placed];
        let kept = Matrix {
            roles: vec![role(&[
                (broken, &["pairing/a#one", "pairing/b#two"]),
                (other, &["pairing/a#one"]),
                (placed, &["pairing/a#one", "pairing/c#three"]),
            ])],
        };
        let now = RoleMatrix::new("pairing.relay");
        let rerun = |open: &[OpenCheck<'_>]| shown(&as_before(&now, open, &mutants, &kept));
        let [one, two, three] = ["pairing/a#one", "pairing/b#two", "pairing/c#three"].map(|check| (check, None));
        assert_eq!(rerun(&[two, one]), ["broken: pairing/a pairing/b", "placed: pairing/a"], "one is enough for both");
        assert_eq!(rerun(&[three, one]), ["placed: pairing/a pairing/c"]);
        assert_eq!(rerun(&[one]), ["other: pairing/a", "placed: pairing/a"], "by place only if nothing else");
        assert_eq!(rerun(&[("pairing/d#new", None)]), ["placed: pairing/a"], "each mutant by place once");
        let now = role(&[(placed, &["pairing/a#one"])]);
        assert_eq!(shown(&as_before(&now, &[two], &mutants, &kept)), ["broken: pairing/b"], "and not again");
    }

    #[test]
    fn matches_mutants_and_open_checks_by_requirement() {
        let all = mutants();
        let (mutants, now) = (all.each_ref(), RoleMatrix::new("pairing.relay"));
        let open = [("pairing/a#one", Some("PAIR-01"))];
        let by_requirement = |mutant: &Mutant, tested: Option<&str>| tested.is_none_or(|id| mutant.violates(id));
        assert_eq!(shown(&matching(&now, &open, &mutants, by_requirement)), ["broken: pairing/a"]);
        let by_place = |mutant: &Mutant, _: Option<&str>| mutant.is_by_place();
        assert_eq!(shown(&matching(&now, &open, &mutants, by_place)), ["placed: pairing/a"]);
        assert_eq!(shown(&matching(&now, &[], &mutants, by_place)), [""; 0]);
        assert_eq!(shown(&survivors(&now, &mutants, &BTreeSet::new(), &[])), ["placed: "]);
        assert_eq!(shown(&survivors(&now, &mutants, &BTreeSet::from(["placed".to_owned()]), &[])), [""; 0]);
    }
}
