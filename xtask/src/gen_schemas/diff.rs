//! The generated files, and how those on disk differ from them.

use std::collections::BTreeMap;
use std::fmt;

/// Files by their path below `schemas/`.
pub(super) type Files = BTreeMap<String, String>;

/// At most this many lines of each side are shown.
const SHOWN: usize = 4;

/// One file that is missing, different or left over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Its path below the folder.
    pub(super) path: String,
    /// Its text on disk; `None` if it is missing.
    pub(super) present: Option<String>,
    /// The text that it should have; `None` if it is left over.
    pub(super) wanted: Option<String>,
}

/// The differences, by path.
pub(super) fn between(present: &Files, wanted: &Files) -> Vec<Difference> {
    let paths: std::collections::BTreeSet<_> = present.keys().chain(wanted.keys()).collect();
    let both = paths.into_iter().map(|path| Difference {
        path: path.clone(),
        present: present.get(path).cloned(),
        wanted: wanted.get(path).cloned(),
    });
    both.filter(|one| one.present != one.wanted).collect()
}

impl Difference {
    /// What writing the files did about it, as one word.
    pub(super) fn remedy(&self) -> &'static str {
        match (&self.present, &self.wanted) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schemas/{}: ", self.path)?;
        match (&self.present, &self.wanted) {
            (None, _) => write!(f, "missing"),
            (_, None) => write!(f, "left over: no type generates it"),
            (Some(present), Some(wanted)) => {
                write!(f, "different")?;
                lines(f, present, wanted)
            }
        }
    }
}

/// Shows the lines between the common beginning and the common end of two texts.
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
    fn reports_each_kind_of_difference() {
        let present = files(&[("a.json", "{\n  1\n}\n"), ("c.json", "{}\n"), ("d.json", "{}\r\n"), ("e.json", "")]);
        let wanted = files(&[("a.json", "{\n  2,\n  3\n}\n"), ("b.json", "{}\n"), ("d.json", "{}\n"), ("e.json", "")]);
        let reported: Vec<_> = between(&present, &wanted).iter().map(ToString::to_string).collect();
        assert_eq!(
            reported,
            [
                "schemas/a.json: different\n  @ line 2\n  -   1\n  +   2,\n  +   3",
                "schemas/b.json: missing",
                "schemas/c.json: left over: no type generates it",
                "schemas/d.json: different\n  only in line endings",
            ]
        );
    }

    #[test]
    fn cuts_a_long_difference() {
        let wanted: String = (0..9).map(|line| format!("{line}\n")).collect();
        let differences = between(&files(&[("a.json", "")]), &files(&[("a.json", &wanted)]));
        assert!(differences[0].to_string().ends_with("+ 3\n  + … 5 more"), "{}", differences[0]);
    }
}
