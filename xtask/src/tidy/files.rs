//! Rules for whole files and single lines: a header, a bounded length, no lint switched off for a file, no path of one machine.

use super::tree::{SourceTree, TidyFinding, finding};

/// A longer file has a line with the reason. No reason allows twice the length.
const LIMIT: usize = 300;
const REASON: &str = "// tidy: long because ";
/// The first folders of absolute paths that exist on one machine only, without slashes, so that this file passes its own rule.
const MACHINE: &[&str] = &["work", "tmp", "home", "root", "Users"];

/// Checks all files.
pub(super) fn check(tree: &SourceTree) -> Vec<TidyFinding> {
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        if path.ends_with(".rs") && text.strip_prefix("//!").is_none_or(|header| header.starts_with('\n')) {
            findings.push(finding(path, 1, "header", "does not open with `//!` and what it is for"));
        }
        findings.extend(text.lines().zip(1..).filter_map(|(line, number)| check_line(path, line, number)));
    }
    for (path, text) in tree.with_extension(&["rs", "js", "mjs", "ts"]) {
        let is_test = path.split(['/', '.']).any(|part| matches!(part, "test" | "tests" | "benches"));
        let is_generated = text.lines().take(5).any(|line| line.contains("@generated"));
        let has_reason = text.lines().any(|line| line.strip_prefix(REASON).is_some_and(|reason| !reason.is_empty()));
        let (length, limit) = (before_tests(text).lines().count(), if has_reason { 2 * LIMIT } else { LIMIT });
        if length > limit && !is_test && !is_generated {
            let message = format!("{length} lines, more than {limit}: split it, or add a line `{REASON}…`");
            findings.push(finding(path, 1, "length", message));
        }
    }
    findings
}

fn check_line(path: &str, line: &str, number: usize) -> Option<TidyFinding> {
    if path.ends_with(".rs") && line.starts_with("#![allow(") {
        return Some(finding(path, number, "allow", "`allow` outlives its cause: use `expect` with a reason"));
    }
    if path.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\"") {
        let message = "names a registry's host: use `npm install --omit-lockfile-registry-resolved`";
        return Some(finding(path, number, "machine", message));
    }
    // Part of a longer path or of a URL is fine.
    let is_start = |at: usize| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"_.-~})>*".contains(c))
    };
    let root = |at: usize| line[at + 1..].split_once('/').map_or("", |(root, _)| root);
    let (at, _) = line.match_indices('/').find(|(at, _)| MACHINE.contains(&root(*at)) && is_start(*at))?;
    Some(finding(path, number, "machine", format!("names a path below /{}, of one machine", root(at))))
}

/// A Rust source without the test module at its end.
pub(super) fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::check;

    fn lines(count: usize) -> String {
        "//! A.\n".to_owned() + &"a\n".repeat(count - 1)
    }

    #[test]
    fn accepts_headers_short_files_tests_and_places_of_the_tree() {
        let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(300), lines(600));
        let reason = lines(300) + "// tidy: long because it is one table\n";
        let generated = format!("// @generated\n{}", lines(700));
        for (path, text) in [("z.rs", &tests), ("z.rs", &reason), ("tests/z.rs", &lines(601)), ("z.ts", &generated)] {
            assert_eq!(found(check, &[(path, text)]), [""; 0]);
        }
        let paths = "docs/work/a.md ./tmp/x https://example.org/home/a `$HOME/tmp/a` {root}/work/b";
        assert_eq!(found(check, &[("z.md", paths)]), [""; 0]);
    }

    #[test]
    fn rejects_missing_headers_long_files_switched_off_lints_and_paths_of_one_machine() {
        let (long, too_long) = (lines(301), lines(601) + "// tidy: long because it is one table\n");
        let (lock, machine) = ("{\n  \"resolved\": \"https://a/b\"\n}", "\"/\u{77}ork/main\"");
        for (path, text, message) in [
            ("z.rs", "//!\nfn a() {}", "1: does not open with `//!` and what it is for [header]"),
            ("z.rs", "fn a() {}", "1: does not open with `//!` and what it is for [header]"),
            ("z.js", &long, "1: 301 lines, more than 300: split it, or add a line `// tidy: long because …` [length]"),
            (
                "z.rs",
                &too_long,
                "1: 602 lines, more than 600: split it, or add a line `// tidy: long because …` [length]",
            ),
            ("z.rs", "//! A.\n#![allow(a)]", "2: `allow` outlives its cause: use `expect` with a reason [allow]"),
            (
                "package-lock.json",
                lock,
                "2: names a registry's host: use `npm install --omit-lockfile-registry-resolved` [machine]",
            ),
            ("z.md", machine, "1: names a path below /work, of one machine [machine]"),
        ] {
            assert_eq!(found(check, &[(path, text)]), [format!("{path}:{message}")]);
        }
    }
}
