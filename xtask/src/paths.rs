//! Paths of the tree, as links between its pages say them. No file is looked at here.

/// The path below the root that a relative link on a page means, without what stands behind `#` or `?`; `None` where it leads out of the
/// tree. A link with `/` in front starts at the root.
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

/// Whether a link names another place than a file of the tree: by a scheme or a host.
pub(crate) fn is_elsewhere(target: &str) -> bool {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)))
        || path.starts_with("//")
}

/// The way from a page to another, as a relative link.
pub(crate) fn relative(page: &str, to: &str) -> String {
    let depth = page.matches('/').count();
    "../".repeat(depth) + to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_resolve_within_the_tree() {
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
    fn schemes_and_hosts_are_elsewhere() {
        assert!(["https://example.org/a", "mailto:a@example.org", "//example.org"].iter().all(|it| is_elsewhere(it)));
        assert!(["a.md", "../a.md#b:c", "#a"].iter().all(|it| !is_elsewhere(it)));
    }
}
