//! `book`: the chapters, generated pages and the guides as one mdBook in `target/book`. A dead link is an error.
//!
//! The sources of the book have the layout of the tree, so that links between pages work in both.

mod chapter;
mod coverage;
mod html;
mod links;
mod markdown;
mod messages;
mod pages;
mod quoted;
mod scenarios;
mod summary;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use relayspec::requirement;

use crate::{cargo, files, workspace};
use coverage::CoverageIndex;
use pages::{Pages, text};
use scenarios::Scenarios;

/// The manifest of the program that renders the book.
const RENDERER: &str = "xtask/mdbook/Cargo.toml";

/// The folder with the book's configuration and the list of its pages.
const DOCS: &str = "docs";

/// Builds the book.
///
/// # Errors
/// If a page cannot be read, the book cannot be rendered, a link is dead, or a requirement has no anchor.
pub(crate) fn run() -> Result<()> {
    let target = cargo::target()?;
    let (sources, html) = (target.join("book-src"), target.join("book"));
    write(&sources)?;
    render(&sources, &html, &target.join("mdbook"))?;
    let book = html::RenderedBook::read(&html)?;
    let flaws: Vec<_> = links::dead(&book).into_iter().chain(without_anchor(&book)).collect();
    for flaw in &flaws {
        println!("{flaw}");
    }
    ensure!(flaws.is_empty(), "the book has {} dead links or missing anchors", flaws.len());
    println!("{} pages: {}", book.pages().count(), html.join("index.html").display());
    Ok(())
}

/// Writes the sources from scratch.
fn write(folder: &Path) -> Result<()> {
    let (scenarios, coverage) = (Scenarios::read()?, CoverageIndex::read()?);
    let mut generated = scenarios::pages(&scenarios)?;
    generated.extend(messages::pages()?);
    let summary = summary::read(&text(&format!("{DOCS}/SUMMARY.md"))?, &generated)?;
    for name in files::below(&workspace::root().join(DOCS), &|path| path.ends_with(".md") && path != "SUMMARY.md")? {
        let path = format!("{DOCS}/{name}");
        ensure!(summary.pages.contains(&path), "{path} is not part of the book: add it to {DOCS}/SUMMARY.md");
    }
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

    remove(folder)?;
    for name in ["book.toml", "book.css"] {
        files::write(&folder.join(name), &text(&format!("{DOCS}/{name}"))?)?;
    }
    pages.iter().try_for_each(|(path, page)| files::write(&folder.join("src").join(path), page))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn render(sources: &Path, html: &Path, target: &Path) -> Result<()> {
    remove(html)?;
    let mut command = cargo::cargo(["run", "--quiet", "--locked", "--manifest-path", RENDERER, "--target-dir"]);
    cargo::run(command.arg(target).arg("--").arg(sources))
}

/// The requirements without an anchor.
fn without_anchor(book: &html::RenderedBook) -> Vec<String> {
    let missing = requirement::all().iter().filter(|requirement| {
        let page = format!("spec/text/{}.html", requirement.chapter);
        !book.has_anchor(&page, requirement.id)
    });
    missing.map(|requirement| format!("{}: its chapter has no anchor for it", requirement.id)).collect()
}
