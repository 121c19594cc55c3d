//! Relative links in Markdown lead to files that exist. What a link says behind `#`, and whole URLs, are not checked.

use super::finding::Finding;
use super::tree::Tree;
use crate::paths;

/// The links that lead nowhere.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree
        .files_ending(".md")
        .filter(|(path, _)| !path.split('/').any(|part| matches!(part, "node_modules" | "target")));
    let links = pages.flat_map(|(path, text)| {
        prose(text).flat_map(move |(line, text)| targets(&text).into_iter().map(move |target| (path, line, target)))
    });
    let dead = links.filter(|(path, _, target)| {
        file(path, target).is_some_and(|file| file.is_none_or(|file| !tree.contains(&file)))
    });
    dead.map(|(path, line, target)| {
        Finding::at(path, line, format!("the link `{target}` leads to no file of the tree"))
    })
    .collect()
}

/// The lines of a page, counted from 1, without code.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fence: Option<&str> = None;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let opening = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, opening) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((number, without_code(line))),
            _ => {}
        }
        None
    })
}

/// The line without its code spans. A backtick that closes nothing is a backtick.
fn without_code(line: &str) -> String {
    let parts: Vec<_> = line.split('`').collect();
    let unclosed = parts.len() % 2 == 0;
    let kept = parts.iter().enumerate().filter(|(at, _)| at % 2 == 0 || (unclosed && at + 1 == parts.len()));
    kept.map(|(_, part)| *part).collect()
}

/// The targets of the links in a line: inline, by reference, and in HTML.
fn targets(line: &str) -> Vec<String> {
    let mut found: Vec<&str> = line.split("](").skip(1).map(inline).collect();
    let trimmed = line.trim_start();
    if trimmed.starts_with('[')
        && !trimmed.starts_with("[^")
        && let Some((_, target)) = trimmed.split_once("]: ")
    {
        found.push(target.split_whitespace().next().unwrap_or_default());
    }
    for attribute in ["href=\"", "src=\""] {
        found.extend(line.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    found.into_iter().map(|target| target.trim_matches(['<', '>']).replace("%20", " ")).collect()
}

/// The target at the beginning of what follows `](`: up to its own closing bracket, without a title.
fn inline(rest: &str) -> &str {
    if let Some(end) = rest.strip_prefix('<').and_then(|rest| rest.find('>')) {
        return &rest[..end + 2];
    }
    let mut depth = 0;
    let end = rest.find(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth < 0 || c.is_whitespace()
    });
    &rest[..end.unwrap_or(rest.len())]
}

/// The file that a link on this page means: `None` where it means no file at all, `Some(None)` where it leads out of the tree.
fn file(page: &str, target: &str) -> Option<Option<String>> {
    let names_none = target.starts_with(['#', '?']) || target.is_empty() || paths::is_elsewhere(target);
    (!names_none).then(|| paths::resolved(page, target))
}

#[cfg(test)]
mod tests {
    use super::super::finding::shown;
    use super::*;

    #[test]
    fn links_to_files_and_folders_of_the_tree_pass() {
        let page = "[a](../README.md#top) [b](text/wire.md \"title\") ![c](<text/wire.md>) [d](/spec/text/) [e](#here)\n\
                    [f](https://example.org/none) [g](mailto:a@example.org) `[h](none.md)` <a href=\"text\">\n\
                    ```\n[i](none.md)\n```\n[j]: text/wire.md\n";
        let tree = Tree::of(&[("README.md", ""), ("spec/a.md", page), ("spec/text/wire.md", "")]);
        assert_eq!(shown(&check(&tree)), [""; 0]);
    }

    #[test]
    fn links_that_lead_nowhere_fail() {
        let page = "[a](none.md) and [b](wire(2).md)\n\n[c]: ../none\n<img src=\"none.png\">\n[d](../../README.md)\n";
        let tree = Tree::of(&[("README.md", ""), ("spec/a.md", page), ("target/a.md", "[a](none.md)")]);
        let dead =
            |line: usize, target: &str| format!("spec/a.md:{line}: the link `{target}` leads to no file of the tree");
        assert_eq!(
            shown(&check(&tree)),
            [
                dead(1, "none.md"),
                dead(1, "wire(2).md"),
                dead(3, "../none"),
                dead(4, "none.png"),
                dead(5, "../../README.md")
            ]
        );
    }
}
