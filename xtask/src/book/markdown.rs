//! The links of Markdown pages: links to pages of the book stay, links to other files of the tree become plain text, and requirement ids
//! become links.

use relayspec::requirement;

use crate::paths;

/// The page that mdBook renders as `index`.
const README: &str = "README.md";

/// A piece of a page.
#[derive(Debug, PartialEq, Eq)]
enum Segment<'a> {
    Prose(&'a str),
    /// A fenced block, a code span or an HTML tag, including its delimiters.
    Code(&'a str),
    Link {
        text: &'a str,
        target: &'a str,
    },
}

/// The page with the links of the book. `is_page` recognizes pages of the book, `exists` other files of the tree.
pub(super) fn linked(text: &str, page: &str, is_page: &dyn Fn(&str) -> bool, exists: &dyn Fn(&str) -> bool) -> String {
    let written = |part: Segment<'_>| match part {
        Segment::Prose(prose) => words(prose, page),
        Segment::Code(code) => in_code(code, page).unwrap_or_else(|| code.to_owned()),
        Segment::Link { text, target } => {
            let is_file = !target.starts_with('#') && !paths::is_elsewhere(target);
            let path = paths::resolved(page, target).filter(|_| is_file);
            match path {
                Some(path) if !is_page(&path) && exists(&path) => text.to_owned(),
                // mdBook renames the file to `index`, but not the links to it.
                Some(path) if path.ends_with(README) => format!("[{text}]({})", target.replacen(README, "index.md", 1)),
                _ => format!("[{text}]({target})"),
            }
        }
    };
    parts(text).into_iter().map(written).collect()
}

/// A link to a requirement.
pub(super) fn requirement_link(id: &str, page: &str) -> Option<String> {
    let found = requirement::find(id).filter(|found| found.id == id)?;
    let chapter = format!("spec/text/{}.md", found.chapter);
    Some(if chapter == page { format!("#{id}") } else { format!("{}#{id}", paths::relative(page, &chapter)) })
}

/// Prose with links at requirement ids.
fn words(prose: &str, page: &str) -> String {
    let mut out = String::new();
    let mut rest = prose;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, behind) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        out.push_str(before);
        match requirement_link(word, page) {
            Some(target) => out.push_str(&format!("[{word}]({target})")),
            None => out.push_str(word),
        }
        rest = behind;
    }
    out + rest
}

/// A code span as a link, if it is a requirement id.
fn in_code(code: &str, page: &str) -> Option<String> {
    let id = code.strip_prefix('`')?.strip_suffix('`')?;
    Some(format!("[{code}]({})", requirement_link(id, page)?))
}

fn parts(text: &str) -> Vec<Segment<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut fence): (usize, Option<&str>) = (0, None);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                inline(&text[start..at], &mut parts);
                (start, fence) = (at, Some(mark));
            }
            (Some(open), Some(mark)) if open == mark => {
                parts.push(Segment::Code(&text[start..at + line.len()]));
                (start, fence) = (at + line.len(), None);
            }
            _ => {}
        }
        at += line.len();
    }
    match fence {
        Some(_) => parts.push(Segment::Code(&text[start..])),
        None => inline(&text[start..], &mut parts),
    }
    parts
}

/// The segments of a text without fences.
fn inline<'a>(text: &'a str, parts: &mut Vec<Segment<'a>>) {
    let (mut start, mut at) = (0, 0);
    while let Some(next) = text[at..].find(['`', '[', '<']) {
        at += next;
        let rest = &text[at..];
        let found = match rest.as_bytes()[0] {
            b'`' => code_span(rest).map(|length| (Segment::Code(&rest[..length]), length)),
            b'<' => tag(rest).map(|length| (Segment::Code(&rest[..length]), length)),
            _ => link(rest),
        };
        match found {
            Some((part, length)) => {
                parts.push(Segment::Prose(&text[start..at]));
                parts.push(part);
                at += length;
                start = at;
            }
            // A run of backticks that nothing closes is literal.
            None => at += rest.bytes().take_while(|b| *b == b'`').count().max(1),
        }
    }
    parts.push(Segment::Prose(&text[start..]));
}

/// The length of the code span at the beginning.
fn code_span(text: &str) -> Option<usize> {
    let marks = text.bytes().take_while(|b| *b == b'`').count();
    let mut at = marks;
    loop {
        at += text[at..].find('`')?;
        let run = text[at..].bytes().take_while(|b| *b == b'`').count();
        at += run;
        if run == marks {
            return Some(at);
        }
    }
}

/// The length of the HTML tag or comment at the beginning.
fn tag(text: &str) -> Option<usize> {
    text[1..]
        .starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!')
        .then(|| Some(text.find('>')? + 1))?
}

/// The inline link at the beginning, and its length.
fn link(text: &str) -> Option<(Segment<'_>, usize)> {
    let (mut depth, mut at) = (0_usize, 0);
    let close = loop {
        let next = at + text[at..].find(['[', ']', '`'])?;
        at = next + 1;
        match text.as_bytes()[next] {
            b'[' => depth += 1,
            b'`' => at = next + code_span(&text[next..]).unwrap_or(1),
            _ if depth == 1 => break next,
            _ => depth -= 1,
        }
    };
    let target = text[close + 1..].strip_prefix('(')?;
    let end = target.find(')').filter(|end| !target[..*end].contains(char::is_whitespace))?;
    Some((Segment::Link { text: &text[1..close], target: &target[..end] }, close + 2 + end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> String {
        let is_page = |path: &str| path == "docs/scenarios.md";
        linked(text, "docs/guide.md", &is_page, &|path| path == "LICENSE-MIT" || path == "examples")
    }

    #[test]
    fn keeps_links_unless_they_leave_the_book() {
        for text in
            ["[a](scenarios.md#x)", "[b](#here)", "[`c`](https://example.org/)", "[dead](none.md)", "[x] (y)", "a[0]"]
        {
            assert_eq!(converted(text), text);
        }
        assert_eq!(
            converted("the [MIT\nlicence](../LICENSE-MIT), [`examples/`](../examples/)"),
            "the MIT\nlicence, `examples/`"
        );
    }

    #[test]
    fn links_requirements_in_prose() {
        let link = "../spec/text/pairing.md#PAIR-30";
        assert_eq!(converted("(PAIR-30), XPAIR-30"), format!("([PAIR-30]({link})), XPAIR-30"));
        assert_eq!(converted("`PAIR-30`"), format!("[`PAIR-30`]({link})"));
        for text in ["```\nPAIR-30 [a](../LICENSE-MIT)\n```\n", "`a PAIR-30`", "[PAIR-30](#x)", "<a id=\"PAIR-30\">"] {
            assert_eq!(converted(text), text);
        }
        assert_eq!(requirement_link("PAIR-30", "spec/text/pairing.md").as_deref(), Some("#PAIR-30"));
    }

    #[test]
    fn keeps_unclosed_delimiters() {
        for text in ["`a", "``a`", "[a", "[a](b", "a < b", "```\nPAIR-30"] {
            assert_eq!(converted(text), text);
        }
    }
}
