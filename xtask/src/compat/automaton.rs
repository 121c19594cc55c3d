//! Strings by their patterns: whether one exists that matches some patterns and not another, found by walking their automata side by
//! side. So the inclusion of two patterns is decided, and a string that tells them apart is found where there is one.

use std::collections::{HashMap, VecDeque};

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

/// The largest automaton of one pattern, in bytes.
const SIZE: usize = 4 << 20;
/// Any character, as no schema can write it: patterns of our own begin so.
const ANY: &str = "^(?s:.)";
/// White space of ECMA-262, within brackets.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
/// The most states that are visited.
const STATES: usize = 100_000;

/// Why there is no answer: a pattern that has no automaton, or too large a one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undecided(pub(super) String);

/// The shortest string that matches all of the first patterns and none of the second, where there is one.
///
/// # Errors
/// Where a pattern looks around or refers back, or the search grows too large.
pub(super) fn find(matching: &[String], not: &[String]) -> Result<Option<String>, Undecided> {
    let utf8 = of_length(0, None);
    let patterns = matching.iter().chain([&utf8]).map(|one| (one, true)).chain(not.iter().map(|one| (one, false)));
    let machines =
        patterns.map(|(pattern, wanted)| Ok((machine(pattern)?, wanted))).collect::<Result<Vec<_>, Undecided>>()?;
    walk(&machines)
}

type Machine = dense::DFA<Vec<u32>>;
/// Where each machine is; nowhere where it has matched, and so will stay.
type Place = Vec<Option<StateID>>;

fn walk(machines: &[(Machine, bool)]) -> Result<Option<String>, Undecided> {
    let bytes = representatives(machines);
    let start: Place = machines
        .iter()
        .map(|(machine, _)| {
            let input = Input::new("").anchored(Anchored::No);
            machine.start_state_forward(&input).map(Some).map_err(|error| Undecided(error.to_string()))
        })
        .collect::<Result<_, _>>()?;
    let mut places = vec![(start.clone(), 0_usize, 0_u8)];
    let mut seen = HashMap::from([(start, 0_usize)]);
    let mut next = VecDeque::from([0_usize]);
    while let Some(at) = next.pop_front() {
        let place = places[at].0.clone();
        if is_end(machines, &place) {
            return Ok(Some(told(&places, at)));
        }
        for byte in &bytes {
            let Some(after) = step(machines, &place, *byte) else { continue };
            if seen.contains_key(&after) {
                continue;
            }
            if places.len() >= STATES {
                return Err(Undecided("the patterns are too large to compare".into()));
            }
            seen.insert(after.clone(), places.len());
            next.push_back(places.len());
            places.push((after, at, *byte));
        }
    }
    Ok(None)
}

fn is_end(machines: &[(Machine, bool)], place: &Place) -> bool {
    machines.iter().zip(place).all(|((machine, wanted), state)| {
        let matches = state.is_none_or(|state| machine.is_match_state(machine.next_eoi_state(state)));
        matches == *wanted
    })
}

/// The place after one more byte; none where no string from there on can be wanted.
fn step(machines: &[(Machine, bool)], place: &Place, byte: u8) -> Option<Place> {
    let states = machines.iter().zip(place).map(|((machine, wanted), state)| {
        let Some(state) = state else { return Some(None) };
        let after = machine.next_state(*state, byte);
        match wanted {
            true if machine.is_dead_state(after) || machine.is_quit_state(after) => None,
            true if machine.is_match_state(after) => Some(None),
            false if machine.is_match_state(after) => None,
            _ => Some(Some(after)),
        }
    });
    states.collect()
}

fn told(places: &[(Place, usize, u8)], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while at != 0 {
        bytes.push(places[at].2);
        at = places[at].1;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One byte of each class that no machine tells apart, those that are read best first.
fn representatives(machines: &[(Machine, bool)]) -> Vec<u8> {
    let rank = |byte: &u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        b' '..=b'~' => 3,
        128.. => 4,
        _ => 5,
    };
    let mut all: Vec<u8> = (0..=255).collect();
    all.sort_by_key(rank);
    let mut seen = std::collections::HashSet::new();
    all.retain(|byte| seen.insert(machines.iter().map(|(one, _)| one.byte_classes().get(*byte)).collect::<Vec<_>>()));
    all
}

fn machine(pattern: &str) -> Result<Machine, Undecided> {
    let undecided = |error: &dyn std::fmt::Display| Undecided(format!("the pattern `{pattern}`: {error}"));
    let config =
        dense::Config::new().match_kind(MatchKind::All).dfa_size_limit(Some(SIZE)).determinize_size_limit(Some(SIZE));
    let own = pattern.starts_with(ANY).then(|| pattern.to_owned());
    let translated =
        own.or_else(|| translated(pattern)).ok_or_else(|| undecided(&"is written in a way that is not understood"))?;
    dense::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new())
        .build(&translated)
        .map_err(|error| undecided(&std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)))
}

/// A pattern of ECMA-262, as schemas have it, for this engine: the classes are those of ASCII, and a dot is no end of line.
fn translated(pattern: &str) -> Option<String> {
    let mut result = String::new();
    let mut class = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escape = chars.next()?;
                let set = match escape.to_ascii_lowercase() {
                    'd' => "0-9",
                    'w' => "0-9A-Za-z_",
                    's' => SPACE,
                    _ => "",
                };
                match escape {
                    'd' | 'w' | 's' if class => result.push_str(set),
                    'd' | 'w' | 's' => result.extend(["[", set, "]"]),
                    'D' | 'W' | 'S' if !class => result.extend(["[^", set, "]"]),
                    '/' => result.push('/'),
                    c if c.is_ascii_alphanumeric() && !"nrtfv".contains(c) => return None,
                    other => result.extend(['\\', other]),
                }
            }
            '[' if !class => {
                class = true;
                result.push('[');
            }
            '[' => result.push_str("\\["),
            '&' | '~' if class => result.extend(['\\', c]),
            ']' => {
                class = false;
                result.push(']');
            }
            '.' if !class => result.push_str("[^\\n\\r\\u{2028}\\u{2029}]"),
            c => result.push(c),
        }
    }
    // What opens with `(?` and is no plain group means something else here, or nothing.
    let odd = result.split("(?").skip(1).any(|rest| !rest.starts_with([':', '=', '!', '<']));
    (!odd).then_some(result)
}

/// The pattern of the strings of these lengths.
pub(super) fn of_length(shortest: u64, longest: Option<u64>) -> String {
    let longest = longest.map(|longest| longest.to_string()).unwrap_or_default();
    format!("{ANY}{{{shortest},{longest}}}$")
}
