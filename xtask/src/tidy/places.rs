//! No file names a place that exists on one machine only: a folder of its author, or the host of a package registry.

use super::finding::Finding;
use super::tree::Tree;

/// The first parts of paths that mean one machine. They stand here without slashes, so that this file passes its own rule.
const MACHINE: &[&str] = &["work", "tmp", "home", "root", "Users"];

/// The lines that name such a place.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let roots: Vec<_> = MACHINE.iter().map(|root| format!("/{root}/")).collect();
    let lines =
        tree.files().flat_map(|(path, text)| text.lines().zip(1..).map(move |(line, number)| (path, number, line)));
    lines
        .filter_map(|(path, number, line)| {
            let message = if let Some(root) = roots.iter().find(|root| names(line, root)) {
                format!("names a path below {root}, which is a place on one machine")
            } else if path.ends_with("package-lock.json") && line.trim_start().starts_with("\"resolved\"") {
                "names a registry's host: make the file with `npm install --omit-lockfile-registry-resolved`".into()
            } else {
                return None;
            };
            Some(Finding::at(path, number, message))
        })
        .collect()
}

/// Whether the line names an absolute path below this root, and not a part of a longer path or of a URL.
fn names(line: &str, root: &str) -> bool {
    line.match_indices(root).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"_.-~})>*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    #[test]
    fn places_of_the_tree_and_urls_pass() {
        let text = "See docs/work/a.md, ./tmp/x and https://example.org/home/a; `$HOME/tmp/a`, {root}/work/b.\n";
        let lock = "{ \"version\": \"1.0.0\",\n  \"integrity\": \"sha512-x\" }\n";
        let tree =
            Tree::of(&[("a.md", text), ("b/package-lock.json", lock), ("c.json", "\"resolved\": \"https://a/b.tgz\"")]);
        assert_eq!(shown(&check(&tree)), [""; 0]);
    }

    #[test]
    fn places_of_one_machine_fail() {
        let path = |root: &str| format!("see \"/{root}/main\"\n");
        let lock = "{\n  \"resolved\": \"https://registry.example.org/a.tgz\"\n}\n";
        let tree = Tree::of(&[
            ("a.md", &path("work")),
            ("b.rs", &format!("// file://{}tmp/x", "/")),
            ("c/package-lock.json", lock),
        ]);
        assert_eq!(
            shown(&check(&tree)),
            [
                format!("a.md:1: names a path below {}, which is a place on one machine", ["/work", "/"].concat()),
                format!("b.rs:1: names a path below {}, which is a place on one machine", ["/tmp", "/"].concat()),
                "c/package-lock.json:2: names a registry's host: make the file with `npm install --omit-lockfile-registry-resolved`".into(),
            ]
        );
    }
}
