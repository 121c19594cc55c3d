//! The matrix as people read it.

use std::fmt::Write as _;

use super::matrix::{Matrix, Row, Seat};

/// More scenarios than this are counted, not listed.
const MOST_LISTED: usize = 4;

/// A line for each role.
pub(super) fn summary(matrix: &Matrix) -> String {
    let mut text = String::new();
    for seat in &matrix.roles {
        let (killed, all) = (seat.found().count(), seat.mutants.len());
        let (named, useful) = seat.useful();
        let _ = write!(text, "{:<16} {killed} of {all} mutants found", seat.role);
        // Whose checks were not all played, of those nothing can be said.
        let _ = if named > 0 { writeln!(text, ", {useful} of {named} checks have found one") } else { writeln!(text) };
    }
    text
}

/// The page of the matrix.
pub(crate) fn page(matrix: &Matrix) -> String {
    let mut text = String::from(
        "# Kill matrix\n\n\
         Written by `cargo xtask mutants`. Each mutant is a reference that breaks a requirement on purpose, as\n\
         `conformance reference pairing-relay --mutant NAME` starts it; [Proving that the judge can fail](mutants.md) says which scenarios it was judged by.\n\
         Mutants by place break nothing of their own: they were played where a check had found nothing else, and need not find anything in every role.\n\
         Any other that no check finds, a check that finds no mutant, and blame for a requirement that a mutant does not break fail the run. What the gate lets pass,\n\
         and why, stands in [excuses.toml](excuses.toml); the whole matrix, check by check, in [kill-matrix.json](kill-matrix.json).\n\n\
         | role | mutants | found | by place | found | checks with a name | have found one |\n| --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for seat in &matrix.roles {
        let count = |is_by_place: bool| {
            let is_such = |row: &&Row| row.is_by_place() == is_by_place;
            format!("{} | {}", seat.mutants.iter().filter(is_such).count(), seat.found().filter(is_such).count())
        };
        let (named, useful) = seat.useful();
        let _ = writeln!(text, "| {} | {} | {} | {named} | {useful} |", seat.role, count(false), count(true));
    }
    for seat in &matrix.roles {
        role(&mut text, seat);
    }
    text
}

fn role(text: &mut String, seat: &Seat) {
    let _ = write!(
        text,
        "\n## {}\n\n| mutant | what it does | breaks | found by |\n| --- | --- | --- | --- |\n",
        seat.role
    );
    for row in &seat.mutants {
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
