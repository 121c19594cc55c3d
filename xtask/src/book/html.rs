//! The rendered book as far as links go: the ids of each page, and where it links to. No HTML library: mdBook writes tags in one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The rendered book.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: BTreeMap<String, Page>,
    files: BTreeSet<String>,
}

/// One rendered page.
#[derive(Debug, Default)]
pub(super) struct Page {
    ids: BTreeSet<String>,
    /// What links and sources name, in order.
    pub(super) targets: Vec<String>,
}

impl Book {
    /// Reads a folder.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut book = Self::default();
        book.collect(folder, "")?;
        Ok(book)
    }

    fn collect(&mut self, folder: &Path, below: &str) -> Result<()> {
        let context = || format!("cannot read {}", folder.display());
        for entry in fs::read_dir(folder).with_context(context)? {
            let entry = entry.with_context(context)?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.collect(&entry.path(), &format!("{path}/"))?;
                continue;
            }
            let text = if path.ends_with(".html") {
                fs::read_to_string(entry.path()).with_context(context)?
            } else {
                String::new()
            };
            self.add(path, &text);
        }
        Ok(())
    }

    /// Adds a file; one that is no page has no text.
    pub(super) fn add(&mut self, path: String, text: &str) {
        if path.ends_with(".html") {
            self.pages.insert(path.clone(), Page::parse(text));
        }
        self.files.insert(path);
    }

    /// The pages, by path.
    pub(super) fn pages(&self) -> impl Iterator<Item = (&str, &Page)> {
        self.pages.iter().map(|(path, page)| (path.as_str(), page))
    }

    /// Whether there is a file, or a folder with a page of its own.
    pub(super) fn has_file(&self, path: &str) -> bool {
        let index = if path.is_empty() { "index.html".to_owned() } else { format!("{path}/index.html") };
        self.files.contains(path) || self.files.contains(&index)
    }

    /// Whether a page has an element of this id.
    pub(super) fn has_anchor(&self, path: &str, id: &str) -> bool {
        self.pages.get(path).is_some_and(|page| page.ids.contains(id))
    }
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            rest = &rest[start + 1..];
            let Some(end) = rest.find('>') else { break };
            let tag = &rest[..end];
            // What stands in a script is no tag.
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
    fn ids_and_targets_are_read_from_tags_alone() {
        let page = Page::parse(
            "<h1 class=\"a\" id=\"top\">A &lt;b id=\"x\"></h1><a href=\"b.html?c&amp;d\">b</a>\
             <script src=\"a.js\">'<a href=\"none.html\">'</script><img src=\"c.png\" id=\"end\">",
        );
        assert_eq!(page.ids.iter().collect::<Vec<_>>(), ["end", "top"]);
        assert_eq!(page.targets, ["b.html?c&d", "a.js", "c.png"]);
    }
}
