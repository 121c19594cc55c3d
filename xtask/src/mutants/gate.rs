//! The rules of the matrix: no mutant survives, no check is useless, and nobody is blamed for what somebody else does.

use std::collections::BTreeSet;

use relayspec::family::Family;
use relayspec::requirement::Level;

use super::excuse::{Excuse, Excuses};
use super::matrix::{Matrix, Row, Seat};
use super::mutant::{Mutant, Scenario};
use super::play::Kill;

/// What is wrong with the mutants of a role, a line each.
pub(super) fn of_mutants(seat: &Seat) -> Vec<String> {
    seat.mutants.iter().flat_map(|row| of_mutant(&seat.role, row)).collect()
}

/// What is wrong with the checks of a role, all of whose mutants were played, and with its requirements.
pub(super) fn of_seat(seat: &Seat, excuses: &Excuses) -> Vec<String> {
    let idle = idle_checks(seat, excuses);
    idle.into_iter().chain(unbroken(seat, &excuses.requirement)).collect()
}

/// What is wrong with a mutant.
pub(super) fn of_mutant(role: &str, row: &Row) -> Vec<String> {
    let name = format!("{role} {}", row.name);
    if row.killed_by.is_empty() {
        // Not every role has such a place; some other has.
        if row.is_by_place() {
            return Vec::new();
        }
        return vec![format!("{name} survives: {}", row.line)];
    }
    let mut problems: Vec<_> = wrongly(row)
        .map(|(kill, wrong)| format!("{name} is blamed on {} by {}", wrong.join(", "), kill.check))
        .collect();
    if !is_named(row) && !row.is_by_place() {
        problems.push(format!("{name} is found, but no check blames {}", row.breaks.join(", ")));
    }
    problems
}

/// The checks that blame what a mutant does not break, and what they blame.
pub(super) fn wrongly(row: &Row) -> impl Iterator<Item = (&Kill, Vec<&str>)> {
    let is_right = |blamed: &String| row.cascading || row.breaks.contains(blamed) || row.causes.contains(blamed);
    row.kills.iter().filter_map(move |kill| {
        let wrong: Vec<_> = kill.requirements.iter().filter(|blamed| !is_right(blamed)).map(String::as_str).collect();
        (!wrong.is_empty()).then_some((kill, wrong))
    })
}

/// Whether a check blames what the mutant breaks.
fn is_named(row: &Row) -> bool {
    row.blamed.iter().any(|blamed| row.breaks.contains(blamed))
}

/// The scenarios of a role whose word on a mutant is in doubt: those that blame what it does not break, and, where none blames what it breaks,
/// all that judge that.
pub(super) fn in_doubt(role: &str, row: &Row, scenarios: &[Scenario]) -> Vec<String> {
    let judging = scenarios.iter().filter(|one| !is_named(row) && one.is_of(role) && one.judges_any(&row.breaks));
    let doubted: BTreeSet<_> =
        judging.map(|one| one.id.as_str()).chain(wrongly(row).map(|(kill, _)| kill.scenario())).collect();
    doubted.into_iter().map(str::to_owned).collect()
}

/// The checks of a role that find no mutant, and have no excuse.
pub(super) fn idle_checks(seat: &Seat, excuses: &Excuses) -> Vec<String> {
    let told = |(id, requirement): (&str, Option<&str>)| {
        format!("{} {id} ({}) finds no mutant", seat.role, requirement.unwrap_or("-"))
    };
    seat.open(excuses).map(told).collect()
}

/// The requirements of a role that no mutant breaks, or none that is found.
fn unbroken(seat: &Seat, excuses: &[Excuse]) -> Vec<String> {
    let unbroken = binding(&seat.role).into_iter().filter(|id| !seat.mutants.iter().any(|row| row.is_killed_by(id)));
    let unbroken = unbroken.filter(|id| !excuses.iter().any(|excuse| excuse.covers(&seat.role, id)));
    unbroken.map(|id| format!("{} no mutant shows that {id} is judged", seat.role)).collect()
}

/// Each MUST and SHOULD of a role.
fn binding(role: &str) -> Vec<&'static str> {
    let (family, role) = role.split_once('.').unwrap_or((role, ""));
    let own = Family::named(family).into_iter().flat_map(|family| family.requirements(role));
    own.filter(|requirement| requirement.level != Level::May).map(|requirement| requirement.id).collect()
}

/// Mutants by place that nobody finds in any role.
fn nowhere(matrix: &Matrix, mutants: &[Mutant]) -> Vec<String> {
    let found: BTreeSet<_> = matrix.roles.iter().flat_map(Seat::found).map(|row| &row.name).collect();
    let lost = mutants.iter().filter(|mutant| mutant.is_by_place() && !found.contains(&mutant.name));
    let told: BTreeSet<_> =
        lost.map(|mutant| format!("{} finds nothing in any role: {}", mutant.name, mutant.line)).collect();
    told.into_iter().collect()
}

/// Mutants, and excuses, that nothing in the whole matrix needs.
pub(super) fn unused(matrix: &Matrix, mutants: &[Mutant], excuses: &Excuses) -> Vec<String> {
    let mut problems = nowhere(matrix, mutants);
    for excuse in &excuses.check {
        let is_used = matrix.roles.iter().any(|seat| seat.idle().any(|(id, _)| excuse.covers(&seat.role, id)));
        if !is_used {
            problems.push(format!("the excuse of {} is not needed", excuse.id));
        }
    }
    for excuse in &excuses.requirement {
        let is_used = matrix.roles.iter().any(|seat| {
            let open = |id: &&str| !seat.mutants.iter().any(|row| row.is_killed_by(id));
            binding(&seat.role).iter().filter(|id| open(id)).any(|id| excuse.covers(&seat.role, id))
        });
        if !is_used {
            problems.push(format!("the excuse of {} is not needed", excuse.id));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::excuse::Category;
    use super::super::play::Played;
    use super::*;

    fn row(name: &str, breaks: &[&str], killed_by: &[(&str, &[&str])]) -> Row {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let mutant = Mutant {
            role: "rpc.daemon".to_owned(),
            name: name.to_owned(),
            breaks: owned(breaks),
            causes: Vec::new(),
            cascading: false,
            line: "does it wrong".to_owned(),
        };
        let kill = |(check, blamed): &(&str, &[&str])| Kill {
            check: (*check).to_owned(),
            requirements: owned(blamed),
            took: 1.0,
        };
        let kills = killed_by.iter().map(kill).collect();
        Row::new(&mutant, &Played { kills, ..Played::default() })
    }

    fn matrix(mutants: Vec<Row>) -> Matrix {
        let checks = BTreeMap::from([("rpc/a#one".to_owned(), Some("RPC-01".to_owned()))]);
        Matrix { roles: vec![Seat { checks, mutants, ..Seat::new("rpc.daemon") }] }
    }

    fn of_mutants(mutants: Vec<Row>) -> Vec<String> {
        matrix(mutants).roles.iter().flat_map(super::of_mutants).collect()
    }

    fn of_roles(excuses: &Excuses) -> Vec<String> {
        let matrix = matrix(Vec::new());
        let seats = matrix.roles.iter().flat_map(|seat| of_seat(seat, excuses));
        seats.chain(unused(&matrix, &[], excuses)).collect()
    }

    #[test]
    fn a_fault_that_is_found_and_rightly_blamed_is_no_problem() {
        assert_eq!(
            of_mutants(vec![row("late", &["RPC-01"], &[("rpc/a#one", &["RPC-01"]), ("rpc/b#story", &[])])]),
            [""; 0]
        );
    }

    #[test]
    fn a_survivor_and_wrong_blame_are_problems() {
        assert_eq!(of_mutants(vec![row("late", &["RPC-01"], &[])]), ["rpc.daemon late survives: does it wrong"]);
        assert_eq!(
            of_mutants(vec![row("late", &["RPC-01"], &[("rpc/a#one", &["RPC-02"])])]),
            [
                "rpc.daemon late is blamed on RPC-02 by rpc/a#one",
                "rpc.daemon late is found, but no check blames RPC-01"
            ]
        );
        let consequence =
            Row { causes: vec!["RPC-02".to_owned()], ..row("late", &["RPC-01"], &[("a#b", &["RPC-01", "RPC-02"])]) };
        assert_eq!(of_mutants(vec![consequence]), [""; 0]);
        let starving = Row { cascading: true, ..row("late", &["RPC-01"], &[("a#b", &["RPC-01", "RPC-09"])]) };
        assert_eq!(of_mutants(vec![starving]), [""; 0]);
    }

    #[test]
    fn in_doubt_is_who_blames_wrongly_and_who_should_have_blamed() {
        let scenario = |(id, judged): (&str, &str)| {
            let text =
                format!(r#"{{"id":"{id}","under_test":"daemon","traits":[],"checks":[{{"requirement":"{judged}"}}]}}"#);
            serde_json::from_str::<Scenario>(&text).expect("a scenario")
        };
        let scenarios = [("rpc/a", "RPC-01"), ("rpc/b", "RPC-01"), ("rpc/c", "RPC-02")].map(scenario);
        let doubted = |row: &Row| in_doubt("rpc.daemon", row, &scenarios);
        assert_eq!(doubted(&row("late", &["RPC-01"], &[])), ["rpc/a", "rpc/b"], "a survivor");
        let found: &[(&str, &[&str])] = &[("rpc/a#one", &["RPC-01"]), ("rpc/c#two", &["RPC-02"])];
        assert_eq!(doubted(&row("late", &["RPC-01"], found)), ["rpc/c"], "wrong blame");
        assert_eq!(doubted(&row("late", &["RPC-01"], &found[1..])), ["rpc/a", "rpc/b", "rpc/c"], "both");
        assert_eq!(doubted(&row("late", &["RPC-01"], &found[..1])), [""; 0]);
        assert_eq!(in_doubt("rpc.client", &row("late", &["RPC-01"], &[]), &scenarios), [""; 0], "another role");
    }

    #[test]
    fn a_fault_by_place_is_needed_somewhere() {
        let placed = |name: &str| Mutant { name: name.to_owned(), line: "is away".to_owned(), ..Mutant::none() };
        let mutants = [placed("away-at-1"), placed("away-at-2"), placed("away-at-3")];
        let matrix = matrix(vec![row("away-at-1", &[], &[("rpc/a#one", &["RPC-01"])]), row("away-at-2", &[], &[])]);
        let useless = |name: &str| format!("{name} finds nothing in any role: is away");
        let told = unused(&matrix, &mutants, &Excuses::default());
        assert_eq!(told, [useless("away-at-2"), useless("away-at-3")], "played in vain, and not at all");
    }

    #[test]
    fn idle_checks_unbroken_requirements_and_idle_excuses_are_problems() {
        let excuse = |id: &str| Excuse {
            id: id.to_owned(),
            roles: Vec::new(),
            category: Category::NotObservable,
            reason: "so it is".to_owned(),
        };
        let all = of_roles(&Excuses::default());
        assert!(all.contains(&"rpc.daemon rpc/a#one (RPC-01) finds no mutant".to_owned()), "{all:?}");
        assert!(all.contains(&"rpc.daemon no mutant shows that RPC-01 is judged".to_owned()), "{all:?}");
        let excuses = Excuses { requirement: vec![excuse("RPC-*")], check: vec![excuse("*#one"), excuse("rpc/b#two")] };
        assert_eq!(of_roles(&excuses), ["the excuse of rpc/b#two is not needed"]);
    }
}
