//! Bans as data: what may not be named where, and why. The tables stand with their rules; this file only applies them.

use super::finding::Finding;
use super::rust::{Mention, Source};
use super::tree::{Tree, is_under};

/// One line of a table.
pub(super) struct Ban {
    /// The modules or folders that it binds.
    pub(super) within: &'static [&'static str],
    /// The modules or folders in them that are free.
    pub(super) except: &'static [&'static str],
    /// Whether tests are bound too.
    pub(super) tests: Tests,
    /// The paths that may not be named, with all below them; a segment `*` stands for any one. Macros end in `!`, methods begin with a point.
    pub(super) names: &'static [&'static str],
    /// Why, as the end of a sentence that begins with the name.
    pub(super) why: &'static str,
}

/// Whether a ban binds tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tests {
    /// It does.
    Bound,
    /// It does not.
    Free,
}

/// All breaches of these bans.
pub(super) fn apply(bans: &[Ban], tree: &Tree) -> Vec<Finding> {
    let pairs = tree.sources().iter().flat_map(|source| bans.iter().map(move |ban| (source, ban)));
    let mut findings: Vec<_> =
        pairs.filter(|(source, ban)| ban.binds(source)).flat_map(|(source, ban)| ban.breaches(source)).collect();
    findings.sort();
    findings.dedup();
    findings
}

impl Ban {
    fn binds(&self, source: &Source) -> bool {
        let lies_in = |places: &[&str]| places.iter().any(|place| is_under(&source.path, place));
        lies_in(self.within) && !lies_in(self.except)
    }

    fn breaches(&self, source: &Source) -> impl Iterator<Item = Finding> {
        let bound = |mention: &&Mention| self.tests == Tests::Bound || !source.is_test_line(mention.line);
        let broken = |mention: &&Mention| self.names.iter().any(|name| matches(&mention.path, name));
        let findings = source.mentions.iter().filter(bound).filter(broken);
        findings.map(|mention| Finding::at(&source.path, mention.line, format!("`{}` {}", mention.path, self.why)))
    }
}

/// Whether a path names what is banned, something below it, or everything beside it by a glob.
fn matches(path: &str, banned: &str) -> bool {
    let is_same = |(segment, banned): (&str, &str)| banned == "*" || segment == banned;
    let (mut segments, mut rest) = (path.split("::"), banned.split("::"));
    loop {
        match (segments.next(), rest.next()) {
            (_, None) => return true,
            (None, Some(_)) => return false,
            (Some("*"), Some(_)) => return true,
            (Some(segment), Some(banned)) if is_same((segment, banned)) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ban_covers_what_is_below_and_globs_beside() {
        for path in ["std::fs", "std::fs::read", "std::*"] {
            assert!(matches(path, "std::fs"), "{path}");
        }
        for path in ["std", "std::fmt", "std::fs_extra", "crate::std::fs"] {
            assert!(!matches(path, "std::fs"), "{path}");
        }
    }

    #[test]
    fn a_star_stands_for_one_segment() {
        assert!(matches("relayspec::pairing::order", "relayspec::*::order"));
        assert!(!matches("relayspec::pairing::Order", "relayspec::*::order"));
    }
}
