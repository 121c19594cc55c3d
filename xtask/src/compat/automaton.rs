//! Compares patterns: walks their automata side by side to find a string that matches some of them and not others. This decides whether
//! one pattern includes another, and yields a string that distinguishes them.

use std::collections::{HashMap, VecDeque};

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

/// The largest automaton of one pattern, in bytes.
const SIZE: usize = 4 << 20;
/// Any character, in a form that no schema uses; marks our own patterns.
const ANY: &str = "^(?s:.)";
/// White space of ECMA-262, within brackets.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
/// The most product states that are visited.
const STATES: usize = 100_000;

/// There is no answer: a pattern has no automaton, or too large a one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undecided;

/// The shortest string that matches all of the first patterns and none of the second, if any.
///
/// # Errors
/// If a pattern has lookaround or backreferences, or the search grows too large.
pub(super) fn find(matching: &[String], not: &[String]) -> Result<Option<String>, Undecided> {
    let utf8 = of_length(0, None);
    let patterns = matching.iter().chain([&utf8]).map(|one| (one, true)).chain(not.iter().map(|one| (one, false)));
    let machines =
        patterns.map(|(pattern, wanted)| Ok((machine(pattern)?, wanted))).collect::<Result<Vec<_>, Undecided>>()?;
    walk(&machines)
}

type Machine = dense::DFA<Vec<u32>>;
/// The state of each machine; `None` once it has matched for good.
type ProductState = Vec<Option<StateID>>;

fn walk(machines: &[(Machine, bool)]) -> Result<Option<String>, Undecided> {
    let bytes = representatives(machines);
    let start: ProductState = machines
        .iter()
        .map(|(machine, _)| {
            let input = Input::new("").anchored(Anchored::No);
            machine.start_state_forward(&input).map(Some).map_err(|_| Undecided)
        })
        .collect::<Result<_, _>>()?;
    let mut visited = vec![(start.clone(), 0_usize, 0_u8)];
    let mut known = HashMap::from([(start, 0_usize)]);
    let mut next = VecDeque::from([0_usize]);
    while let Some(at) = next.pop_front() {
        let state = visited[at].0.clone();
        if is_end(machines, &state) {
            return Ok(Some(path_to(&visited, at)));
        }
        for byte in &bytes {
            let Some(after) = step(machines, &state, *byte) else { continue };
            if known.contains_key(&after) {
                continue;
            }
            if visited.len() >= STATES {
                return Err(Undecided);
            }
            known.insert(after.clone(), visited.len());
            next.push_back(visited.len());
            visited.push((after, at, *byte));
        }
    }
    Ok(None)
}

fn is_end(machines: &[(Machine, bool)], states: &ProductState) -> bool {
    machines.iter().zip(states).all(|((machine, wanted), state)| {
        let matches = state.is_none_or(|state| machine.is_match_state(machine.next_eoi_state(state)));
        matches == *wanted
    })
}

/// The state after one more byte; `None` if no string can match from there on.
fn step(machines: &[(Machine, bool)], states: &ProductState, byte: u8) -> Option<ProductState> {
    let next = machines.iter().zip(states).map(|((machine, wanted), state)| {
        let Some(state) = state else { return Some(None) };
        let after = machine.next_state(*state, byte);
        match wanted {
            true if machine.is_dead_state(after) || machine.is_quit_state(after) => None,
            true if machine.is_match_state(after) => Some(None),
            false if machine.is_match_state(after) => None,
            _ => Some(Some(after)),
        }
    });
    next.collect()
}

fn path_to(visited: &[(ProductState, usize, u8)], mut at: usize) -> String {
    let mut bytes = Vec::new();
    while at != 0 {
        bytes.push(visited[at].2);
        at = visited[at].1;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One byte of each class that all machines treat alike, the most readable first.
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
    let config =
        dense::Config::new().match_kind(MatchKind::All).dfa_size_limit(Some(SIZE)).determinize_size_limit(Some(SIZE));
    let own = pattern.starts_with(ANY).then(|| pattern.to_owned());
    let translated = own.or_else(|| translated(pattern)).ok_or(Undecided)?;
    dense::Builder::new().configure(config).syntax(syntax::Config::new()).build(&translated).map_err(|_| Undecided)
}

/// Translates an ECMA-262 pattern for this engine: classes are ASCII, and a dot matches no line terminator.
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
    // Other groups that begin with `(?` mean something else in this engine, or nothing.
    let odd = result.split("(?").skip(1).any(|rest| !rest.starts_with([':', '=', '!', '<']));
    (!odd).then_some(result)
}

/// The pattern of all strings with these lengths, in code points.
pub(super) fn of_length(shortest: u64, longest: Option<u64>) -> String {
    let longest = longest.map(|longest| longest.to_string()).unwrap_or_default();
    format!("{ANY}{{{shortest},{longest}}}$")
}
