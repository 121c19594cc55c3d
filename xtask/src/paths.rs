//! Links between the pages of the tree, as paths. The file system is not accessed.

/// The path below the root to which a link on a page leads, without fragment and query; `None` if it leads out of the tree. A link that
/// begins with `/` starts at the root.
pub(crate) fn resolved(page: &str, target: &str) -> Option<String> {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let mut parts: Vec<&str> = match path.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => page.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a link has a scheme or a host, and so leads to no file of the tree.
pub(crate) fn is_elsewhere(target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)))
        || path.starts_with("//")
}

/// A relative link from one page to another.
pub(crate) fn relative(page: &str, to: &str) -> String {
    let depth = page.matches('/').count();
    "../".repeat(depth) + to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_links_within_the_tree() {
        for (target, path) in [
            ("b.md", Some("docs/b.md")),
            ("../spec/text/wire.md#x", Some("spec/text/wire.md")),
            ("./", Some("docs")),
            ("/README.md", Some("README.md")),
            ("../../README.md", None),
        ] {
            assert_eq!(resolved("docs/a.md", target).as_deref(), path, "{target}");
        }
        assert_eq!(relative("spec/text/wire.md", "docs/a.md"), "../../docs/a.md");
        assert_eq!(relative("README.md", "docs/a.md"), "docs/a.md");
    }

    #[test]
    fn recognizes_schemes_and_hosts() {
        assert!(["https://example.org/a", "mailto:a@example.org", "//example.org"].iter().all(|it| is_elsewhere(it)));
        assert!(["a.md", "../a.md#b:c", "#a"].iter().all(|it| !is_elsewhere(it)));
    }
}
