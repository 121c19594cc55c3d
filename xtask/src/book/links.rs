//! The links of the rendered book: each leads to a file of it, and to an element where it names one. Whole URLs are not tried.

use super::html::Book;
use crate::paths;

/// The links that lead nowhere, a line each.
pub(super) fn dead(book: &Book) -> Vec<String> {
    let mut dead: Vec<_> = book
        .pages()
        .flat_map(|(path, page)| page.targets.iter().map(move |target| (path, target)))
        .filter(|(path, target)| !paths::is_elsewhere(target) && !leads(book, path, target))
        .map(|(path, target)| format!("{path}: the link `{target}` leads nowhere"))
        .collect();
    dead.dedup();
    dead
}

fn leads(book: &Book, page: &str, target: &str) -> bool {
    let (path, id) = target.split_once('#').map_or((target, None), |(path, id)| (path, Some(id)));
    let file = if path.is_empty() { Some(page.to_owned()) } else { paths::resolved(page, path) };
    let Some(file) = file.filter(|file| book.has_file(file)) else { return false };
    id.is_none_or(|id| id.is_empty() || book.has_anchor(&file, &decoded(id)))
}

/// An id without percent signs.
fn decoded(id: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = id.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_told_and_live_ones_are_not() {
        let mut book = Book::default();
        book.add("a/one.html".into(), "<h2 id=\"ä b\"></h2><a href=\"#%C3%A4%20b\"></a><a href=\"../two.html#x\"></a><a href=\"https://example.org/none\"></a>");
        book.add("two.html".into(), "<p id=\"x\"><img src=\"a/c.png\"><a href=\"./\"></a><a href=\"#\"></a>");
        book.add("index.html".into(), "");
        book.add("a/c.png".into(), "");
        assert_eq!(dead(&book), [""; 0]);
        book.add(
            "three.html".into(),
            "<a href=\"none.html\"></a><a href=\"two.html#y\"></a><a href=\"../index.html\"></a><a href=\"#z\"></a>",
        );
        let told = |target: &str| format!("three.html: the link `{target}` leads nowhere");
        assert_eq!(dead(&book), [told("none.html"), told("two.html#y"), told("../index.html"), told("#z")]);
    }
}
