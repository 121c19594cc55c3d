//! Code on a page that quotes a tested file of the tree: after a comment `the file PATH` it has to be identical to that file.

use anyhow::{Context, Result, bail, ensure};

/// The beginning of the comment.
const OPENING: &str = "<!-- the file ";

/// Fails if code differs from its file, which `file` reads.
pub(super) fn check(page: &str, text: &str, file: &dyn Fn(&str) -> Result<String>) -> Result<()> {
    let comments = text.match_indices(OPENING).filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    for (at, _) in comments {
        let rest = &text[at + OPENING.len()..];
        let (path, behind) = rest.split_once(" -->\n").with_context(|| format!("{page}: unterminated comment"))?;
        let line = text[..at].lines().count() + 1;
        let code = behind.strip_prefix("```").and_then(|code| code.split_once('\n')?.1.split("```").next());
        let Some(code) = code else { bail!("{page}:{line}: no code follows the comment that names {path}") };
        ensure!(code == file(path)?, "{page}:{line}: the code differs from {path}: copy the file");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(text: &str) -> Option<String> {
        let file = |path: &str| if path == "a.rs" { Ok("fn a() {}\n".to_owned()) } else { bail!("cannot read {path}") };
        check("docs/a.md", text, &file).err().map(|error| error.to_string())
    }

    #[test]
    fn accepts_code_that_equals_its_file() {
        assert_eq!(flaw("`<!-- the file PATH -->`\n"), None);
        assert_eq!(flaw("A.\n\n<!-- the file a.rs -->\n```rust\nfn a() {}\n```\n\n```rust\nfn b() {}\n```\n"), None);
    }

    #[test]
    fn reports_where_code_differs() {
        let differs = flaw("A.\n\n<!-- the file a.rs -->\n```rust\nfn b() {}\n```\n");
        assert_eq!(differs.as_deref(), Some("docs/a.md:3: the code differs from a.rs: copy the file"));
        assert!(flaw("<!-- the file a.rs -->\nNo code.\n").is_some_and(|flaw| flaw.contains("no code")));
        assert!(flaw("<!-- the file b.rs -->\n```\n```\n").is_some_and(|flaw| flaw.contains("cannot read b.rs")));
    }
}
