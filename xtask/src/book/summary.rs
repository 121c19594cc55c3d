//! The list of pages: what stands in `docs/SUMMARY.md`, with its paths from the root, and what is generated behind the chapters that it
//! belongs to.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::{Pages, chapter, messages, scenarios};
use crate::paths;

/// The list of pages, as text and as paths below the root.
pub(super) struct Summary {
    /// What mdBook reads.
    pub(super) text: String,
    /// The pages in reading order.
    pub(super) pages: Vec<String>,
}

/// Reads the list.
///
/// # Errors
/// Where it leads out of the tree, or a generated page belongs to no chapter of it.
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
        let behind = chapter::at(&path).into_iter().flat_map(|chapter| {
            [("Messages", messages::path(chapter.name)), ("Scenarios", scenarios::path(chapter.name))]
        });
        summary.pages.push(path.clone());
        for (title, page) in behind.filter(|(_, page)| generated.contains_key(page)) {
            let _ = writeln!(summary.text, "{indent}  - [{title}]({page})");
            summary.pages.push(page);
        }
    }
    let lost = generated.keys().find(|page| !summary.pages.contains(*page));
    ensure!(lost.is_none(), "docs/SUMMARY.md: the chapter of {} is missing", lost.map_or("", String::as_str));
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_from_the_root_and_chapters_have_their_pages_behind_them() {
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
    fn a_generated_page_needs_its_chapter() {
        let generated = Pages::from([(messages::path("pairing"), String::new())]);
        assert!(read("- [Guide](guide.md)\n", &generated).is_err());
        assert!(read("- [Guide](../../guide.md)\n", &Pages::new()).is_err());
    }
}
