//! The matrix as people read it.

use std::fmt::Write as _;

use super::matrix::{Matrix, Row, Seat};

/// More scenarios than this are counted, not listed.
const MOST_LISTED: usize = 4;

/// A line for each role.
pub(super) fn summary(matrix: &Matrix) -> String {
    let mut text = String::new();
    for seat in &matrix.roles {
        let (killed, all) = (seat.found().count(), seat.faults.len());
        let (killers, named) = (seat.killers(), seat.named().count());
        let useful = seat.named().filter(|(id, _)| killers.contains(*id)).count();
        let _ = write!(text, "{:<16} {killed} of {all} faults found", seat.role);
        // Whose checks were not all played, of those nothing can be said.
        let _ = if named > 0 { writeln!(text, ", {useful} of {named} checks have found one") } else { writeln!(text) };
    }
    text
}

/// The page of the matrix.
pub(super) fn page(matrix: &Matrix) -> String {
    let mut text = String::from(
        "# Kill matrix\n\n\
         Written by `cargo xtask mutants`. Each fault is a reference that breaks one requirement on purpose, as\n\
         `conformance reference pairing-relay --fault NAME` starts it; it was judged by all scenarios of its role. A fault that no check finds, a check\n\
         that finds no fault, and blame for a requirement that a fault does not break fail the run. What the gate lets pass, and why, stands in\n\
         [excuses.toml](excuses.toml); the whole matrix, check by check, in [kill-matrix.json](kill-matrix.json).\n\n\
         | role | faults | found | checks with a name | have found one |\n| --- | --: | --: | --: | --: |\n",
    );
    for seat in &matrix.roles {
        let found = seat.found().count();
        let killers = seat.killers();
        let useful = seat.named().filter(|(id, _)| killers.contains(*id)).count();
        let (faults, named) = (seat.faults.len(), seat.named().count());
        let _ = writeln!(text, "| {} | {faults} | {found} | {named} | {useful} |", seat.role);
    }
    for seat in &matrix.roles {
        role(&mut text, seat);
    }
    text
}

fn role(text: &mut String, seat: &Seat) {
    let _ =
        write!(text, "\n## {}\n\n| fault | what it does | breaks | found by |\n| --- | --- | --- | --- |\n", seat.role);
    for row in &seat.faults {
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", row.name, row.line, row.breaks.join(", "), finders(row));
    }
}

/// The scenarios that find it, as many as there is room for.
fn finders(row: &Row) -> String {
    let listed: Vec<_> = row.killed_by.keys().take(MOST_LISTED).map(|scenario| format!("`{scenario}`")).collect();
    match row.killed_by.len() - listed.len() {
        0 => listed.join(", "),
        more => format!("{}, and {more} more", listed.join(", ")),
    }
}
