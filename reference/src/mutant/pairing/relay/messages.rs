//! Mutants of `ping` and of decoding: PAIR-50, PAIR-51, WIRE-01, WIRE-02.

use std::time::Duration;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pongs-to-hosts", &["PAIR-50"], "does not answer pings of hosts").starving(),
    Mutant::new("no-pongs-to-viewers", &["PAIR-50"], "does not answer pings of viewers").starving(),
    Mutant::new("no-pongs-when-joined", &["PAIR-50"], "does not answer pings of viewers that have joined").starving(),
    Mutant::new("whole-numbers", &["PAIR-50"], "drops the fraction of a number"),
    Mutant::new("positive-numbers", &["PAIR-50"], "drops the sign of a number"),
    Mutant::new("even-numbers", &["PAIR-50"], "drops the last bit of numbers beyond 2^50"),
    Mutant::new("bounded-numbers", &["PAIR-50"], "truncates numbers to 64 bits"),
    Mutant::new("few-digits", &["PAIR-50"], "keeps only three decimal places"),
    Mutant::new("forwards-pings", &["PAIR-51"], "forwards later pings of a host with the next data")
        .causing(&["WIRE-01", "WIRE-12"]),
    Mutant::new("forwards-pings-of-viewers", &["PAIR-51"], "forwards later pings of a viewer with the next data")
        .causing(&["WIRE-01"]),
    Mutant::new("strict-space", &["WIRE-01"], "rejects messages with leading white space"),
    Mutant::new("strict-escapes", &["WIRE-01"], "rejects types that are written with escapes"),
    Mutant::new("one-a-segment", &["WIRE-01"], "loses a `ping` that arrives before another is answered"),
    Mutant::new("strict-pings", &["WIRE-02"], "rejects pings with unknown members"),
    Mutant::new("strict-joins", &["WIRE-02"], "rejects joins with unknown members"),
    Mutant::new("strict-data", &["WIRE-02"], "rejects data with unknown members").causing(&["WIRE-06"]),
];

/// Frames this close together count as one segment.
const AT_ONCE: Duration = Duration::from_millis(3);

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let members = observed.message.as_object().map_or(0, serde_json::Map::len);
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::In, "forwards-pings", "ping") if relay.is_host && relay.asks_again(observed, state) => {
            relay.slip_in(observed, state)
        }
        (Flow::In, "forwards-pings-of-viewers", "ping") if !relay.is_host && relay.asks_again(observed, state) => {
            relay.slip_in(observed, state)
        }
        (Flow::Out, "forwards-pings", "data") if !relay.is_host => relay.behind_what_slipped_in(observed, state),
        (Flow::Out, "forwards-pings-of-viewers", "data") if relay.is_host => {
            relay.behind_what_slipped_in(observed, state)
        }
        (Flow::In, "strict-space", _) if observed.frame.head == TEXT && observed.raw().starts_with(' ') => {
            Some(observed.refused("INVALID_MESSAGE"))
        }
        (Flow::In, "strict-escapes", "ping") if observed.raw().contains("\\u") => {
            Some(observed.refused("INVALID_MESSAGE"))
        }
        (Flow::In, "one-a-segment", "ping") if observed.message["ts"].is_number() => {
            Some(match std::mem::replace(&mut relay.is_asked, true) {
                true => Effect::nothing(),
                false => Effect::late(observed.frame, AT_ONCE),
            })
        }
        (Flow::Out, "one-a-segment", "pong") => {
            relay.is_asked = false;
            None
        }
        (Flow::In, "strict-pings", "ping") | (Flow::In, "strict-joins", "join") | (Flow::In, "strict-data", "data")
            if members > 2 =>
        {
            Some(observed.refused("INVALID_MESSAGE"))
        }
        (Flow::Out, _, "pong") => pong(relay, observed),
        _ => None,
    }
}

fn pong(relay: &PairingLink, observed: &Observed<'_>) -> Option<Effect> {
    let number = observed.message["ts"].as_f64()?;
    let reported = match relay.mutant {
        "no-pongs-to-hosts" if relay.is_host => return Some(Effect::nothing()),
        "no-pongs-to-viewers" if !relay.is_host => return Some(Effect::nothing()),
        "no-pongs-when-joined" if !relay.is_host && relay.code.is_some() => return Some(Effect::nothing()),
        "whole-numbers" => number.trunc(),
        "positive-numbers" => number.abs(),
        "even-numbers" if (2.0_f64.powi(50)..2.0_f64.powi(53)).contains(&number) => number - number % 2.0,
        "bounded-numbers" => number.min(1.8e19),
        "few-digits" => (number * 1e3).round() / 1e3,
        _ => return None,
    };
    #[expect(clippy::float_cmp, reason = "the same number is left as it is written")]
    (reported != number).then(|| observed.with("ts", reported))
}

impl PairingLink {
    /// Whether it sends a `ping` after an earlier one since it was paired.
    fn asks_again(&mut self, observed: &Observed<'_>, state: &mut Links) -> bool {
        let is_paired = self.partner(state).is_some() && observed.message["ts"].is_number();
        self.questions += usize::from(is_paired);
        is_paired && self.questions > 1
    }
}
