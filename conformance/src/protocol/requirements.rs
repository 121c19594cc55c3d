//! The requirements of a protocol folder: one a line of its Markdown file, as in the chapters of the built-in protocols.

use relayspec::requirement::Level;

use super::error::Problem;
use crate::scenario::Place;

/// A testable statement of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The id, such as `CHAT-04`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The roles that it binds.
    pub roles: Vec<String>,
    /// The sentence.
    pub text: String,
    /// Its line in the file, counted from 1.
    pub line: usize,
}

/// Reads all requirements of a text. Every line that opens in bold has to be one.
///
/// # Errors
/// At the first line that is none, or that has the id of another.
pub(super) fn read(text: &str, roles: &[&str]) -> Result<Vec<Statement>, (Place, Problem)> {
    let mut all: Vec<Statement> = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| line.starts_with("**")) {
        let at = |column| Place { line: number as u64, column };
        let statement = statement(line, number).map_err(|(column, problem)| (at(column), problem))?;
        if let Some(role) = statement.roles.iter().find(|role| !roles.contains(&role.as_str())) {
            let problem = Problem::UnknownRole { role: role.clone(), known: roles.join(", ") };
            return Err((at(column_of(line, role)), problem));
        }
        if let Some(other) = all.iter().find(|other| other.id.eq_ignore_ascii_case(&statement.id)) {
            return Err((at(3), Problem::DuplicateId { id: statement.id, line: other.line }));
        }
        all.push(statement);
    }
    Ok(all)
}

fn statement(line: &str, number: usize) -> Result<Statement, (u64, Problem)> {
    let malformed = |column: usize, what: &'static str| (column as u64, Problem::RequirementLine { what });
    let (id, rest) = line
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("** "))
        .ok_or_else(|| malformed(1, "an id between `**` and `**`, then a space"))?;
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if id.is_empty() || !id.bytes().all(is_id) {
        return Err(malformed(3, "an id of letters, digits, hyphens and dots"));
    }
    let after_id = 1 + line.len() - rest.len();
    let mut parts = rest.splitn(3, " · ");
    let level = match parts.next() {
        Some("MUST") => Level::Must,
        Some("SHOULD") => Level::Should,
        Some("MAY") => Level::May,
        _ => return Err(malformed(after_id, "MUST, SHOULD or MAY, then ` · `")),
    };
    let roles = parts.next().filter(|roles| !roles.trim().is_empty());
    let roles = roles.ok_or_else(|| malformed(after_id, "the roles that it binds, then ` · `"))?;
    let text = parts.next().map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| malformed(line.chars().count(), "the statement in one sentence"))?;
    Ok(Statement {
        id: id.to_owned(),
        level,
        roles: roles.split(',').map(|role| role.trim().to_owned()).collect(),
        text: text.to_owned(),
        line: number,
    })
}

fn column_of(line: &str, part: &str) -> u64 {
    line.find(part).map_or(1, |at| line[..at].chars().count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_in_bold_and_nothing_else() {
        let text = "# Chat\n\nProse with **bold** inside.\n**CHAT-01** MUST · server, client · Messages are objects.\n";
        let read = read(text, &["server", "client"]).expect("a requirement");
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].id.as_str(), read[0].level, read[0].line), ("CHAT-01", Level::Must, 4));
        assert_eq!(read[0].roles, ["server", "client"]);
    }

    #[test]
    fn names_the_place_of_what_is_wrong() {
        for (text, column) in [
            ("**CHAT-01* MUST · server · It is so.", 1),
            ("**CHAT 01** MUST · server · It is so.", 3),
            ("**CHAT-01** must · server · It is so.", 13),
            ("**CHAT-01** MUST", 13),
            ("**CHAT-01** MUST · guest · It is so.", 20),
            ("**CHAT-01** MUST · server · ", 28),
        ] {
            let (place, _) = read(text, &["server"]).expect_err(text);
            assert_eq!(place, Place { line: 1, column }, "{text}");
        }
        let twice = "**A-1** MUST · server · One.\n**a-1** MUST · server · Two.";
        let (place, problem) = read(twice, &["server"]).expect_err("a duplicate");
        assert_eq!((place.line, problem), (2, Problem::DuplicateId { id: "a-1".to_owned(), line: 1 }));
    }
}
