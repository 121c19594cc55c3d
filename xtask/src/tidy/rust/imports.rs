//! `use` trees, taken apart: `use a::{b, c::{self, d as e}, f::*}` names four paths.

use super::lex::Token;

/// One path that a `use` names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import<'a> {
    /// Its segments; the last may be `*`.
    pub(super) path: Vec<&'a str>,
    /// The name that it gets here.
    pub(super) name: &'a str,
    /// Where the last segment stands.
    pub(super) line: usize,
}

/// The imports of the `use` whose tree begins at this index, and the index behind it.
pub(super) fn of<'a>(tokens: &[Token<'a>], start: usize) -> (Vec<Import<'a>>, usize) {
    let mut reader = Reader { tokens, at: start, imports: Vec::new() };
    reader.tree(&[]);
    (reader.imports, reader.at)
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    imports: Vec<Import<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn tree(&mut self, stem: &[&'a str]) {
        let mut path = stem.to_vec();
        let mut line = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token.text {
                "{" => return self.group(&path),
                "," | "}" | ";" | "as" => break,
                "::" => {}
                "self" if !path.is_empty() => line = token.line,
                segment => {
                    line = token.line;
                    path.push(segment);
                }
            }
            self.at += 1;
        }
        let mut name = path.last().copied().unwrap_or_default();
        if self.text() == "as" {
            name = self.tokens.get(self.at + 1).map_or(name, |token| token.text);
            self.at += 2;
        }
        if !path.is_empty() {
            self.imports.push(Import { path, name, line });
        }
    }

    fn group(&mut self, stem: &[&'a str]) {
        self.at += 1;
        while !matches!(self.text(), "}" | ";" | "") {
            self.tree(stem);
            if self.text() == "," {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn text(&self) -> &'a str {
        self.tokens.get(self.at).map_or("", |token| token.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let (imports, _) = of(&lex::tokens(text), 1);
        imports.iter().map(|import| format!("{} = {} @{}", import.name, import.path.join("::"), import.line)).collect()
    }

    #[test]
    fn plain_renamed_and_grouped_imports_are_taken_apart() {
        assert_eq!(shown("use a::b;"), ["b = a::b @1"]);
        assert_eq!(shown("use ::a as b;"), ["b = a @1"]);
        assert_eq!(
            shown("use a::{b,\n c::{self, d as e},\n f::*};"),
            ["b = a::b @1", "c = a::c @2", "e = a::c::d @2", "* = a::f::* @3"]
        );
        assert_eq!(shown("use self::a;"), ["a = self::a @1"]);
    }

    #[test]
    fn the_end_is_behind_the_tree() {
        let tokens = lex::tokens("use {a, b::{c}}; d");
        assert_eq!(tokens[of(&tokens, 1).1].text, ";");
    }
}
