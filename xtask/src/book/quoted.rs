//! Code on a page that is a file of the tree, which is tested: behind a comment `the file PATH` it has to be that file, word for word.

use anyhow::{Context, Result, bail, ensure};

/// How the comment begins.
const OPENING: &str = "<!-- the file ";

/// Fails where code differs from its file. `file` reads one.
///
/// # Errors
/// Where it does, where there is no code behind the comment, or the file cannot be read.
pub(super) fn check(page: &str, text: &str, file: &dyn Fn(&str) -> Result<String>) -> Result<()> {
    let comments = text.match_indices(OPENING).filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    for (at, _) in comments {
        let rest = &text[at + OPENING.len()..];
        let (path, behind) =
            rest.split_once(" -->\n").with_context(|| format!("{page}: a comment that does not end"))?;
        let line = text[..at].lines().count() + 1;
        let code = behind.strip_prefix("```").and_then(|code| code.split_once('\n')?.1.split("```").next());
        let Some(code) = code else { bail!("{page}:{line}: no code stands behind the comment that names {path}") };
        ensure!(code == file(path)?, "{page}:{line}: the code differs from {path}: copy the file");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let file = |path: &str| if path == "a.rs" { Ok("fn a() {}\n".to_owned()) } else { bail!("cannot read {path}") };
        check("docs/a.md", text, &file).err().map(|error| error.to_string())
    }

    #[test]
    fn code_is_its_file() {
        assert_eq!(told("`<!-- the file PATH -->`\n"), None);
        assert_eq!(told("A.\n\n<!-- the file a.rs -->\n```rust\nfn a() {}\n```\n\n```rust\nfn b() {}\n```\n"), None);
    }

    #[test]
    fn code_that_differs_is_told_with_its_place() {
        let differs = told("A.\n\n<!-- the file a.rs -->\n```rust\nfn b() {}\n```\n");
        assert_eq!(differs.as_deref(), Some("docs/a.md:3: the code differs from a.rs: copy the file"));
        assert!(told("<!-- the file a.rs -->\nNo code.\n").is_some_and(|told| told.contains("no code")));
        assert!(told("<!-- the file b.rs -->\n```\n```\n").is_some_and(|told| told.contains("cannot read b.rs")));
    }
}
