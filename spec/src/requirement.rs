//! Requirements: the testable statements of the specification, read from the chapters in `text/`.
//!
//! A requirement is one line of a chapter: `**PAIR-30** MUST · relay · The statement.` The text is the only place where one is written.
//!
//! ```
//! use relayspec::requirement::{self, Level};
//!
//! let requirement = requirement::find("pair-30").expect("a requirement");
//! assert_eq!((requirement.id, requirement.level), ("PAIR-30", Level::Must));
//! assert!(requirement::all().len() > 100);
//! ```

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The level of a requirement (RFC 2119 and RFC 8174).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A violation is a failure.
    Must,
    /// A violation is a warning.
    Should,
    /// It allows something and cannot be violated.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

/// A chapter of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chapter {
    /// Its name, which is also that of its file: one of [`SHARED`], or the name of a family.
    pub name: &'static str,
    /// Its Markdown source.
    pub text: &'static str,
}

/// The chapters in reading order.
pub const CHAPTERS: &[Chapter] = &[
    Chapter { name: "wire", text: include_str!("../text/wire.md") },
    Chapter { name: "reconnect", text: include_str!("../text/reconnect.md") },
    Chapter { name: "driver", text: include_str!("../text/driver.md") },
    Chapter { name: "pairing", text: include_str!("../text/pairing.md") },
    Chapter { name: "terminal", text: include_str!("../text/terminal.md") },
    Chapter { name: "tunnel", text: include_str!("../text/tunnel.md") },
    Chapter { name: "sync", text: include_str!("../text/sync.md") },
    Chapter { name: "rpc", text: include_str!("../text/rpc.md") },
];

/// The chapters that bind every family; their roles are `server` and `client`.
pub const SHARED: &[&str] = &[WIRE, "reconnect", "driver"];

/// The shared chapter about WebSockets.
pub const WIRE: &str = "wire";

/// One testable statement of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The id, such as `PAIR-30`; never reused.
    pub id: &'static str,
    /// The level.
    pub level: Level,
    /// The roles that it binds; in a shared chapter `server` and `client`, which stand for every role of that side.
    pub roles: Vec<&'static str>,
    /// The statement, in Markdown, without id, level and roles.
    pub text: &'static str,
    /// The name of its chapter.
    pub chapter: &'static str,
    /// Its line in the chapter, counted from 1.
    pub line: usize,
}

/// All requirements, in the order of the chapters.
pub fn all() -> &'static [Requirement] {
    static ALL: LazyLock<Vec<Requirement>> = LazyLock::new(|| CHAPTERS.iter().flat_map(parse).collect());
    &ALL
}

/// The requirement with this id, in either case.
pub fn find(id: &str) -> Option<&'static Requirement> {
    all().iter().find(|requirement| requirement.id.eq_ignore_ascii_case(id))
}

fn parse(chapter: &Chapter) -> Vec<Requirement> {
    let lines = chapter.text.lines().zip(1..);
    lines.filter_map(|(text, line)| parse_line(text, chapter.name, line)).collect()
}

fn parse_line(text: &'static str, chapter: &'static str, line: usize) -> Option<Requirement> {
    let (id, rest) = text.strip_prefix("**")?.split_once("** ")?;
    let mut parts = rest.splitn(3, " · ");
    let level = match parts.next()? {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        _ => return None,
    };
    let roles = parts.next()?.split(", ").collect();
    Some(Requirement { id, level, roles, text: parts.next()?.trim(), chapter, line })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::family::Family;

    #[test]
    fn every_line_that_starts_in_bold_is_a_requirement() {
        for chapter in CHAPTERS {
            let bold = chapter.text.lines().filter(|line| line.starts_with("**")).count();
            let count = parse(chapter).len();
            assert_eq!(count, bold, "a line of {}.md looks like a requirement but is not", chapter.name);
        }
    }

    #[test]
    fn ids_are_unique_and_statements_end_with_a_full_stop() {
        let mut seen = BTreeSet::new();
        for requirement in all() {
            assert!(seen.insert(requirement.id), "{} is stated twice", requirement.id);
            assert!(requirement.text.ends_with('.'), "{} does not end with a full stop", requirement.id);
            assert!(!requirement.roles.is_empty() && requirement.roles.iter().all(|role| !role.trim().is_empty()));
        }
    }

    #[test]
    fn shared_chapters_bind_sides_and_others_bind_roles() {
        for name in SHARED {
            assert!(CHAPTERS.iter().any(|chapter| chapter.name == *name), "there is no chapter {name}");
        }
        for Requirement { id, roles, chapter, .. } in all() {
            let known = match Family::named(chapter) {
                None => vec!["server", "client"],
                // A role may have the name of a side.
                Some(family) => family.clients.iter().chain([&family.server]).copied().collect(),
            };
            assert!(roles.iter().all(|role| known.contains(role)), "{id} binds {roles:?} of {known:?}");
        }
    }

    #[test]
    fn ids_are_found_in_any_case() {
        assert_eq!(find("pair-30").map(|r| (r.id, r.level)), Some(("PAIR-30", Level::Must)));
        assert_eq!(find("PAIR-3"), None);
    }
}
