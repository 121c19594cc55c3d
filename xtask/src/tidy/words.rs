//! Words that the project does not use, from `xtask/words.toml`: as words of prose and as parts of identifiers and file names.

use std::collections::BTreeMap;

use regex_automata::dfa::regex::Regex;
use serde::Deserialize;

use super::tree::{SourceTree, TidyFinding, finding};

const LIST: &str = "xtask/words.toml";
const EXTENSIONS: &[&str] = &["html", "js", "md", "mjs", "py", "rs", "toml", "ts", "yaml", "yml"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordList {
    word: Vec<AvoidedWords>,
    exception: Vec<WordException>,
}

/// Words and phrases, in lower case, and what to say instead.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AvoidedWords {
    never: Vec<String>,
    say: String,
}

/// Where words are used all the same: beginnings of paths, and texts that a word is part of. Any if omitted.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WordException {
    words: Vec<String>,
    paths: Vec<String>,
    within: Vec<String>,
    reason: String,
}

/// Uses of such words without an exception, and exceptions that are not needed.
pub(super) fn check(tree: &SourceTree) -> Vec<TidyFinding> {
    let Some(list) = tree.files.get(LIST) else { return Vec::new() };
    let checked = toml::from_str(list).map_err(anyhow::Error::from).and_then(|words| check_words(tree, list, &words));
    checked.unwrap_or_else(|error| vec![finding(LIST, 1, "words", format!("{error:#}"))])
}

fn check_words(tree: &SourceTree, list: &str, words: &WordList) -> anyhow::Result<Vec<TidyFinding>> {
    let say = words.word.iter().flat_map(|word| word.never.iter().map(|never| (never.as_str(), &word.say)));
    let say: BTreeMap<_, _> = say.collect();
    let mut longest_first: Vec<_> = say.keys().copied().collect();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let regex = Regex::new(&format!("(?i-u){}", longest_first.join("|")))?;
    let mut is_used = vec![false; words.exception.len()];
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension(EXTENSIONS).filter(|(path, _)| *path != LIST) {
        for (line, number) in std::iter::once(path).chain(text.lines()).zip(0..) {
            for found in regex.find_iter(line).filter(|found| is_whole(line.as_bytes(), found.start(), found.end())) {
                let word = line[found.range()].to_lowercase();
                let covers = |text: &String| {
                    line.match_indices(text).any(|(at, _)| (at..at + text.len()).contains(&found.start()))
                };
                let allows = |WordException { words, paths, within, .. }: &WordException| {
                    (words.is_empty() || words.contains(&word))
                        && (paths.is_empty() || paths.iter().any(|own| path.starts_with(own)))
                        && (within.is_empty() || within.iter().any(covers))
                };
                match words.exception.iter().position(allows) {
                    Some(index) => is_used[index] = true,
                    None => {
                        let message = format!("`{word}`: say {}", say[word.as_str()]);
                        findings.push(finding(path, number.max(1), &format!("word {word}"), message));
                    }
                }
            }
        }
    }
    for (WordException { reason, .. }, _) in words.exception.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
        let line = list.lines().position(|line| line.contains(reason)).map_or(1, |at| at + 1);
        findings.push(finding(LIST, line, "words", format!("exception not needed: {reason}")));
    }
    Ok(findings)
}

/// Whether a word begins and ends here: letters end, or a part of a CamelCase name does.
fn is_whole(line: &[u8], start: usize, end: usize) -> bool {
    let is = |at: usize, kind: fn(&u8) -> bool| line.get(at).is_some_and(kind);
    let [is_letter, is_upper, is_lower] = [u8::is_ascii_alphabetic, u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    let before = start.wrapping_sub(1);
    (!is(before, is_letter) || (is(start, is_upper) && (is(before, is_lower) || is(start + 1, is_lower))))
        && (!is(end, is_letter) || (is(end, is_upper) && is(end - 1, is_lower)))
}

#[cfg(test)]
mod tests {
    use super::super::tree::found;
    use super::*;

    const WORDS: (&str, &str) = (
        LIST,
        "[[word]]\nnever = [\"gizmo\", \"gizmos\", \"by and by\"]\nsay = \"failure\"\n\
        [[exception]]\nwords = [\"gizmo\"]\nwithin = [\"gizmo test\"]\nreason = \"a term\"\n\
        [[exception]]\npaths = [\"wire/\"]\nreason = \"as sent\"\n",
    );
    const FINE: [(&str, &str); 2] = [("a.md", "gizmo test by degizmo"), ("wire/a.py", "gizmo")];

    #[test]
    fn accepts_other_words_and_exceptions() {
        assert_eq!(found(check, &[WORDS, FINE[0], FINE[1], ("a.json", "gizmo")]), [""; 0]);
    }

    #[test]
    fn rejects_words_parts_of_names_phrases_and_unused_exceptions() {
        let text = "Gizmos\nHTTPGizmo\nlet no_gizmo2 = GIZMO; // gizmoid, by And by\nlet gizmo = \"gizmo test\";";
        let findings = found(check, &[WORDS, FINE[0], ("the-gizmo.rs", text)]);
        let used =
            ["1: `gizmo`", "1: `gizmos`", "2: `gizmo`", "3: `by and by`", "3: `gizmo`", "3: `gizmo`", "4: `gizmo`"];
        let used = used.map(|one| format!("the-gizmo.rs:{one}: say failure [word {}]", one[3..].trim_matches('`')));
        assert_eq!(findings[..7], used);
        assert_eq!(findings[7..], ["xtask/words.toml:10: exception not needed: as sent [words]"]);
    }
}
