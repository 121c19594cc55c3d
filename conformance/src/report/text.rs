//! Text for people: made safe for a terminal, cut and wrapped. The JSON report needs none of it.

/// The text in one line, with every character escaped that controls a terminal, is invisible, or is forbidden in XML.
pub(super) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if needs_escape(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn needs_escape(c: char) -> bool {
    let hidden = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || hidden || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// The escaped text, cut to this many columns.
pub(super) fn one_line(text: &str, columns: usize) -> String {
    // Escapes only lengthen, so no more than this can be shown.
    let start: String = text.chars().take(columns.saturating_add(1)).collect();
    let shown = escape(&start);
    if shown.chars().count() <= columns {
        return shown;
    }
    let kept = shown.chars().take(columns.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// A payload in one line; if it is cut to this many columns, its full length follows.
#[must_use]
pub fn payload(text: &str, columns: usize) -> String {
    let shown = one_line(text, columns);
    let full = text.chars().count();
    if full > columns { format!("{shown} ({full} characters)") } else { shown }
}

/// Prose wrapped at spaces to lines of `width` columns if possible; the first line begins with `first`, the others with `rest`.
pub(super) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    let (mut used, mut fresh) = (first.chars().count(), true);
    for word in escape(&text.replace('\n', " ")).split_whitespace() {
        let length = word.chars().count();
        if !fresh && used + 1 + length > width {
            lines.push(rest.to_owned());
            (used, fresh) = (rest.chars().count(), true);
        }
        if let Some(line) = lines.last_mut() {
            if !fresh {
                line.push(' ');
            }
            line.push_str(word);
        }
        used += length + usize::from(!fresh);
        fresh = false;
    }
    lines
}

/// The lines that a program printed: its colours removed, other control characters escaped.
pub(super) fn output(text: &str, columns: usize) -> Vec<String> {
    let plain = uncolored(text);
    plain.trim_end().lines().map(|line| one_line(&line.trim_end().replace('\t', "    "), columns)).collect()
}

/// The text without colour sequences. Others stay: an unfinished one may hide a clue.
fn uncolored(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | ':'));
        match rest.strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\u{1b}[", part]),
        }
    }
    plain
}

/// A span of milliseconds, in a suitable unit.
pub(super) fn span(ms: f64) -> String {
    let seconds = ms / 1000.0;
    if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round();
        format!("{:.0} min {:.0} s", (whole / 60.0).floor(), whole % 60.0)
    }
}

/// A number and what it counts, in singular or plural.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_control_characters_only() {
        assert_eq!(escape("a\u{1b}[31mb\0\r\n\u{9b}2J"), r"a\u{1b}[31mb\u{0}\r\n\u{9b}2J");
        assert_eq!(escape("abc\u{202e}def\u{ffff}"), r"abc\u{202e}def\u{ffff}");
        assert_eq!(escape(r#"{"name":"Zoë – 日本 🦀 \n"}"#), r#"{"name":"Zoë – 日本 🦀 \n"}"#);
    }

    #[test]
    fn cuts_long_lines_only() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("\n\n\n\n", 6), r"\n\n\…");
        assert_eq!(payload("abcdefg", 6), "abcde… (7 characters)");
        assert_eq!(payload("abcdef", 6), "abcdef");
    }

    #[test]
    fn wraps_prose_at_spaces() {
        assert_eq!(wrap("one two three", 9, "- ", "  "), ["- one two", "  three"]);
        assert_eq!(wrap("one two three", 80, "- ", "  "), ["- one two three"]);
        assert_eq!(wrap("unbreakable text", 4, "", ""), ["unbreakable", "text"]);
    }

    #[test]
    fn output_loses_its_colours_and_keeps_its_lines() {
        assert_eq!(output("\u{1b}[1;32mINFO\u{1b}[m up\r\n\tat x\u{7}\n\n", 80), ["INFO up", r"    at x\u{7}"]);
        assert_eq!(output("\u{1b}[2Ja\u{1b}]0;b\nc\u{1b}[", 80), [r"\u{1b}[2Ja\u{1b}]0;b", r"c\u{1b}["]);
        assert_eq!(output("", 80), [""; 0]);
    }

    #[test]
    fn spans_have_a_suitable_unit() {
        let shown = [0.2, 12.4, 999.4, 999.6, 1552.0, 59_940.0, 59_960.0, 3_723_400.0].map(span);
        assert_eq!(shown, ["0 ms", "12 ms", "999 ms", "1.0 s", "1.6 s", "59.9 s", "1 min 0 s", "62 min 3 s"]);
    }
}
