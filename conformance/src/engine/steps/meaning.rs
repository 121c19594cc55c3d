//! What came against what a step waits for: whether it matches, is passed over, or differs, and where.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scenario::step::{CloseIs, EventIs, Expect};
use crate::scenario::{Bindings, Bytes, Mismatch, Term};
use crate::transport::{Arrival, Arrived};

/// Something that may come.
pub(super) struct Awaited<'a> {
    pub(super) named: Option<&'a str>,
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    Message(&'a Term),
    Binary(&'a Bytes),
    Ping,
    Pong(&'a str),
    Close(&'a CloseIs),
    End,
    Loss,
    Event(&'a EventIs),
}

/// Whether connections have Close frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HasCloseFrames {
    Yes,
    No,
}

/// What one arrival means for a wait.
pub(super) enum Meaning {
    Matched {
        named: Option<String>,
        bindings: Bindings,
    },
    PassOver,
    /// And where it differs, if it is nearly right.
    Wrong(Option<String>),
}

/// What a step waits for. Where there are no Close frames, the end of the stream stands for one.
pub(super) fn awaited(step: &Expect, has_close_frames: HasCloseFrames) -> Vec<Awaited<'_>> {
    let alone = |what| vec![Awaited { named: None, what }];
    let what_closes = |close| match has_close_frames {
        HasCloseFrames::Yes => What::Close(close),
        HasCloseFrames::No => What::Loss,
    };
    match step {
        Expect { json: Some(term), .. } => alone(What::Message(term)),
        Expect { binary: Some(bytes), .. } => alone(What::Binary(bytes)),
        Expect { ping: Some(_), .. } => alone(What::Ping),
        Expect { pong: Some(text), .. } => alone(What::Pong(text)),
        Expect { close: Some(close), .. } => alone(what_closes(close)),
        Expect { end: Some(_), .. } => alone(What::End),
        Expect { loss: Some(_), .. } => alone(What::Loss),
        Expect { any_of, .. } => {
            let choices = any_of.iter().filter_map(|choice| {
                let message = choice.json.as_ref().map(What::Message).or(choice.binary.as_ref().map(What::Binary));
                let close = choice.close.as_ref().map(what_closes);
                let event = choice.event.as_ref().map(What::Event);
                let what = message.or(close).or(choice.loss.map(|_| What::Loss)).or(event)?;
                Some(Awaited { named: choice.named.as_deref(), what })
            });
            choices.collect()
        }
    }
}

/// What something that came means for a step that waits.
pub(super) fn meaning(
    arrived: &Arrived,
    awaited: &[Awaited<'_>],
    skipping: Skipping<'_>,
    variables: &BTreeMap<String, Value>,
) -> Meaning {
    let json = json_of(arrived);
    let mut nearest = None;
    for Awaited { named, what } in awaited {
        let matched = match (what, &arrived.what, &json) {
            (What::Message(term), Arrival::Text(_), Some(value)) => match term.matches(value, variables) {
                Ok(bindings) => Some(bindings),
                Err(mismatch) => {
                    nearest = nearest.or(difference(mismatch));
                    None
                }
            },
            (What::Binary(expected), Arrival::Binary(bytes), _) => match compare(expected, bytes, variables) {
                Ok(()) => Some(Bindings::new()),
                Err(difference) => {
                    nearest.get_or_insert(difference);
                    None
                }
            },
            (What::Close(expected), Arrival::Close { code, reason }, _) if fits(expected, *code, reason) => {
                Some(Bindings::new())
            }
            (What::End, Arrival::Close { .. }, _) => return Meaning::PassOver,
            (What::End, Arrival::End(_), _) | (What::Loss, Arrival::Close { .. } | Arrival::End(_), _) => {
                Some(Bindings::new())
            }
            _ => None,
        };
        if let Some(bindings) = matched {
            return Meaning::Matched { named: named.map(str::to_owned), bindings };
        }
    }
    if passes(skipping, arrived, variables) { Meaning::PassOver } else { Meaning::Wrong(nearest) }
}

fn json_of(arrived: &Arrived) -> Option<Value> {
    match &arrived.what {
        Arrival::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Text and binary messages that are passed over.
pub(super) type Skipping<'a> = (Option<&'a Term>, Option<&'a Bytes>);

/// Whether something is passed over.
pub(super) fn passes(skipping: Skipping<'_>, arrived: &Arrived, variables: &BTreeMap<String, Value>) -> bool {
    let (text, binary) = skipping;
    match &arrived.what {
        Arrival::Binary(bytes) => binary.is_some_and(|wanted| compare(wanted, bytes, variables).is_ok()),
        _ => text.zip(json_of(arrived)).is_some_and(|(term, value)| term.matches(&value, variables).is_ok()),
    }
}

/// Where a message differs in a part of it.
fn difference(mismatch: Mismatch) -> Option<String> {
    let Mismatch { path, expected, got } = mismatch;
    if path.is_empty() {
        return None;
    }
    let got = got.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let (expected, got) = where_they_differ(&expected, &got);
    Some(format!("the message differs at {path}: expected {expected}, got {got}"))
}

fn compare(expected: &Bytes, got: &[u8], variables: &BTreeMap<String, Value>) -> Result<(), String> {
    expected.wanted(variables)?.compare(got)
}

fn fits(expected: &CloseIs, code: Option<u16>, reason: &str) -> bool {
    let right_code = expected.code.is_empty() || code.is_some_and(|code| expected.code.contains(&code));
    right_code && expected.reason.as_ref().is_none_or(|expected| expected == reason)
}

/// Long texts that differ: a little of each around the first difference.
fn where_they_differ(expected: &str, got: &str) -> (String, String) {
    const SHORT: usize = 100;
    let common = expected.chars().zip(got.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let length = text.chars().count();
        if length <= SHORT {
            return text.to_owned();
        }
        let around: String = text.chars().skip(common.saturating_sub(10)).take(40).collect();
        format!("…{}… (of {length} characters, different from character {} on)", around, common + 1)
    };
    (part(expected), part(got))
}
