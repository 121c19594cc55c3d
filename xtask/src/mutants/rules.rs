//! The rules of the kill matrix: no mutant survives, no check is idle, and no failure is attributed to a requirement that is not violated.

use std::collections::BTreeSet;

use relayspec::family::Family;
use relayspec::requirement::Level;

use super::excuse::{Excuse, Excuses};
use super::matrix::{Matrix, MutantRow, RoleMatrix};
use super::trial::Kill;
use crate::suite::{ListedScenario, Mutant};

/// Problems of the mutants of a role, a line each.
pub(super) fn mutants(role: &RoleMatrix) -> Vec<String> {
    role.mutants.iter().flat_map(|row| mutant(&role.role, row)).collect()
}

/// Problems of the checks and requirements of a role all of whose mutants were run.
pub(super) fn role(role: &RoleMatrix, excuses: &Excuses) -> Vec<String> {
    let is_open = |id: &&str| !excuses.requirement.iter().any(|excuse| excuse.covers(&role.role, id));
    let not_shown = not_shown(role).into_iter().filter(is_open);
    let not_shown = not_shown.map(|id| format!("{}: no mutant shows that {id} is tested", role.role));
    idle_checks(role, excuses).into_iter().chain(not_shown).collect()
}

/// Problems of a mutant.
pub(super) fn mutant(role: &str, row: &MutantRow) -> Vec<String> {
    let name = format!("{role} {}", row.name);
    if row.killed_by.is_empty() {
        // Not every role has such a place; another role must.
        return if row.is_by_place() { Vec::new() } else { vec![format!("{name} survives")] };
    }
    let mut problems: Vec<_> = misattributed(row)
        .map(|(kill, wrong)| format!("{name}: {} attributes it to {}", kill.check, wrong.join(", ")))
        .collect();
    if !is_attributed(row) && !row.is_by_place() {
        problems.push(format!("{name} is killed, but no check attributes it to {}", row.violates.join(", ")));
    }
    problems
}

/// The kills that are attributed to requirements that the mutant does not violate, and these requirements.
pub(super) fn misattributed(row: &MutantRow) -> impl Iterator<Item = (&Kill, Vec<&str>)> {
    let is_right = |id: &String| row.cascading || row.violates.contains(id) || row.causes.contains(id);
    row.kills.iter().filter_map(move |kill| {
        let wrong: Vec<_> = kill.requirements.iter().filter(|id| !is_right(id)).map(String::as_str).collect();
        (!wrong.is_empty()).then_some((kill, wrong))
    })
}

fn is_attributed(row: &MutantRow) -> bool {
    row.attributed.iter().any(|id| row.violates.contains(id))
}

/// The scenarios of a role to run once more: those with a wrong attribution, and all that test what the mutant violates if none attributes it
/// so.
pub(super) fn in_doubt(role: &str, row: &MutantRow, scenarios: &[ListedScenario]) -> Vec<String> {
    let testing =
        scenarios.iter().filter(|one| !is_attributed(row) && one.is_for(role) && one.tests_any(&row.violates));
    let doubted: BTreeSet<_> =
        testing.map(|one| one.id.as_str()).chain(misattributed(row).map(|(kill, _)| kill.scenario())).collect();
    doubted.into_iter().map(str::to_owned).collect()
}

/// The checks of a role that kill no mutant, and have no excuse.
pub(super) fn idle_checks(role: &RoleMatrix, excuses: &Excuses) -> Vec<String> {
    let shown = |(id, requirement): (&str, Option<&str>)| {
        format!("{}: {id} ({}) kills no mutant", role.role, requirement.unwrap_or("-"))
    };
    role.open(excuses).map(shown).collect()
}

/// The MUSTs and SHOULDs of a role that no mutant violates, or none that is killed for it.
fn not_shown(matrix: &RoleMatrix) -> Vec<&'static str> {
    let (family, role) = matrix.role.split_once('.').unwrap_or((&matrix.role, ""));
    let binding = Family::named(family).into_iter().flat_map(|family| family.requirements(role));
    let binding = binding.filter(|requirement| requirement.level != Level::May).map(|requirement| requirement.id);
    binding.filter(|id| !matrix.mutants.iter().any(|row| row.is_killed_by(id))).collect()
}

/// Mutants by place that are killed in no role, and excuses that nothing needs.
pub(super) fn unused(matrix: &Matrix, mutants: &[Mutant], excuses: &Excuses) -> Vec<String> {
    let killed: BTreeSet<_> = matrix.roles.iter().flat_map(RoleMatrix::killed).map(|row| &row.name).collect();
    let survivors = mutants.iter().filter(|mutant| mutant.is_by_place() && !killed.contains(&mutant.name));
    let survivors: BTreeSet<_> =
        survivors.map(|mutant| format!("{} survives in every role: {}", mutant.name, mutant.summary)).collect();
    let check =
        |excuse: &&Excuse| matrix.roles.iter().any(|role| role.idle().any(|(id, _)| excuse.covers(&role.role, id)));
    let requirement = |excuse: &&Excuse| {
        matrix.roles.iter().any(|role| not_shown(role).iter().any(|id| excuse.covers(&role.role, id)))
    };
    let checks = excuses.check.iter().filter(|excuse| !check(excuse));
    let requirements = excuses.requirement.iter().filter(|excuse| !requirement(excuse));
    let excuses = checks.chain(requirements).map(|excuse| format!("the excuse of {} is not needed", excuse.id));
    survivors.into_iter().chain(excuses).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::super::excuse::ExcuseCategory;
    use super::*;

    pub(in super::super) fn kills(kills: &[(&str, &[&str])]) -> Vec<Kill> {
        let kill = |(check, requirements): &(&str, &[&str])| {
            let requirements = requirements.iter().map(|&id| id.to_owned()).collect();
            Kill { check: (*check).to_owned(), requirements, took: 1.0 }
        };
        kills.iter().map(kill).collect()
    }

    pub(in super::super) fn made_up(role: &str, name: &str, violates: &[&str]) -> Mutant {
        let violates = violates.iter().map(|&id| id.to_owned()).collect();
        Mutant { role: role.to_owned(), name: name.to_owned(), violates, ..Mutant::default() }
    }

    fn row(name: &str, violates: &[&str], killed_by: &[(&str, &[&str])]) -> MutantRow {
        MutantRow::new(&made_up("rpc.daemon", name, violates), kills(killed_by))
    }

    fn matrix(mutants: Vec<MutantRow>) -> Matrix {
        let checks = BTreeMap::from([("rpc/a#one".to_owned(), Some("RPC-01".to_owned()))]);
        Matrix { roles: vec![RoleMatrix { checks, mutants, ..RoleMatrix::new("rpc.daemon") }] }
    }

    fn problems(row: MutantRow) -> Vec<String> {
        mutant("rpc.daemon", &row)
    }

    #[test]
    fn accepts_mutants_that_are_killed_and_rightly_attributed() {
        let killed: &[(&str, &[&str])] = &[("rpc/a#one", &["RPC-01"]), ("rpc/b#two", &[])];
        assert_eq!(problems(row("late", &["RPC-01"], killed)), [""; 0]);
        let both: &[(&str, &[&str])] = &[("a#b", &["RPC-01", "RPC-02"])];
        let consequence = MutantRow { causes: vec!["RPC-02".to_owned()], ..row("late", &["RPC-01"], both) };
        assert_eq!(problems(consequence), [""; 0]);
        assert_eq!(problems(MutantRow { cascading: true, ..row("late", &["RPC-01"], both) }), [""; 0]);
    }

    #[test]
    fn reports_survivors_and_wrong_attributions() {
        assert_eq!(problems(row("late", &["RPC-01"], &[])), ["rpc.daemon late survives"]);
        assert_eq!(
            problems(row("late", &["RPC-01"], &[("rpc/a#one", &["RPC-02"])])),
            [
                "rpc.daemon late: rpc/a#one attributes it to RPC-02",
                "rpc.daemon late is killed, but no check attributes it to RPC-01"
            ]
        );
    }

    #[test]
    fn doubts_wrong_attributions_and_missing_ones() {
        let scenario = |(id, tested): (&str, &str)| {
            let checks = format!(r#"[{{"name":"one","requirement":"{tested}"}}]"#);
            let text = format!(r#"{{"id":"{id}","under_test":"daemon","traits":[],"checks":{checks}}}"#);
            serde_json::from_str::<ListedScenario>(&text).expect("a scenario")
        };
        let scenarios = [("rpc/a", "RPC-01"), ("rpc/b", "RPC-01"), ("rpc/c", "RPC-02")].map(scenario);
        let doubted = |row: &MutantRow| in_doubt("rpc.daemon", row, &scenarios);
        assert_eq!(doubted(&row("late", &["RPC-01"], &[])), ["rpc/a", "rpc/b"], "a survivor");
        let killed: &[(&str, &[&str])] = &[("rpc/a#one", &["RPC-01"]), ("rpc/c#two", &["RPC-02"])];
        assert_eq!(doubted(&row("late", &["RPC-01"], killed)), ["rpc/c"], "a wrong attribution");
        assert_eq!(doubted(&row("late", &["RPC-01"], &killed[1..])), ["rpc/a", "rpc/b", "rpc/c"], "both");
        assert_eq!(doubted(&row("late", &["RPC-01"], &killed[..1])), [""; 0]);
        assert_eq!(in_doubt("rpc.client", &row("late", &["RPC-01"], &[]), &scenarios), [""; 0], "another role");
    }

    #[test]
    fn reports_mutants_by_place_that_survive_everywhere() {
        let mutants = ["away-at-1", "away-at-2", "away-at-3"].map(|name| made_up("rpc.daemon", name, &[]));
        let matrix = matrix(vec![row("away-at-1", &[], &[("rpc/a#one", &["RPC-01"])]), row("away-at-2", &[], &[])]);
        let survivors = ["away-at-2", "away-at-3"].map(|name| format!("{name} survives in every role: "));
        assert_eq!(unused(&matrix, &mutants, &Excuses::default()), survivors);
    }

    #[test]
    fn reports_idle_checks_requirements_that_are_not_shown_and_unused_excuses() {
        let all = |excuses: &Excuses| {
            let matrix = matrix(Vec::new());
            [role(&matrix.roles[0], excuses), unused(&matrix, &[], excuses)].concat()
        };
        let (category, reason) = (ExcuseCategory::NotObservable, "so it is".to_owned());
        let excuse = |id: &str| Excuse { id: id.to_owned(), roles: Vec::new(), category, reason: reason.clone() };
        let problems = all(&Excuses::default());
        assert!(problems.contains(&"rpc.daemon: rpc/a#one (RPC-01) kills no mutant".to_owned()), "{problems:?}");
        assert!(problems.contains(&"rpc.daemon: no mutant shows that RPC-01 is tested".to_owned()), "{problems:?}");
        let excuses = Excuses { requirement: vec![excuse("RPC-*")], check: vec![excuse("*#one"), excuse("rpc/b#two")] };
        assert_eq!(all(&excuses), ["the excuse of rpc/b#two is not needed"]);
    }
}
