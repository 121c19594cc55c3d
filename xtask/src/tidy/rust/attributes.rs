//! Attributes, and the items that one of them, `#[cfg(test)]`, keeps out of the shipped code.

use std::ops::RangeInclusive;

use super::lex::Token;

/// One attribute, inner or outer.
#[derive(Debug)]
pub(in super::super) struct Attribute {
    /// Its first line.
    pub(in super::super) line: usize,
    /// The names in it, with the signs between them left out.
    pub(in super::super) names: Vec<String>,
    /// The index of the token behind it.
    end: usize,
}

/// All attributes.
pub(super) fn of(tokens: &[Token<'_>]) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "#") {
        let open = at + 1 + usize::from(is(tokens, at + 1, "!"));
        if is(tokens, open, "[") {
            let end = close(tokens, open);
            let names = tokens[open..end].iter().filter(|token| token.is_name()).map(|token| token.text.to_owned());
            attributes.push(Attribute { line: token.line, names: names.collect(), end });
        }
    }
    attributes
}

/// The lines of the items that are compiled for tests only, and the names of such modules that are files of their own.
pub(super) fn tests(tokens: &[Token<'_>], attributes: &[Attribute]) -> (Vec<RangeInclusive<usize>>, Vec<String>) {
    let mut lines = Vec::new();
    let mut modules = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.names == ["cfg", "test"]) {
        let end = item_end(tokens, attribute.end);
        let item = &tokens[attribute.end..end];
        lines.push(attribute.line..=item.last().map_or(attribute.line, |token| token.line));
        if let [.., keyword, name, last] = item
            && keyword.text == "mod"
            && last.text == ";"
        {
            modules.push(name.text.to_owned());
        }
    }
    (lines, modules)
}

/// The index behind the item that begins here: behind its `;`, or behind its braces.
fn item_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.text {
            ";" => return at + 1,
            "{" => {
                let end = close(tokens, at);
                // The braces of `use a::{b};` do not end the item.
                return if is(tokens, end, ";") { end + 1 } else { end };
            }
            "(" | "[" => at = close(tokens, at),
            _ => at += 1,
        }
    }
    tokens.len()
}

/// The index behind the bracket that closes the one that opens here.
fn close(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

fn is(tokens: &[Token<'_>], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    fn test_lines(text: &str) -> Vec<RangeInclusive<usize>> {
        let tokens = lex::tokens(text);
        tests(&tokens, &of(&tokens)).0
    }

    #[test]
    fn an_item_ends_with_its_braces_or_its_semicolon() {
        assert_eq!(test_lines("#[cfg(test)]\nuse a::{b,\n c};\nfn d() {}"), [1..=3]);
        assert_eq!(test_lines("#[cfg(test)]\n#[derive(A)]\nstruct B([u8; 3]);\nfn d() {}"), [1..=3]);
        assert_eq!(test_lines("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { c(); }\n}\nfn d() {}"), [2..=5]);
    }

    #[test]
    fn other_conditions_are_no_tests() {
        assert_eq!(test_lines("#[cfg(unix)]\nfn a() {}\n#[cfg(not(test))]\nfn b() {}"), []);
    }
}
