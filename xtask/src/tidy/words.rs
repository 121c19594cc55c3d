//! Words that the project does not use, from `xtask/words.toml`: as words of prose and as parts of identifiers and file names.

use std::collections::BTreeMap;

use regex_automata::dfa::regex::Regex;
use serde::Deserialize;

use super::tree::{Finding, Tree};

const LIST: &str = "xtask/words.toml";
const EXTENSIONS: &[&str] = &["html", "js", "md", "mjs", "py", "rs", "toml", "ts", "yaml", "yml"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordList {
    #[serde(default)]
    word: Vec<Word>,
    #[serde(default)]
    exception: Vec<WordException>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    /// Words and phrases, in lower case.
    never: Vec<String>,
    /// What to use instead.
    say: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WordException {
    /// The words; all if omitted.
    #[serde(default)]
    words: Vec<String>,
    /// How the paths begin; any path if omitted.
    #[serde(default)]
    paths: Vec<String>,
    /// What the word is part of; anything if omitted.
    #[serde(default)]
    within: Vec<String>,
    reason: String,
}

/// The places where such a word is used without an exception, and exceptions that are not needed.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.files.get(LIST) else { return Vec::new() };
    match toml::from_str::<WordList>(list).map_err(Into::into).and_then(|words| apply(tree, list, &words)) {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new(LIST, 1, "words", format!("cannot be read: {error:#}"))],
    }
}

fn apply(tree: &Tree, list: &str, words: &WordList) -> anyhow::Result<Vec<Finding>> {
    let say: BTreeMap<_, _> =
        words.word.iter().flat_map(|word| word.never.iter().map(|never| (never.as_str(), &word.say))).collect();
    let mut longest_first: Vec<_> = say.keys().copied().collect();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let regex = Regex::new(&format!("(?i-u){}", longest_first.join("|")))?;
    let mut is_used = vec![false; words.exception.len()];
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension(EXTENSIONS).filter(|(path, _)| *path != LIST) {
        for (line, number) in std::iter::once(path).chain(text.lines()).zip(0..) {
            for found in regex.find_iter(line).filter(|found| is_whole(line.as_bytes(), found.start(), found.end())) {
                let word = line[found.range()].to_lowercase();
                let excuses = |exception: &WordException| {
                    (exception.words.is_empty() || exception.words.contains(&word))
                        && (exception.paths.is_empty() || exception.paths.iter().any(|own| path.starts_with(own)))
                        && (exception.within.is_empty() || is_within(line, found.start(), &exception.within))
                };
                match words.exception.iter().position(excuses) {
                    Some(index) => is_used[index] = true,
                    None => {
                        let say = say.get(word.as_str()).copied().map_or("", String::as_str);
                        let message = format!("`{word}`: say {say}");
                        findings.push(Finding::new(path, number.max(1), format!("word {word}"), message));
                    }
                }
            }
        }
    }
    for (exception, _) in words.exception.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        let line = list.lines().position(|line| line.contains(&exception.reason)).map_or(1, |at| at + 1);
        findings.push(Finding::new(LIST, line, "words", format!("exception not needed: {}", exception.reason)));
    }
    Ok(findings)
}

/// Whether letters end on both sides: at anything else, or where a part of a CamelCase name begins.
fn is_whole(line: &[u8], start: usize, end: usize) -> bool {
    let is = |at: Option<usize>, kind: fn(&u8) -> bool| at.and_then(|at| line.get(at)).is_some_and(kind);
    let (before, first, second) = (start.checked_sub(1), Some(start), Some(start + 1));
    let begins = !is(before, u8::is_ascii_alphabetic)
        || (is(first, u8::is_ascii_uppercase)
            && (is(before, u8::is_ascii_lowercase) || is(second, u8::is_ascii_lowercase)));
    let ends = !is(Some(end), u8::is_ascii_alphabetic)
        || (is(Some(end), u8::is_ascii_uppercase) && is(Some(end - 1), u8::is_ascii_lowercase));
    begins && ends
}

fn is_within(line: &str, at: usize, contexts: &[String]) -> bool {
    contexts
        .iter()
        .any(|context| line.match_indices(context).any(|(start, _)| (start..start + context.len()).contains(&at)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    const WORDS: &str = "[[word]]\nnever = [\"fault\", \"faults\", \"in calm\"]\nsay = \"failure\"\n\
        [[exception]]\nwords = [\"fault\"]\nwithin = [\"fault injection\"]\nreason = \"a term\"\n\
        [[exception]]\npaths = [\"wire/\"]\nreason = \"as sent\"\n";
    const FINE: [(&str, &str); 2] = [("a.md", "fault injection by default"), ("wire/a.py", "fault")];

    #[test]
    fn accepts_other_words_and_exceptions() {
        assert_eq!(found(check, &[(LIST, WORDS), FINE[0], FINE[1], ("a.json", "fault")]), [""; 0]);
    }

    #[test]
    fn rejects_words_parts_of_identifiers_file_names_and_phrases() {
        let text =
            "Faults\nenum HTTPFault {}\nlet no_fault2 = FAULT; // faulty, in Calm\nlet fault = \"fault injection\";";
        let findings = found(check, &[(LIST, WORDS), FINE[0], FINE[1], ("the-fault.rs", text)]);
        let expected =
            ["1: `fault`", "1: `faults`", "2: `fault`", "3: `fault`", "3: `fault`", "3: `in calm`", "4: `fault`"]
                .map(|word| format!("the-fault.rs:{word}: say failure [word {}]", word[3..].trim_matches('`')));
        assert_eq!(findings, expected);
    }

    #[test]
    fn rejects_exceptions_that_match_nothing() {
        let unused = "xtask/words.toml:10: exception not needed: as sent [words]";
        assert_eq!(found(check, &[(LIST, WORDS), FINE[0]]), [unused]);
    }
}
