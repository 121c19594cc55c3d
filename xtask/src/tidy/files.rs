//! Rules for whole files and single lines: a header, a bounded length, no lint switched off for a whole file, no path of one machine.

use super::tree::{Finding, Tree};

/// A longer file gives the reason.
const SOFT_LIMIT: usize = 300;
/// No reason allows a longer file.
const HARD_LIMIT: usize = 600;
/// Half of the files are no longer than this.
const MEDIAN_LIMIT: usize = 150;
/// How a line begins that gives the reason.
const REASON: &str = "// tidy: long because ";
/// The first folders of absolute paths that exist on one machine only, without slashes, so that this file passes its own rule.
const MACHINE: &[&str] = &["work", "tmp", "home", "root", "Users"];

/// Checks all files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        if path.ends_with(".rs") && text.strip_prefix("//!").is_none_or(|header| header.starts_with('\n')) {
            findings.push(Finding::new(path, 1, "header", "does not open with `//!` and what it is for"));
        }
        findings.extend(text.lines().zip(1..).filter_map(|(line, number)| check_line(path, line, number)));
    }
    for (path, text, length) in lengths(tree) {
        let has_reason = text.lines().any(|line| line.strip_prefix(REASON).is_some_and(|reason| !reason.is_empty()));
        if length > HARD_LIMIT {
            findings.push(Finding::new(path, 1, "length", format!("{length} lines, more than {HARD_LIMIT}: split it")));
        } else if length > SOFT_LIMIT && !has_reason {
            let message = format!("{length} lines, more than {SOFT_LIMIT}: split it, or add a line `{REASON}…`");
            findings.push(Finding::new(path, 1, "length", message));
        }
    }
    if median(tree) > MEDIAN_LIMIT {
        let message = format!("the median file has {} lines, more than {MEDIAN_LIMIT}", median(tree));
        findings.push(Finding::new("Cargo.toml", 1, "length", message));
    }
    findings
}

fn check_line(path: &str, line: &str, number: usize) -> Option<Finding> {
    if path.ends_with(".rs") && line.starts_with("#![allow(") {
        return Some(Finding::new(path, number, "allow", "`allow` outlives its cause: use `expect` with a reason"));
    }
    if path.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\"") {
        let message = "names a registry's host: use `npm install --omit-lockfile-registry-resolved`";
        return Some(Finding::new(path, number, "machine", message));
    }
    // Part of a longer path or of a URL is fine.
    let is_start = |at: usize| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"_.-~})>*".contains(c))
    };
    let root = |at: usize| line[at + 1..].split_once('/').map_or("", |(root, _)| root);
    let (at, _) = line.match_indices('/').find(|(at, _)| MACHINE.contains(&root(*at)) && is_start(*at))?;
    Some(Finding::new(path, number, "machine", format!("names a path below /{}, of one machine", root(at))))
}

/// The figures in one line.
pub(super) fn summary(tree: &Tree) -> String {
    let longest = lengths(tree).max_by_key(|(_, _, length)| *length);
    let longest = longest.map(|(path, _, length)| format!(", the longest {length} ({path})")).unwrap_or_default();
    format!("{} source files, median {} lines outside tests{longest}", lengths(tree).count(), median(tree))
}

/// Path, text and length of each source that is neither a test nor generated. The tests at the end of a file do not count.
fn lengths(tree: &Tree) -> impl Iterator<Item = (&str, &str, usize)> {
    let is_test = |path: &str| path.split(['/', '.']).any(|part| matches!(part, "test" | "tests" | "benches"));
    let sources = tree.with_extension(&["rs", "js", "mjs", "ts"]).filter(move |(path, _)| !is_test(path));
    let sources = sources.filter(|(_, text)| !text.lines().take(5).any(|line| line.contains("@generated")));
    sources.map(|(path, text)| (path, text, before_tests(text).lines().count()))
}

/// A Rust source without the test module at its end.
pub(super) fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at])
}

fn median(tree: &Tree) -> usize {
    let mut lengths: Vec<_> = lengths(tree).map(|(_, _, length)| length).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::check;

    fn lines(count: usize) -> String {
        "//! A.\n".to_owned() + &"a\n".repeat(count - 1)
    }

    /// One file among small ones, so that the median stays low.
    fn checked(path: &str, text: &str) -> Vec<String> {
        found(check, &[("a.js", "a"), ("b.js", "b"), ("c.js", "c"), (path, text)])
    }

    #[test]
    fn accepts_headers_short_files_tests_and_generated_files() {
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(300), lines(600));
        let reason = lines(300).replacen("a\n", "// tidy: long because it is one table\na\n", 1);
        for (path, text) in [("z.rs", lines(300)), ("z.rs", tests), ("z.rs", reason), ("tests/it/z.rs", lines(601))] {
            assert_eq!(checked(path, &text), [""; 0]);
        }
        assert_eq!(checked("z.ts", &format!("// @generated\n{}", lines(700))), [""; 0]);
    }

    #[test]
    fn rejects_missing_headers_and_long_files() {
        let split = "more than 300: split it, or add a line `// tidy: long because …` [length]";
        assert_eq!(checked("z.js", &lines(301)), [format!("z.js:1: 301 lines, {split}")]);
        assert_eq!(checked("z.rs", &lines(601)), ["z.rs:1: 601 lines, more than 600: split it [length]"]);
        let median = "Cargo.toml:1: the median file has 151 lines, more than 150 [length]";
        assert_eq!(found(check, &[("a.js", "a"), ("b.js", &lines(151)), ("c.js", &lines(151))]), [median]);
        for text in ["//!\nfn a() {}", "fn a() {}"] {
            assert_eq!(checked("z.rs", text), ["z.rs:1: does not open with `//!` and what it is for [header]"]);
        }
    }

    #[test]
    fn rejects_lints_switched_off_and_paths_of_one_machine() {
        let fine = "docs/work/a.md ./tmp/x https://example.org/home/a `$HOME/tmp/a` {root}/work/b";
        assert_eq!(checked("z.md", fine), [""; 0]);
        assert_eq!(
            checked("z.md", "\"/\u{77}ork/main\""),
            ["z.md:1: names a path below /work, of one machine [machine]"]
        );
        let lock = "{\n  \"resolved\": \"https://registry.example.org/a.tgz\"\n}";
        let host = "names a registry's host: use `npm install --omit-lockfile-registry-resolved` [machine]";
        assert_eq!(checked("a/package-lock.json", lock), [format!("a/package-lock.json:2: {host}")]);
        let allow = "`allow` outlives its cause: use `expect` with a reason [allow]";
        assert_eq!(checked("z.rs", "//! A.\n#![allow(a)]\n"), [format!("z.rs:2: {allow}")]);
    }
}
