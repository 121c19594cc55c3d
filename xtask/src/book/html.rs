//! The rendered book, as far as links are concerned: the ids and links of each page. A simple scan suffices, since mdBook writes tags in
//! only one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files;

/// The rendered book.
#[derive(Debug, Default)]
pub(super) struct RenderedBook {
    pages: BTreeMap<String, RenderedPage>,
    files: BTreeSet<String>,
}

/// One rendered page.
#[derive(Debug, Default)]
pub(super) struct RenderedPage {
    ids: BTreeSet<String>,
    /// The values of `href` and `src`, in order.
    pub(super) targets: Vec<String>,
}

impl RenderedBook {
    /// Reads a folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut book = Self::default();
        for path in files::below(folder, &|_| true)? {
            let is_page = path.ends_with(".html");
            let read = || fs::read_to_string(folder.join(&path)).with_context(|| format!("cannot read {path}"));
            let text = if is_page { read()? } else { String::new() };
            book.add(path, &text);
        }
        Ok(book)
    }

    /// Adds a file; the text matters only if it is a page.
    pub(super) fn add(&mut self, path: String, text: &str) {
        if path.ends_with(".html") {
            self.pages.insert(path.clone(), RenderedPage::parse(text));
        }
        self.files.insert(path);
    }

    /// The pages, by path.
    pub(super) fn pages(&self) -> impl Iterator<Item = (&str, &RenderedPage)> {
        self.pages.iter().map(|(path, page)| (path.as_str(), page))
    }

    /// Whether there is such a file, or such a folder with an index page.
    pub(super) fn has_file(&self, path: &str) -> bool {
        let index = if path.is_empty() { "index.html".to_owned() } else { format!("{path}/index.html") };
        self.files.contains(path) || self.files.contains(&index)
    }

    /// Whether a page has an element with this id.
    pub(super) fn has_anchor(&self, path: &str, id: &str) -> bool {
        self.pages.get(path).is_some_and(|page| page.ids.contains(id))
    }
}

impl RenderedPage {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            rest = &rest[start + 1..];
            let Some(end) = rest.find('>') else { break };
            let tag = &rest[..end];
            // The content of a script or style has no tags.
            let close =
                ["script", "style"].iter().find(|name| tag.starts_with(**name)).map(|name| format!("</{name}>"));
            page.ids.extend(attribute(tag, "id"));
            page.targets.extend(attribute(tag, "href").into_iter().chain(attribute(tag, "src")));
            rest = &rest[end..];
            if let Some(at) = close.and_then(|close| rest.find(&close)) {
                rest = &rest[at..];
            }
        }
        page
    }
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
    Some(value.replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ids_and_targets_from_tags_only() {
        let page = RenderedPage::parse(
            "<h1 class=\"a\" id=\"top\">A &lt;b id=\"x\"></h1><a href=\"b.html?c&amp;d\">b</a>\
             <script src=\"a.js\">'<a href=\"none.html\">'</script><img src=\"c.png\" id=\"end\">",
        );
        assert_eq!(page.ids.iter().collect::<Vec<_>>(), ["end", "top"]);
        assert_eq!(page.targets, ["b.html?c&d", "a.js", "c.png"]);
    }
}
