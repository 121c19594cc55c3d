//! The changelog of a release: moves the Protocol part from the unreleased changes to the new version.

use anyhow::{Context, Result, ensure};

/// The headings of the unreleased changes, and of their part on the protocol.
const UNRELEASED: &str = "## Unreleased\n";
const PROTOCOL: &str = "### Protocol\n";

/// The changelog after the release.
pub(super) fn moved(text: &str, version: &str, day: &str) -> Result<String> {
    let start = text.find(UNRELEASED).context("CHANGELOG.md has no section `## Unreleased`")?;
    let body = start + UNRELEASED.len();
    let end = text[body..].find("\n## ").map_or(text.len(), |end| body + end + 1);
    let unreleased = &text[body..end];
    let part = unreleased.find(PROTOCOL).context("CHANGELOG.md has no `### Protocol` below `## Unreleased`")?;
    let inside = part + PROTOCOL.len();
    let part_end = unreleased[inside..].find("\n### ").map_or(unreleased.len(), |end| inside + end + 1);
    let protocol = unreleased[inside..part_end].trim();
    ensure!(!protocol.is_empty(), "CHANGELOG.md lists no protocol change below `## Unreleased`");
    let rest = format!("{}{}", &unreleased[..part], &unreleased[part_end..]);
    let mut result = text[..body].to_owned();
    if !rest.trim().is_empty() {
        result.push_str(&format!("\n{}\n", rest.trim()));
    }
    result.push_str(&format!("\n## Protocol {version} ({day})\n\n{protocol}\n"));
    if end < text.len() {
        result.push('\n');
        result.push_str(&text[end..]);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_the_protocol_part_and_keeps_the_rest() {
        let text = "# Changelog\n\n## Unreleased\n\n### Protocol\n\n- A.\n- B.\n\n### Tools\n\n- C.\n\n## Protocol 0.1.0 (2026-01-01)\n\n- Z.\n";
        assert_eq!(
            moved(text, "0.2.0", "2026-11-20").expect("a changelog"),
            "# Changelog\n\n## Unreleased\n\n### Tools\n\n- C.\n\n## Protocol 0.2.0 (2026-11-20)\n\n- A.\n- B.\n\n## Protocol 0.1.0 (2026-01-01)\n\n- Z.\n"
        );
        let alone = "# Changelog\n\n## Unreleased\n\n### Protocol\n\n- A.\n";
        assert_eq!(
            moved(alone, "0.1.0", "2026-11-20").expect("a changelog"),
            "# Changelog\n\n## Unreleased\n\n## Protocol 0.1.0 (2026-11-20)\n\n- A.\n"
        );
    }

    #[test]
    fn rejects_a_changelog_without_protocol_changes() {
        for (text, expected) in [
            ("# Changelog\n", "no section `## Unreleased`"),
            (
                "## Unreleased\n\n### Tools\n\n- C.\n\n## Protocol 0.1.0\n\n### Protocol\n\n- A.\n",
                "has no `### Protocol`",
            ),
            ("## Unreleased\n\n### Protocol\n\n### Tools\n\n- C.\n", "lists no protocol change"),
        ] {
            let error = moved(text, "0.2.0", "2026-11-20").expect_err("an error").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
