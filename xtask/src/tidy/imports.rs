//! Who may import whom within a crate, by `xtask/imports.toml`, and no circles between files. What crates may depend on is in
//! `deny.toml`, where effects may happen in the `clippy.toml` of each crate.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::files::before_tests;
use super::tree::{SourceTree, TidyFinding, finding};

const TABLE: &str = "xtask/imports.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportBan {
    modules: Vec<String>,
    #[serde(default)]
    free: Vec<String>,
    never: Vec<String>,
    why: String,
}

/// Paths that the table forbids.
pub(super) fn forbidden(tree: &SourceTree) -> Vec<TidyFinding> {
    let Some(table) = tree.files.get(TABLE) else { return Vec::new() };
    let bans: Vec<ImportBan> = match toml::from_str::<BTreeMap<String, Vec<ImportBan>>>(table) {
        Ok(tables) => tables.into_values().flatten().collect(),
        Err(error) => return vec![finding(TABLE, 1, "import", error.to_string())],
    };
    let mut findings = BTreeSet::new();
    for (path, text) in tree.with_extension(&["rs"]) {
        let module = module(path);
        let is_in = |modules: &[String]| modules.iter().any(|own| starts(&module, own));
        let bans: Vec<_> = bans.iter().filter(|ban| is_in(&ban.modules) && !is_in(&ban.free)).collect();
        let paths = if bans.is_empty() { Vec::new() } else { paths(text) };
        for (line, named) in paths.into_iter().map(|(line, named)| (line, absolute(&named, &module))) {
            for ban in bans.iter().filter(|ban| ban.never.iter().any(|never| starts(&named, never))) {
                findings.insert(finding(path, line, "import", format!("names `{named}`: {}", ban.why)));
            }
        }
    }
    findings.into_iter().collect()
}

fn starts(path: &str, with: &str) -> bool {
    let mut segments = path.split("::");
    with.split("::").all(|own| segments.next().is_some_and(|other| own == "*" || own == other))
}

/// Files that import each other in a circle. That a module uses its parent is no circle; re-exports and tests do not count.
pub(super) fn circles(tree: &SourceTree) -> Vec<TidyFinding> {
    let files: BTreeMap<_, _> = tree.with_extension(&["rs"]).map(|(path, text)| (module(path), (path, text))).collect();
    let imports = |(own, (_, text)): (&String, &(&str, &str))| {
        let imported = paths(&without_exports(before_tests(text))).into_iter().filter_map(|(_, named)| {
            let named = [absolute(&named, own), format!("{own}::{named}")];
            let prefix = |path: &String| Some(path.rsplit_once("::")?.0.to_owned());
            let mut prefixes = named.into_iter().flat_map(|path| std::iter::successors(Some(path), prefix));
            prefixes.find(|path| files.contains_key(path)).filter(|other| !starts(own, other))
        });
        (own.clone(), imported.collect::<BTreeSet<_>>())
    };
    let mut reachable: BTreeMap<_, _> = files.iter().map(imports).collect();
    for middle in files.keys() {
        let further = reachable[middle].clone();
        for others in reachable.values_mut().filter(|others| others.contains(middle)) {
            others.extend(further.iter().cloned());
        }
    }
    let mut findings = Vec::new();
    for (own, others) in &reachable {
        let circle: Vec<_> = others.iter().filter(|other| reachable[*other].contains(own)).cloned().collect();
        if circle.first() == Some(own) {
            let message = format!("{} files import each other in a circle: {}", circle.len(), circle.join(", "));
            findings.push(finding(files[own].0, 1, "circle", message));
        }
    }
    findings
}

/// The module that a file holds, as `conformance::engine::run`.
fn module(path: &str) -> String {
    let parts = path.trim_end_matches(".rs").split('/').filter(|part| !matches!(*part, "src" | "mod" | "lib" | "main"));
    parts.collect::<Vec<_>>().join("::")
}

/// A path with `crate`, `self` and `super` replaced by what they mean in this module.
fn absolute(path: &str, module: &str) -> String {
    let parent = module.rsplit_once("::").map_or(module, |(parent, _)| parent);
    match path.split_once("::") {
        Some(("crate", rest)) => format!("{}::{rest}", module.split("::").next().unwrap_or_default()),
        Some(("self", rest)) => format!("{module}::{rest}"),
        Some(("super", rest)) if rest.starts_with("super::") => absolute(rest, parent),
        Some(("super", rest)) => format!("{parent}::{rest}"),
        _ => path.to_owned(),
    }
}

fn without_exports(text: &str) -> String {
    let mut is_export = false;
    let is_kept = |line: &&str| {
        let was_export = is_export || (line.starts_with("pub") && line.contains(" use "));
        is_export = was_export && !line.contains(';');
        !was_export
    };
    text.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
}

/// The paths with `::` that a source names, with their lines: groups expanded, comments left out. Strings are read as code.
fn paths(text: &str) -> Vec<(usize, String)> {
    let is_sign = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':' | '*');
    let mut found = Vec::new();
    // What stands before each open brace: a path in a group.
    let mut braces = vec![String::new()];
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        let mut is_alias = false;
        for token in code.split_inclusive(is_sign) {
            let word = token.trim_end_matches(is_sign);
            let group = braces.last().map_or("", String::as_str);
            let is_path = word.contains("::") || !(group.is_empty() || word.is_empty() || is_alias || word == "as");
            let path = if is_path { format!("{group}{}", word.trim_start_matches("::")) } else { String::new() };
            if token.ends_with('{') {
                braces.push(if path.ends_with("::") { path } else { String::new() });
            } else if is_path && !path.ends_with("::") {
                found.push((number, path.trim_end_matches("::self").to_owned()));
            }
            if token.ends_with('}') {
                braces.pop();
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
    fn checks_the_table() {
        let files = [
            (TABLE, include_str!("../../imports.toml")),
            ("conformance/src/cli/reference/mod.rs", "use relayspec_reference::server;"),
            ("conformance/src/cli/run.rs", "use relayspec_reference::server;"),
            ("conformance/src/engine/fit.rs", "use crate::{event, transport};\nuse super::report_step;"),
            ("conformance/src/engine/run.rs", "use super::super::report;\nfn f(s: crate::subject::Subject) {}"),
            ("conformance/src/lint.rs", "use relayspec::{order::Order, rpc::Frame};"),
            ("conformance/src/report/html.rs", "use crate::event::Event;"),
            ("reference/src/a.rs", "use relayspec::pairing::order;\nuse relayspec::pairing::{Join, Order};"),
        ];
        let findings = found(forbidden, &files).join("\n");
        let rejected = [
            "cli/run.rs:1: names `relayspec_reference::server`",
            "engine/run.rs:1: names `conformance::report`",
            "engine/run.rs:2: names `conformance::subject::Subject`",
            "conformance/src/lint.rs:1: names `relayspec::rpc::Frame`",
            "reference/src/a.rs:1: names `relayspec::pairing::order`",
        ];
        assert!(rejected.iter().all(|one| findings.contains(one)), "{findings}");
        assert_eq!(findings.lines().count(), rejected.len(), "{findings}");
    }

    #[test]
    fn rejects_circles_between_files() {
        let (a, b) =
            (("a/src/x/b.rs", "use super::c::C;\nuse super::Parent;"), ("a/src/x/mod.rs", "mod b;\nuse b::B;"));
        let test = ("a/src/x/c.rs", "#[cfg(test)]\nmod tests {\nuse crate::x::b;\n}");
        assert_eq!(found(circles, &[a, b, test]), [""; 0]);
        let circle = "a/src/x/b.rs:1: 2 files import each other in a circle: a::x::b, a::x::c [circle]";
        assert_eq!(found(circles, &[a, b, ("a/src/x/c.rs", "fn c() { crate::x::b::f() }")]), [circle]);
    }
}
