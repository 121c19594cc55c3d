//! The links within the rendered book. External links are not checked.

use super::html::RenderedBook;
use crate::paths;

/// The links whose file or element does not exist, one line each.
pub(super) fn dead(book: &RenderedBook) -> Vec<String> {
    let targets = book.pages().flat_map(|(path, page)| page.targets.iter().map(move |target| (path, target)));
    let dead = targets.filter(|(path, target)| !paths::is_elsewhere(target) && !exists(book, path, target));
    let mut lines: Vec<_> = dead.map(|(path, target)| format!("{path}: dead link `{target}`")).collect();
    lines.dedup();
    lines
}

fn exists(book: &RenderedBook, page: &str, target: &str) -> bool {
    let (path, id) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { Some(page.to_owned()) } else { paths::resolved(page, path) };
    let Some(file) = file.filter(|file| book.has_file(file)) else { return false };
    id.is_empty() || book.has_anchor(&file, &decoded(id))
}

/// Decodes the percent signs of an id.
fn decoded(id: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = id.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_dead_links_only() {
        let mut book = RenderedBook::default();
        book.add("a/one.html".into(), "<h2 id=\"ä b\"></h2><a href=\"#%C3%A4%20b\"></a><a href=\"../two.html#x\"></a><a href=\"https://example.org/none\"></a>");
        book.add("two.html".into(), "<p id=\"x\"><img src=\"a/c.png\"><a href=\"./\"></a><a href=\"#\"></a>");
        book.add("index.html".into(), "");
        book.add("a/c.png".into(), "");
        assert_eq!(dead(&book), [""; 0]);
        book.add(
            "three.html".into(),
            "<a href=\"none.html\"></a><a href=\"two.html#y\"></a><a href=\"../index.html\"></a><a href=\"#z\"></a>",
        );
        let expected = ["none.html", "two.html#y", "../index.html", "#z"];
        assert_eq!(dead(&book), expected.map(|target| format!("three.html: dead link `{target}`")));
    }
}
