//! How what is on disk differs from what is wanted. It compares texts; reading and writing files is not its business.

use std::fmt;

use super::Files;

/// At most this many lines of each side are shown.
const SHOWN: usize = 4;

/// One file that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// It is wanted and not there.
    Missing {
        /// Its path below the folder.
        path: String,
        /// What belongs into it.
        wanted: String,
    },
    /// It holds something else.
    Changed {
        /// Its path below the folder.
        path: String,
        /// What stands in it.
        present: String,
        /// What belongs into it.
        wanted: String,
    },
    /// Nothing makes it any more.
    LeftOver {
        /// Its path below the folder.
        path: String,
    },
}

/// The differences, by path.
pub(super) fn between(present: &Files, wanted: &Files) -> Vec<Difference> {
    let missing_or_changed = wanted.iter().filter_map(|(path, wanted)| {
        let (path, wanted) = (path.clone(), wanted.clone());
        match present.get(&path) {
            None => Some(Difference::Missing { path, wanted }),
            Some(present) if *present != wanted => Some(Difference::Changed { path, present: present.clone(), wanted }),
            Some(_) => None,
        }
    });
    let left_over = present.keys().filter(|path| !wanted.contains_key(*path));
    let mut all: Vec<_> =
        missing_or_changed.chain(left_over.map(|path| Difference::LeftOver { path: path.clone() })).collect();
    all.sort_by(|a, b| a.path().cmp(b.path()));
    all
}

impl Difference {
    /// The file's path below the folder.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Missing { path, .. } | Self::Changed { path, .. } | Self::LeftOver { path } => path,
        }
    }

    /// What was done about it, in one line.
    pub(super) fn done(&self) -> String {
        let deed = match self {
            Self::Missing { .. } => "added",
            Self::Changed { .. } => "changed",
            Self::LeftOver { .. } => "removed",
        };
        format!("{deed} schemas/{}", self.path())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path, .. } => write!(f, "schemas/{path}: missing"),
            Self::LeftOver { path } => write!(f, "schemas/{path}: left over, no type makes it"),
            Self::Changed { path, present, wanted } => {
                write!(f, "schemas/{path}: different")?;
                lines(f, present, wanted)
            }
        }
    }
}

/// Shows where two texts part: the lines between their common beginning and their common end.
fn lines(f: &mut fmt::Formatter<'_>, present: &str, wanted: &str) -> fmt::Result {
    let (old, new): (Vec<_>, Vec<_>) = (present.lines().collect(), wanted.lines().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[before..], &new[before..]);
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - after], &new[..new.len() - after]);
    if old.is_empty() && new.is_empty() {
        return write!(f, "\n  only in line endings");
    }
    write!(f, "\n  @ line {}", before + 1)?;
    for (mark, side) in [('-', old), ('+', new)] {
        for line in &side[..side.len().min(SHOWN)] {
            write!(f, "\n  {mark} {line}")?;
        }
        if side.len() > SHOWN {
            write!(f, "\n  {mark} … {} more", side.len() - SHOWN)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn equal_folders_do_not_differ() {
        let folder = files(&[("pairing/join.json", "{}\n")]);
        assert_eq!(between(&folder, &folder), []);
    }

    #[test]
    fn each_kind_of_difference_is_told() {
        let present = files(&[("a.json", "{\n  1\n}\n"), ("c.json", "{}\n"), ("d.json", "{}\r\n")]);
        let wanted = files(&[("a.json", "{\n  2,\n  3\n}\n"), ("b.json", "{}\n"), ("d.json", "{}\n")]);
        let told: Vec<_> = between(&present, &wanted).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "schemas/a.json: different\n  @ line 2\n  -   1\n  +   2,\n  +   3",
                "schemas/b.json: missing",
                "schemas/c.json: left over, no type makes it",
                "schemas/d.json: different\n  only in line endings",
            ]
        );
    }

    #[test]
    fn a_long_difference_is_cut() {
        let wanted: String = (0..9).map(|line| format!("{line}\n")).collect();
        let told: Vec<_> = between(&files(&[("a.json", "")]), &files(&[("a.json", &wanted)]));
        assert!(told[0].to_string().ends_with("+ 3\n  + … 5 more"), "{}", told[0]);
    }
}
