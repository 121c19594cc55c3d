//! `book`: the chapters, what is generated beside them, and the guides, as one mdBook in `target/book`; a dead link fails.
//!
//! The sources of the book have the layout of the tree, so that a link between pages means the same in both.

mod chapter;
mod coverage;
mod html;
mod links;
mod markdown;
mod messages;
mod quoted;
mod scenarios;
mod summary;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use relayspec::requirement;

use crate::{cargo, workspace};
use coverage::Coverage;
use scenarios::Scenarios;

/// The manifest of the program that renders.
const RENDERER: &str = "xtask/mdbook/Cargo.toml";

/// The folder with the book's configuration and the list of its pages.
const DOCS: &str = "docs";

/// The pages of the book: Markdown by path below the root.
type Pages = BTreeMap<String, String>;

/// Builds the book.
///
/// # Errors
/// Where a page cannot be read, the book cannot be rendered, a link leads nowhere, or a requirement has no anchor.
pub(crate) fn run() -> Result<()> {
    let target = workspace::target()?;
    let (sources, html) = (target.join("book-src"), target.join("book"));
    write(&sources)?;
    render(&sources, &html, &target.join("mdbook"))?;
    let book = html::Book::read(&html)?;
    let flaws: Vec<_> = links::dead(&book).into_iter().chain(unanchored(&book)).collect();
    for flaw in &flaws {
        println!("{flaw}");
    }
    ensure!(flaws.is_empty(), "the book has {} dead links or missing anchors", flaws.len());
    println!("{} pages: {}", book.pages().count(), html.join("index.html").display());
    Ok(())
}

/// Writes the sources anew.
fn write(folder: &Path) -> Result<()> {
    let (scenarios, coverage) = (Scenarios::read()?, Coverage::read()?);
    let mut generated = scenarios::pages(&scenarios)?;
    generated.extend(messages::pages()?);
    let summary = summary::read(&text(&format!("{DOCS}/SUMMARY.md"))?, &generated)?;
    unlisted(&summary)?;
    let mut pages = Pages::new();
    for path in &summary.pages {
        let page = match (chapter::at(path), generated.remove(path)) {
            (Some(chapter), _) => chapter::page(chapter, &scenarios, &coverage),
            (None, Some(page)) => page,
            (None, None) => text(path)?,
        };
        pages.insert(path.clone(), page);
    }
    let is_page = |path: &str| summary.pages.iter().any(|page| page == path);
    for (path, page) in &mut pages {
        quoted::check(path, page, &text)?;
        *page = markdown::linked(page, path, &is_page, &|path| workspace::root().join(path).exists());
    }
    pages.insert("SUMMARY.md".to_owned(), summary.text);

    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    put(&folder.join("book.toml"), &text(&format!("{DOCS}/book.toml"))?)?;
    put(&folder.join("book.css"), &text(&format!("{DOCS}/book.css"))?)?;
    pages.iter().try_for_each(|(path, page)| put(&folder.join("src").join(path), page))
}

/// Fails where a page of `docs/` is in no place of the book.
fn unlisted(summary: &summary::Summary) -> Result<()> {
    let context = || format!("cannot read {DOCS}/");
    for entry in fs::read_dir(workspace::root().join(DOCS)).with_context(context)? {
        let name = entry.with_context(context)?.file_name().to_string_lossy().into_owned();
        let path = format!("{DOCS}/{name}");
        if name.ends_with(".md") && name != "SUMMARY.md" && !summary.pages.contains(&path) {
            bail!("{path} stands nowhere in the book: add it to {DOCS}/SUMMARY.md");
        }
    }
    Ok(())
}

/// A file of the tree.
fn text(path: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
}

fn put(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn render(sources: &Path, html: &Path, target: &Path) -> Result<()> {
    if html.exists() {
        fs::remove_dir_all(html).with_context(|| format!("cannot remove {}", html.display()))?;
    }
    let mut command = cargo::cargo(["run", "--quiet", "--locked", "--manifest-path", RENDERER, "--target-dir"]);
    cargo::run(command.arg(target).arg("--").arg(sources))
}

/// The requirements that nobody can link to.
fn unanchored(book: &html::Book) -> Vec<String> {
    let missing = requirement::all().iter().filter(|requirement| {
        let page = format!("spec/text/{}.html", requirement.chapter);
        !book.has_anchor(&page, requirement.id)
    });
    missing.map(|requirement| format!("{}: its chapter has no anchor for it", requirement.id)).collect()
}
