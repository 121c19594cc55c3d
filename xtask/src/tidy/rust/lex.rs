//! Tokens: names, `::`, and single signs, each with its line. Comments, strings, characters, numbers and lifetimes are left out.

/// A name, `::`, or any other sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// As it stands in the source; a raw name without `r#`.
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Token<'_> {
    /// Whether it is a name or a keyword.
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(is_name_start)
    }
}

/// The tokens of a source.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new() };
    while let Some(first) = lexer.rest.chars().next() {
        lexer.step(first);
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn step(&mut self, first: char) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(comment(rest));
        } else if let Some(length) = string(rest) {
            self.skip(length);
        } else if first == '\'' {
            self.skip(quote(rest));
        } else if is_name_start(first) {
            let raw = if rest.starts_with("r#") { 2 } else { 0 };
            self.skip(raw);
            self.token(span(self.rest, is_name_part));
        } else if first.is_ascii_digit() {
            self.skip(span(rest, is_name_part));
        } else if rest.starts_with("::") {
            self.token(2);
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.token(first.len_utf8());
        }
    }

    fn token(&mut self, length: usize) {
        self.tokens.push(Token { text: &self.rest[..length], line: self.line });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

fn is_name_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_name_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The bytes at the beginning whose characters are all of this kind.
fn span(text: &str, is_part: fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// The length of a block comment; they nest.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string literal that stands here, of any kind.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = text
            .strip_prefix(prefix)
            .map(|rest| if prefix.ends_with('r') { rest.trim_start_matches('#') } else { rest });
        rest.is_some_and(|rest| rest.starts_with('"'))
    })?;
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = span(body, |c| c == '#');
        let end = format!("\"{}", "#".repeat(hashes));
        let open = prefix.len() + hashes + 1;
        return Some(text[open..].find(&end).map_or(text.len(), |at| open + at + end.len()));
    }
    Some(prefix.len() + 1 + until(&body[1..], '"'))
}

/// The length of what a single quote begins: a character, or a lifetime.
fn quote(text: &str) -> usize {
    let mut rest = text[1..].chars();
    match (rest.next(), rest.next()) {
        (Some('\\'), _) => 1 + until(&text[1..], '\''),
        (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
        _ => 1 + span(&text[1..], is_name_part),
    }
}

/// The bytes up to and with this sign, where it is not escaped.
fn until(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == end && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(texts("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(texts(r##"a "b \" c" d r#"e " f"# g b"h" br"i\" j"##), ["a", "d", "g", "j"]);
        assert_eq!(texts(r"'a' '\'' '\u{1F600}' '€' b 'c: d<'e>"), ["b", ":", "d", "<", ">"]);
        assert_eq!(texts("1.5e3 0x1F 0..10"), [".", ".", "."]);
    }

    #[test]
    fn names_and_signs_are() {
        assert_eq!(texts("r#type::b!(c)"), ["type", "::", "b", "!", "(", "c", ")"]);
        assert_eq!(texts("br::c(r, b)"), ["br", "::", "c", "(", "r", ",", "b", ")"]);
    }

    #[test]
    fn lines_count_through_comments_and_strings() {
        let lines: Vec<_> = tokens("a\n/*\n*/ b \"\n\" c\n// d\n'\\n' e").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 4, 6]);
    }
}
