//! Each Rust file opens by saying what it is for.

use super::finding::Finding;
use super::tree::Tree;

/// The files that do not.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let silent = tree.files_ending(".rs").filter(|(_, text)| {
        let said = text.lines().next().and_then(|line| line.strip_prefix("//!"));
        said.is_none_or(|said| said.trim().is_empty())
    });
    silent.map(|(path, _)| Finding::at(path, 1, "does not open with `//!` and what it is for")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    #[test]
    fn a_header_is_the_first_line() {
        assert_eq!(shown(&check(&Tree::of(&[("a.rs", "//! A.\nfn a() {}"), ("a.md", "")]))), [""; 0]);
        let silent = Tree::of(&[("a.rs", "fn a() {}\n//! A."), ("b.rs", ""), ("c.rs", "//!\n")]);
        let message = "does not open with `//!` and what it is for";
        assert_eq!(shown(&check(&silent)), ["a.rs", "b.rs", "c.rs"].map(|path| format!("{path}:1: {message}")));
    }
}
