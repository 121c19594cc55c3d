//! A Rust source as the rules see it: its paths, resolved through its imports, and which of its lines are tests. It is read
//! token by token, without a grammar: enough to tell code from comments and strings, and cheap to keep.

mod attributes;
mod imports;
mod lex;
mod mentions;

use std::ops::RangeInclusive;

pub(super) use attributes::Attribute;
pub(super) use mentions::Mention;

/// One `.rs` file.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path below the root.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
    /// Whether the whole file is compiled for tests or benches only.
    pub(super) is_test: bool,
    /// The paths, macros, methods and keywords that its code names.
    pub(super) mentions: Vec<Mention>,
    /// The attributes.
    pub(super) attributes: Vec<Attribute>,
    tests: Vec<RangeInclusive<usize>>,
    test_modules: Vec<String>,
}

impl Source {
    /// Reads a source. It never fails: what is no Rust yields odd mentions, and the compiler's error.
    pub(super) fn parse(path: &str, text: &str) -> Self {
        let tokens = lex::tokens(text);
        let attributes = attributes::of(&tokens);
        let (tests, test_modules) = attributes::tests(&tokens, &attributes);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches")),
            mentions: mentions::of(&tokens, &module(path)),
            attributes,
            tests,
            test_modules,
        }
    }

    /// Whether this line is compiled for tests only.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        self.is_test || self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// How many lines it has outside of tests.
    pub(super) fn length(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test_line(*line)).count()
    }

    /// The files that it declares as modules for tests only.
    pub(super) fn test_files(&self) -> Vec<String> {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let stem = file.trim_end_matches(".rs");
        let own = if matches!(stem, "mod" | "lib" | "main") { folder.to_owned() } else { format!("{folder}/{stem}") };
        let names = self.test_modules.iter();
        names.flat_map(|name| [format!("{own}/{name}.rs"), format!("{own}/{name}/mod.rs")]).collect()
    }
}

/// The path of a file's module within its crate.
fn module(path: &str) -> Vec<String> {
    let below = path.split_once("src/").map_or("", |(_, below)| below);
    let parts = below.trim_end_matches(".rs").split('/').filter(|part| !matches!(*part, "" | "mod" | "lib" | "main"));
    std::iter::once("crate").chain(parts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_test_modules_do_not_count() {
        let source = Source::parse("a/src/b.rs", "//! B.\nfn b() {}\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n");
        assert_eq!(source.length(), 2);
        assert!(!source.is_test_line(2) && source.is_test_line(3) && source.is_test_line(6));
    }

    #[test]
    fn a_file_that_is_declared_for_tests_is_named() {
        let parent = Source::parse("a/src/b.rs", "#[cfg(test)]\npub(crate) mod made_up;\nmod real;\n");
        assert_eq!(parent.test_files(), ["a/src/b/made_up.rs", "a/src/b/made_up/mod.rs"]);
    }
}
