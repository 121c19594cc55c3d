//! The list of pages: that of `docs/SUMMARY.md`, with paths from the root, and the generated pages after their chapters.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::pages::Pages;
use super::{chapter, messages, scenarios};
use crate::paths;

/// The list of pages.
pub(super) struct Summary {
    /// The text for mdBook.
    pub(super) text: String,
    /// The paths below the root, in reading order.
    pub(super) pages: Vec<String>,
}

/// Reads the list.
///
/// # Errors
/// If it leads out of the tree, or lacks the chapter of a generated page.
pub(super) fn read(text: &str, generated: &Pages) -> Result<Summary> {
    let mut summary = Summary { text: String::new(), pages: Vec::new() };
    for line in text.lines() {
        let Some((before, target)) =
            line.split_once("](").and_then(|(before, rest)| Some((before, rest.strip_suffix(')')?)))
        else {
            let _ = writeln!(summary.text, "{line}");
            continue;
        };
        let path = paths::resolved("docs/SUMMARY.md", target);
        ensure!(path.is_some(), "docs/SUMMARY.md: `{target}` leads out of the tree");
        let path = path.unwrap_or_default();
        let _ = writeln!(summary.text, "{before}]({path})");
        let indent = before.split("- [").next().unwrap_or_default();
        let generated_pages = chapter::at(&path).into_iter().flat_map(|chapter| {
            [("Messages", messages::path(chapter.name)), ("Scenarios", scenarios::path(chapter.name))]
        });
        summary.pages.push(path.clone());
        for (title, page) in generated_pages.filter(|(_, page)| generated.contains_key(page)) {
            let _ = writeln!(summary.text, "{indent}  - [{title}]({page})");
            summary.pages.push(page);
        }
    }
    let missing = generated.keys().find(|page| !summary.pages.contains(*page));
    ensure!(missing.is_none(), "docs/SUMMARY.md: the chapter of {} is missing", missing.map_or("", String::as_str));
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_paths_from_the_root_and_adds_generated_pages() {
        let generated = Pages::from([(messages::path("pairing"), String::new())]);
        let text = "# Summary\n\n[Start](../README.md)\n\n- [Guide](guide.md)\n- [Pairing](../spec/text/pairing.md)\n";
        let summary = read(text, &generated).expect("a list");
        assert_eq!(
            summary.text,
            "# Summary\n\n[Start](README.md)\n\n- [Guide](docs/guide.md)\n- [Pairing](spec/text/pairing.md)\n  - [Messages](spec/messages/pairing.md)\n"
        );
        assert_eq!(summary.pages, ["README.md", "docs/guide.md", "spec/text/pairing.md", "spec/messages/pairing.md"]);
    }

    #[test]
    fn rejects_a_generated_page_without_its_chapter() {
        let generated = Pages::from([(messages::path("pairing"), String::new())]);
        assert!(read("- [Guide](guide.md)\n", &generated).is_err());
        assert!(read("- [Guide](../../guide.md)\n", &Pages::new()).is_err());
    }
}
