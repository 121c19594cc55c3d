//! What the code names: paths in full, macros, methods and the keyword `async`.
//!
//! A path is followed through the file's imports, so `time::sleep` after `use tokio::time` is `tokio::time::sleep`, and through
//! `self` and `super`, so that a rule needs to know one spelling only. What a glob brings in is not followed.

use std::collections::BTreeMap;

use super::imports;
use super::lex::Token;

/// Something that the code names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Mention {
    /// The full path, as `std::time::Instant::now`, `crate::report`, `println!`, `.elapsed` or `async`.
    pub(in super::super) path: String,
    /// Counted from 1.
    pub(in super::super) line: usize,
}

/// What these tokens name, in a file of this module.
pub(super) fn of(tokens: &[Token<'_>], module: &[String]) -> Vec<Mention> {
    let mut reader = Reader {
        tokens,
        module: module.to_vec(),
        nested: Vec::new(),
        depth: 0,
        named: Vec::new(),
        aliases: BTreeMap::new(),
    };
    let mut at = 0;
    while at < tokens.len() {
        at = reader.step(at);
    }
    reader.resolved()
}

struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    /// The module that the reader is in.
    module: Vec<String>,
    /// The depths at which inline modules opened.
    nested: Vec<usize>,
    depth: usize,
    named: Vec<(Vec<String>, usize)>,
    aliases: BTreeMap<&'a str, Vec<String>>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads what begins at this index, and returns the index behind it.
    fn step(&mut self, at: usize) -> usize {
        let token = self.tokens[at];
        match token.text {
            "{" => self.depth += 1,
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.nested.last() == Some(&self.depth) {
                    self.nested.pop();
                    self.module.pop();
                }
            }
            "use" if self.text(at + 1) != "<" => return self.import(at + 1),
            "mod" if self.text(at + 2) == "{" => {
                self.module.push(self.text(at + 1).to_owned());
                self.nested.push(self.depth);
                return at + 2;
            }
            "async" => self.named.push((vec!["async".into()], token.line)),
            "." if self.is_call(at + 1) => {
                self.named.push((vec![format!(".{}", self.text(at + 1))], token.line));
                return at + 2;
            }
            _ if token.is_name() => return self.path(at),
            _ => {}
        }
        at + 1
    }

    fn import(&mut self, start: usize) -> usize {
        let (imports, end) = imports::of(self.tokens, start);
        for import in imports {
            let path = self.placed(&import.path);
            self.aliases.insert(import.name, path.clone());
            self.named.push((path, import.line));
        }
        end
    }

    fn path(&mut self, start: usize) -> usize {
        let mut end = start + 1;
        while self.text(end) == "::" && self.tokens.get(end + 1).is_some_and(Token::is_name) {
            end += 2;
        }
        let mut segments: Vec<_> = self.tokens[start..end].iter().step_by(2).map(|token| token.text).collect();
        let line = self.tokens[end - 1].line;
        if self.text(end) == "!" && self.text(end + 1) != "=" {
            let name = segments.pop().unwrap_or_default();
            self.named.push((vec![format!("{name}!")], line));
        }
        let is_member = start > 0 && self.text(start - 1) == ".";
        if !segments.is_empty() && !is_member {
            let path = self.placed(&segments);
            self.named.push((path, line));
        }
        end
    }

    /// A path with `self` and `super` replaced by the module that they mean.
    fn placed(&self, segments: &[&str]) -> Vec<String> {
        let mut rest = segments;
        let mut stem = Vec::new();
        while let [first @ ("self" | "super"), more @ ..] = rest {
            if stem.is_empty() {
                stem.clone_from(&self.module);
            }
            if *first == "super" {
                stem.pop();
            }
            rest = more;
        }
        stem.extend(rest.iter().map(|&segment| segment.to_owned()));
        stem
    }

    /// The mentions, with their first segments replaced by what was imported under that name.
    fn resolved(self) -> Vec<Mention> {
        let aliases = self.aliases;
        let follow = |path: Vec<String>| match aliases.get(path[0].as_str()) {
            Some(full) if path.len() > 1 || full.len() > 1 => {
                full.iter().cloned().chain(path.into_iter().skip(1)).collect()
            }
            _ => path,
        };
        let named = self.named.into_iter().filter(|(path, _)| !path.is_empty());
        named.map(|(path, line)| Mention { path: follow(path).join("::"), line }).collect()
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn is_call(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_name) && self.text(at + 1) == "("
    }
}

#[cfg(test)]
mod tests {
    use super::super::Source;

    fn named(path: &str, text: &str) -> Vec<String> {
        Source::parse(path, text)
            .mentions
            .into_iter()
            .map(|mention| mention.path)
            .filter(|path| path.contains([':', '!', '.']))
            .collect()
    }

    #[test]
    fn imports_are_followed() {
        let text = "use std::time::{self, Instant as Clock};\nfn f() { Clock::now(); time::SystemTime::now(); }";
        assert_eq!(
            named("a/src/b.rs", text),
            ["std::time", "std::time::Instant", "std::time::Instant::now", "std::time::SystemTime::now"]
        );
    }

    #[test]
    fn self_and_super_are_replaced() {
        let text = "use super::super::report;\nmod tests { use super::x; }\nfn f() { self::y(); super::z() }";
        assert_eq!(
            named("a/src/engine/run.rs", text),
            ["crate::report", "crate::engine::run::x", "crate::engine::run::y", "crate::engine::z"]
        );
    }

    #[test]
    fn macros_methods_and_strings_are_told_apart() {
        let text = "fn f() { println!(\"std::fs::read\"); a.elapsed(); b.c; if d != e {} std::fmt::write!() }";
        assert_eq!(named("a/src/b.rs", text), ["println!", ".elapsed", "write!", "std::fmt"]);
    }

    #[test]
    fn a_name_that_was_imported_is_its_full_path() {
        assert_eq!(
            named("a/src/b.rs", "use tokio::time::sleep;\nfn f() { sleep(x) }"),
            ["tokio::time::sleep", "tokio::time::sleep"]
        );
    }
}
