//! Who may import whom within a crate, by the table of ARCHITECTURE.md, and no circles between files. What crates may depend on is in
//! `deny.toml`; effects are in the `clippy.toml` of each crate.

use std::collections::{BTreeMap, BTreeSet};

use super::files::before_tests;
use super::tree::{Finding, Tree};

/// Modules, those below them that are free, the paths that the others must not name, and why. A segment `*` stands for any one.
type Ban = (&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static str);

const TABLE: &[Ban] = &[
    (
        &["conformance"],
        &["conformance/src/cli/reference"],
        &["relayspec_reference"],
        "only conformance/src/cli/reference knows the reference implementations",
    ),
    (
        &["conformance/src/engine"],
        &[],
        &["crate::subject", "crate::report", "crate::baseline", "crate::cli", "crate::fuzz"],
        "the engine reports by events only",
    ),
    (
        &["conformance/src/report", "conformance/src/baseline"],
        &[],
        &["crate::engine", "crate::transport"],
        "reports and baselines read events and outcomes",
    ),
    (
        &["conformance/src/engine", "conformance/src/lint", "conformance/src/proxy", "conformance/src/fuzz"],
        &[],
        &["relayspec::pairing", "relayspec::terminal", "relayspec::tunnel", "relayspec::sync", "relayspec::rpc"],
        "this module works with any protocol",
    ),
    (
        &["reference"],
        &[],
        &["conformance", "relayspec::order", "relayspec::*::order", "relayspec::*::state"],
        "the runner's rules of order must not share code with the reference implementations",
    ),
];

/// Paths that the table forbids.
pub(super) fn forbidden(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension(&["rs"]) {
        let is_in = |modules: &[&str]| {
            modules.iter().any(|module| path.strip_prefix(module).is_some_and(|rest| rest.starts_with(['/', '.'])))
        };
        let (_, module) = module(path);
        for (.., banned, why) in TABLE.iter().filter(|(modules, free, ..)| is_in(modules) && !is_in(free)) {
            for (line, named) in paths(text).into_iter().map(|(line, named)| (line, absolute(&named, &module))) {
                let matches = |banned: &&str| {
                    let mut segments = named.split("::");
                    banned.split("::").all(|own| segments.next().is_some_and(|other| own == "*" || own == other))
                };
                if banned.iter().any(|banned| matches(&banned)) {
                    findings.push(Finding::new(path, line, "import", format!("names `{named}`: {why}")));
                }
            }
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Files that import each other in a circle. That a module uses its parent is no circle; neither are re-exports and tests.
pub(super) fn circles(tree: &Tree) -> Vec<Finding> {
    let sources = tree.with_extension(&["rs"]).filter(|(path, _)| path.contains("src/"));
    let files: BTreeMap<_, _> = sources.map(|(path, text)| (module(path), (path, text))).collect();
    let edges: BTreeMap<_, BTreeSet<_>> = files
        .iter()
        .map(|((root, own), (_, text))| {
            let imported = paths(&without_exports(before_tests(text))).into_iter().filter_map(|(_, named)| {
                let below = format!("{own}::{named}");
                let named = [absolute(&named, own), below];
                let mut prefixes = named.iter().flat_map(|path| {
                    std::iter::successors(Some(path.as_str()), |path| Some(path.rsplit_once("::")?.0))
                });
                prefixes
                    .find(|path| path.starts_with("crate") && files.contains_key(&(*root, (*path).to_owned())))
                    .map(str::to_owned)
            });
            let imported = imported.filter(|other| *other != *own && !own.starts_with(&format!("{other}::")));
            ((*root, own.as_str()), imported.collect())
        })
        .collect();
    let reachable = |from: (&str, &str)| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.1.to_owned()]);
        while let Some(next) = open.pop() {
            for other in
                edges.iter().find(|((root, own), _)| *root == from.0 && *own == next).into_iter().flat_map(|(_, to)| to)
            {
                if seen.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<_, _> = edges.keys().map(|own| (*own, reachable(*own))).collect();
    let mut findings = Vec::new();
    for ((root, own), others) in &reach {
        let circle: Vec<_> = others.iter().filter(|other| reach[&(*root, other.as_str())].contains(*own)).collect();
        if circle.len() > 1 && circle[0] == own {
            let names: Vec<_> = circle.iter().map(|other| other.trim_start_matches("crate::")).collect();
            let message = format!("{} files import each other in a circle: {}", names.len(), names.join(", "));
            findings.push(Finding::new(files[&(*root, (*own).to_owned())].0, 1, "circle", message));
        }
    }
    findings
}

/// The crate's folder and the path of the module that a file holds.
fn module(path: &str) -> (&str, String) {
    let (root, below) = path.split_once("src/").unwrap_or((path, ""));
    let parts = below.trim_end_matches(".rs").split('/').filter(|part| !matches!(*part, "" | "mod" | "lib" | "main"));
    (root, std::iter::once("crate").chain(parts).collect::<Vec<_>>().join("::"))
}

/// A path with `self` and `super` replaced by what they mean in this module.
fn absolute(path: &str, module: &str) -> String {
    let (mut base, mut rest) = (module, path);
    while let Some(("super", more)) = rest.split_once("::") {
        (base, rest) = (base.rsplit_once("::").map_or(base, |(parent, _)| parent), more);
    }
    let rest = rest.strip_prefix("self::").unwrap_or(rest);
    if rest == path { path.to_owned() } else { format!("{base}::{rest}") }
}

fn without_exports(text: &str) -> String {
    let mut is_export = false;
    let lines = text.lines().map(|line| {
        is_export |= line.starts_with("pub") && line.contains(" use ");
        let kept = if is_export { "" } else { line };
        is_export &= !line.contains(';');
        kept
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths with `::` that a source names, with their lines: groups expanded, comments left out. Strings are read as code.
fn paths(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // What stands before each open brace: a path in a group.
    let mut braces: Vec<Option<String>> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        let mut is_alias = false;
        for token in code.split_inclusive(|c: char| !c.is_alphanumeric() && !"_:*".contains(c)) {
            let word = token.trim_end_matches(|c: char| !c.is_alphanumeric() && !"_:*".contains(c));
            let prefix = braces.last().cloned().flatten();
            let is_path = word.contains("::") || (prefix.is_some() && !word.is_empty() && !is_alias && word != "as");
            let path = prefix.unwrap_or_default() + word.trim_start_matches("::");
            match token.chars().next_back() {
                Some('{') => braces.push(path.ends_with("::").then_some(path.clone())),
                Some('}') => _ = braces.pop(),
                _ => {}
            }
            if is_path && !path.ends_with("::") {
                found.push((number, path.trim_end_matches("::self").to_owned()));
            }
            is_alias = word == "as";
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    #[test]
    fn expands_groups_and_skips_comments() {
        let text = "use a::{b, // c::d\n  e::{self, f as g}, h::*};\nfn i() -> j::K<l::M> { n::<o>(\"{p}\") }";
        let named: Vec<_> = paths(text).into_iter().map(|(line, path)| format!("{path} {line}")).collect();
        assert_eq!(named, ["a::b 1", "a::e 2", "a::e::f 2", "a::h::* 2", "j::K 3", "l::M 3"]);
    }

    #[test]
    fn accepts_what_the_table_allows() {
        let files = [
            ("conformance/src/cli/reference/mod.rs", "use relayspec_reference::server;"),
            ("conformance/src/engine/run.rs", "use crate::{event, transport};\nuse super::report_step;"),
            ("conformance/src/report/html.rs", "use crate::event::Event;"),
            ("reference/src/a.rs", "use relayspec::pairing::{Join, Order};\nuse std::cmp::Ordering;"),
        ];
        assert_eq!(found(forbidden, &files), [""; 0]);
    }

    #[test]
    fn rejects_what_the_table_forbids() {
        let files = [
            ("conformance/src/cli/run.rs", "use relayspec_reference::server;"),
            ("conformance/src/engine/run.rs", "use super::super::report;\nfn f(s: crate::subject::Subject) {}"),
            ("conformance/src/lint.rs", "use relayspec::{order::Order, rpc::Frame};"),
            ("reference/src/a.rs", "use relayspec::pairing::order;"),
        ];
        let named: Vec<_> = found(forbidden, &files);
        let named: Vec<_> = named.iter().filter_map(|one| one.split_once("`: ")).map(|(named, _)| named).collect();
        assert_eq!(
            named,
            [
                "conformance/src/cli/run.rs:1: names `relayspec_reference::server",
                "conformance/src/engine/run.rs:1: names `crate::report",
                "conformance/src/engine/run.rs:2: names `crate::subject::Subject",
                "conformance/src/lint.rs:1: names `relayspec::rpc::Frame",
                "reference/src/a.rs:1: names `relayspec::pairing::order",
            ]
        );
    }

    #[test]
    fn rejects_circles_between_files() {
        let (a, b) =
            (("a/src/x/b.rs", "use super::c::C;\nuse super::Parent;"), ("a/src/x/mod.rs", "mod b;\nuse b::B;"));
        assert_eq!(
            found(circles, &[a, b, ("a/src/x/c.rs", "#[cfg(test)]\nmod tests {\nuse crate::x::b;\n}")]),
            [""; 0]
        );
        let circle = "a/src/x/b.rs:1: 2 files import each other in a circle: x::b, x::c [circle]";
        assert_eq!(found(circles, &[a, b, ("a/src/x/c.rs", "fn c() { crate::x::b::f() }")]), [circle]);
    }
}
