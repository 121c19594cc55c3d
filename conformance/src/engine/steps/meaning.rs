//! What came against what a step waits for: whether it matches, is passed over, or differs, and where.

use std::collections::BTreeMap;

use relayspec::family::Packing;
use serde_json::Value;

use crate::scenario::step::{CloseIs, Encoding, EventIs, Expect};
use crate::scenario::{Bindings, Bytes, Mismatch, Term};
use crate::transport::{Arrival, Arrived};

/// Something that may come.
pub(super) struct Awaited<'a> {
    pub(super) named: Option<&'a str>,
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    Message(&'a Term, Option<Encoding>),
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
    Wrong {
        /// Where it differs, if it is nearly right.
        difference: Option<String>,
        /// Whether it is of the kind that is awaited.
        is_of_kind: bool,
    },
}

/// What a step waits for. Where there are no Close frames, the end of the stream stands for one.
pub(super) fn awaited(step: &Expect, has_close_frames: HasCloseFrames) -> Vec<Awaited<'_>> {
    let alone = |what| vec![Awaited { named: None, what }];
    let what_closes = |close| match has_close_frames {
        HasCloseFrames::Yes => What::Close(close),
        HasCloseFrames::No => What::Loss,
    };
    match step {
        Expect { json: Some(term), encoding, .. } => alone(What::Message(term, *encoding)),
        Expect { binary: Some(bytes), .. } => alone(What::Binary(bytes)),
        Expect { ping: Some(_), .. } => alone(What::Ping),
        Expect { pong: Some(text), .. } => alone(What::Pong(text)),
        Expect { close: Some(close), .. } => alone(what_closes(close)),
        Expect { end: Some(_), .. } => alone(What::End),
        Expect { loss: Some(_), .. } => alone(What::Loss),
        Expect { any_of, .. } => {
            let choices = any_of.iter().filter_map(|choice| {
                let message = choice
                    .json
                    .as_ref()
                    .map(|term| What::Message(term, None))
                    .or(choice.binary.as_ref().map(What::Binary));
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
    heard: &Heard<'_>,
    awaited: &[Awaited<'_>],
    skipping: Skipping<'_>,
    variables: &BTreeMap<String, Value>,
) -> Meaning {
    let (mut nearest, mut is_of_kind) = (None, false);
    for Awaited { named, what } in awaited {
        let matched = match (what, &heard.arrived.what, &heard.json) {
            (What::Message(_, Some(encoding)), arrival, Some(_)) if !travels(arrival, *encoding) => {
                nearest.get_or_insert_with(|| match encoding {
                    Encoding::Text => "the message is binary, and text is due".to_owned(),
                    Encoding::Binary => "the message is text, and a binary one is due".to_owned(),
                });
                None
            }
            (What::Message(term, _), _, Some(value)) => match term.matches(value, variables) {
                Ok(bindings) => Some(bindings),
                Err(mismatch) => {
                    is_of_kind |=
                        !mismatch.path.is_empty() && term.member("type").is_none_or(|due| value["type"] == due);
                    nearest = nearest.or(difference("message", mismatch));
                    None
                }
            },
            (What::Binary(expected), Arrival::Binary(bytes), _) => match compare(expected, bytes, variables) {
                Ok(()) => Some(Bindings::new()),
                Err(difference) => {
                    is_of_kind = true;
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
    if passes(skipping, heard, variables) {
        Meaning::PassOver
    } else {
        Meaning::Wrong { difference: nearest, is_of_kind }
    }
}

fn travels(arrival: &Arrival, encoding: Encoding) -> bool {
    matches!((arrival, encoding), (Arrival::Text(_), Encoding::Text) | (Arrival::Binary(_), Encoding::Binary))
}

/// Something that came, with its JSON form if it is a message that has one.
pub(super) struct Heard<'a> {
    arrived: &'a Arrived,
    pub(super) json: Option<Value>,
}

impl<'a> Heard<'a> {
    pub(super) fn new(arrived: &'a Arrived, packing: Option<Packing>) -> Self {
        let json = match (&arrived.what, packing) {
            (Arrival::Text(text), _) => serde_json::from_str(text).ok(),
            (Arrival::Binary(bytes), Some(packing)) => (packing.json)(bytes).ok(),
            _ => None,
        };
        Self { arrived, json }
    }
}

/// Messages with a JSON form, and others in bytes, that are passed over.
pub(super) type Skipping<'a> = (Option<&'a Term>, Option<&'a Bytes>);

/// Whether something is passed over.
pub(super) fn passes(skipping: Skipping<'_>, heard: &Heard<'_>, variables: &BTreeMap<String, Value>) -> bool {
    let (json, binary) = skipping;
    match (&heard.json, &heard.arrived.what) {
        (Some(value), _) => json.is_some_and(|term| term.matches(value, variables).is_ok()),
        (None, Arrival::Binary(bytes)) => binary.is_some_and(|wanted| compare(wanted, bytes, variables).is_ok()),
        _ => false,
    }
}

/// Where a message differs in a part of it.
pub(super) fn difference(kind: &str, mismatch: Mismatch) -> Option<String> {
    let Mismatch { path, expected, got } = mismatch;
    if path.is_empty() {
        return None;
    }
    let got = got.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let (expected, got) = where_they_differ(&expected, &got);
    Some(format!("the {kind} differs at {path}: expected {expected}, got {got}"))
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
