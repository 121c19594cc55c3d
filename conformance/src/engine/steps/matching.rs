//! Compares what was received with what a step waits for: whether it matches, is skipped, or differs, and where.

use relayspec::family::Packing;
use serde_json::Value;

use crate::scenario::step::{CloseIs, Encoding, EventIs, Expect};
use crate::scenario::{Bindings, Bytes, Mismatch, Term};
use crate::transport::{Arrival, StampedArrival};

/// Something that a step waits for.
pub(super) struct Awaited<'a> {
    pub(super) named: Option<&'a str>,
    pub(super) what: Expectation<'a>,
}

pub(super) enum Expectation<'a> {
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

/// The result of comparing an arrival with what a step waits for.
pub(super) enum MatchResult {
    Matched {
        named: Option<String>,
        bindings: Bindings,
    },
    Skipped,
    Different {
        /// Where it differs, if it is similar.
        difference: Option<String>,
        /// Whether it is of the awaited kind.
        is_of_kind: bool,
    },
}

/// What a step waits for. Without Close frames, the end of the stream replaces them.
pub(super) fn awaited(step: &Expect, has_close_frames: HasCloseFrames) -> Vec<Awaited<'_>> {
    let alone = |what| vec![Awaited { named: None, what }];
    let what_closes = |close| match has_close_frames {
        HasCloseFrames::Yes => Expectation::Close(close),
        HasCloseFrames::No => Expectation::Loss,
    };
    match step {
        Expect { json: Some(term), encoding, .. } => alone(Expectation::Message(term, *encoding)),
        Expect { binary: Some(bytes), .. } => alone(Expectation::Binary(bytes)),
        Expect { ping: Some(_), .. } => alone(Expectation::Ping),
        Expect { pong: Some(text), .. } => alone(Expectation::Pong(text)),
        Expect { close: Some(close), .. } => alone(what_closes(close)),
        Expect { end: Some(_), .. } => alone(Expectation::End),
        Expect { loss: Some(_), .. } => alone(Expectation::Loss),
        Expect { any_of, .. } => {
            let choices = any_of.iter().filter_map(|choice| {
                let message = choice
                    .json
                    .as_ref()
                    .map(|term| Expectation::Message(term, None))
                    .or(choice.binary.as_ref().map(Expectation::Binary));
                let close = choice.close.as_ref().map(what_closes);
                let event = choice.event.as_ref().map(Expectation::Event);
                let what = message.or(close).or(choice.loss.map(|_| Expectation::Loss)).or(event)?;
                Some(Awaited { named: choice.named.as_deref(), what })
            });
            choices.collect()
        }
    }
}

/// Compares something received with what a step waits for.
pub(super) fn match_received(
    received: &Received<'_>,
    awaited: &[Awaited<'_>],
    skipping: Skipping<'_>,
    variables: &Bindings,
) -> MatchResult {
    let (mut nearest, mut is_of_kind) = (None, false);
    for Awaited { named, what } in awaited {
        let matched = match (what, &received.arrived.what, &received.json) {
            (Expectation::Message(_, Some(encoding)), arrival, Some(_)) if !travels(arrival, *encoding) => {
                nearest.get_or_insert_with(|| match encoding {
                    Encoding::Text => "the message is binary instead of text".to_owned(),
                    Encoding::Binary => "the message is text instead of binary".to_owned(),
                });
                None
            }
            (Expectation::Message(term, _), _, Some(value)) => match term.matches(value, variables) {
                Ok(bindings) => Some(bindings),
                Err(mismatch) => {
                    is_of_kind |=
                        !mismatch.path.is_empty() && term.member("type").is_none_or(|due| value["type"] == due);
                    nearest = nearest.or(difference("message", mismatch));
                    None
                }
            },
            (Expectation::Binary(expected), Arrival::Binary(bytes), _) => {
                match byte_difference(expected, bytes, variables) {
                    None => Some(Bindings::new()),
                    Some(difference) => {
                        is_of_kind = true;
                        nearest.get_or_insert(difference);
                        None
                    }
                }
            }
            (Expectation::Close(expected), Arrival::Close { code, reason }, _) if fits(expected, *code, reason) => {
                Some(Bindings::new())
            }
            (Expectation::End, Arrival::Close { .. }, _) => return MatchResult::Skipped,
            (Expectation::End, Arrival::End(_), _)
            | (Expectation::Loss, Arrival::Close { .. } | Arrival::End(_), _) => Some(Bindings::new()),
            _ => None,
        };
        if let Some(bindings) = matched {
            return MatchResult::Matched { named: named.map(str::to_owned), bindings };
        }
    }
    if is_skipped(skipping, received, variables) {
        MatchResult::Skipped
    } else {
        MatchResult::Different { difference: nearest, is_of_kind }
    }
}

fn travels(arrival: &Arrival, encoding: Encoding) -> bool {
    matches!((arrival, encoding), (Arrival::Text(_), Encoding::Text) | (Arrival::Binary(_), Encoding::Binary))
}

/// Something received, with its JSON form if it has one.
pub(super) struct Received<'a> {
    arrived: &'a StampedArrival,
    pub(super) json: Option<Value>,
}

impl<'a> Received<'a> {
    pub(super) fn new(arrived: &'a StampedArrival, packing: Option<Packing>) -> Self {
        let json = match (&arrived.what, packing) {
            (Arrival::Text(text), _) => serde_json::from_str(text).ok(),
            (Arrival::Binary(bytes), Some(packing)) => (packing.json)(bytes).ok(),
            _ => None,
        };
        Self { arrived, json }
    }
}

/// Messages with a JSON form, and other binary messages, that are skipped.
pub(super) type Skipping<'a> = (Option<&'a Term>, Option<&'a Bytes>);

/// Whether something is skipped.
pub(super) fn is_skipped(skipping: Skipping<'_>, received: &Received<'_>, variables: &Bindings) -> bool {
    let (json, binary) = skipping;
    match (&received.json, &received.arrived.what) {
        (Some(value), _) => json.is_some_and(|term| term.matches(value, variables).is_ok()),
        (None, Arrival::Binary(bytes)) => {
            binary.is_some_and(|wanted| byte_difference(wanted, bytes, variables).is_none())
        }
        _ => false,
    }
}

/// Where a message differs, unless it differs as a whole.
pub(super) fn difference(kind: &str, mismatch: Mismatch) -> Option<String> {
    let Mismatch { path, expected, got } = mismatch;
    if path.is_empty() {
        return None;
    }
    let got = got.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let (expected, got) = where_they_differ(&expected, &got);
    Some(format!("the {kind} differs at {path}: expected {expected}, got {got}"))
}

/// How received bytes differ from what is expected, if they do.
fn byte_difference(expected: &Bytes, got: &[u8], variables: &Bindings) -> Option<String> {
    match expected.expected(variables) {
        Ok(expected) => expected.compare(got).err().map(|difference| difference.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn fits(expected: &CloseIs, code: Option<u16>, reason: &str) -> bool {
    let right_code = expected.code.is_empty() || code.is_some_and(|code| expected.code.contains(&code));
    right_code && expected.reason.as_ref().is_none_or(|expected| expected == reason)
}

/// Excerpts of two long texts around their first difference.
fn where_they_differ(expected: &str, got: &str) -> (String, String) {
    const SHORT: usize = 100;
    let common = expected.chars().zip(got.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let length = text.chars().count();
        if length <= SHORT {
            return text.to_owned();
        }
        let around: String = text.chars().skip(common.saturating_sub(10)).take(40).collect();
        format!("…{}… (of {length} characters, different from character {})", around, common + 1)
    };
    (part(expected), part(got))
}
