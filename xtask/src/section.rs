//! Generated sections of a page, between `<!-- begin NAME -->` and `<!-- end NAME -->`.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

/// Replaces a section of a page, whose path is relative to the root of the workspace.
pub(crate) fn write(page: &str, name: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(page);
    let old = fs::read_to_string(&path).with_context(|| format!("cannot read {page}"))?;
    let new = replaced(&old, name, text).with_context(|| format!("{page} has no section {name}"))?;
    fs::write(&path, new).with_context(|| format!("cannot write {page}"))
}

/// The page with a new text in the section.
fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->\n"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{text}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_section() {
        let page = |text: &str| format!("# Page\n\n<!-- begin table -->\n{text}<!-- end table -->\n\nmore\n");
        assert_eq!(replaced(&page("old\n"), "table", "new\n"), Some(page("new\n")));
        assert_eq!(replaced(&page("old\n"), "other", "new\n"), None);
        assert_eq!(replaced("# Page\n", "table", "new\n"), None);
    }
}
