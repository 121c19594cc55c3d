//! Mutants of `ping`, and of reading messages: PAIR-50, PAIR-51, WIRE-01, WIRE-02.

use std::time::Duration;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pongs-to-hosts", &["PAIR-50"], "does not answer pings of hosts").starving(),
    Mutant::new("no-pongs-to-viewers", &["PAIR-50"], "does not answer pings of viewers").starving(),
    Mutant::new("no-pongs-when-joined", &["PAIR-50"], "does not answer pings of viewers that have joined").starving(),
    Mutant::new("whole-numbers", &["PAIR-50"], "cuts the fraction of a number"),
    Mutant::new("positive-numbers", &["PAIR-50"], "loses the sign of a number"),
    Mutant::new("even-numbers", &["PAIR-50"], "loses the last bit of numbers beyond 2 to the power of 50"),
    Mutant::new("bounded-numbers", &["PAIR-50"], "cuts numbers to 64 bits"),
    Mutant::new("few-digits", &["PAIR-50"], "keeps three digits behind the point"),
    Mutant::new(
        "forwards-pings",
        &["PAIR-51"],
        "passes on the second ping of a host and later ones, with the data that follows",
    )
    .causing(&["WIRE-01", "WIRE-12"]),
    Mutant::new(
        "forwards-pings-of-viewers",
        &["PAIR-51"],
        "passes on the second ping of a viewer and later ones, with the data that follows",
    )
    .causing(&["WIRE-01"]),
    Mutant::new("strict-space", &["WIRE-01"], "knows no message that begins with a blank"),
    Mutant::new("strict-escapes", &["WIRE-01"], "knows no type that is written with escapes"),
    Mutant::new("one-a-segment", &["WIRE-01"], "loses a `ping` that comes before another is answered"),
    Mutant::new("strict-pings", &["WIRE-02"], "refuses pings with members that it does not know"),
    Mutant::new("strict-joins", &["WIRE-02"], "refuses joins with members that it does not know"),
    Mutant::new("strict-data", &["WIRE-02"], "refuses data with members that it does not know").causing(&["WIRE-06"]),
];

/// What comes so soon upon another has come with it.
const AT_ONCE: Duration = Duration::from_millis(3);

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let members = seen.message.as_object().map_or(0, serde_json::Map::len);
    match (seen.way, relay.mutant, seen.kind) {
        (Way::In, "forwards-pings", "ping") if relay.is_host && relay.asks_again(seen, house) => {
            relay.slip_in(seen, house)
        }
        (Way::In, "forwards-pings-of-viewers", "ping") if !relay.is_host && relay.asks_again(seen, house) => {
            relay.slip_in(seen, house)
        }
        (Way::Out, "forwards-pings", "data") if !relay.is_host => relay.behind_what_slipped_in(seen, house),
        (Way::Out, "forwards-pings-of-viewers", "data") if relay.is_host => relay.behind_what_slipped_in(seen, house),
        (Way::In, "strict-space", _) if seen.frame.head == TEXT && seen.raw().starts_with(' ') => {
            Some(seen.refused("INVALID_MESSAGE"))
        }
        (Way::In, "strict-escapes", "ping") if seen.raw().contains("\\u") => Some(seen.refused("INVALID_MESSAGE")),
        (Way::In, "one-a-segment", "ping") if seen.message["ts"].is_number() => {
            Some(match std::mem::replace(&mut relay.is_asked, true) {
                true => Said::nothing(),
                false => Said::late(seen.frame, AT_ONCE),
            })
        }
        (Way::Out, "one-a-segment", "pong") => {
            relay.is_asked = false;
            None
        }
        (Way::In, "strict-pings", "ping") | (Way::In, "strict-joins", "join") | (Way::In, "strict-data", "data")
            if members > 2 =>
        {
            Some(seen.refused("INVALID_MESSAGE"))
        }
        (Way::Out, _, "pong") => pong(relay, seen),
        _ => None,
    }
}

fn pong(relay: &Relay, seen: &Seen<'_>) -> Option<Said> {
    let number = seen.message["ts"].as_f64()?;
    let told = match relay.mutant {
        "no-pongs-to-hosts" if relay.is_host => return Some(Said::nothing()),
        "no-pongs-to-viewers" if !relay.is_host => return Some(Said::nothing()),
        "no-pongs-when-joined" if !relay.is_host && relay.code.is_some() => return Some(Said::nothing()),
        "whole-numbers" => number.trunc(),
        "positive-numbers" => number.abs(),
        "even-numbers" if (2.0_f64.powi(50)..2.0_f64.powi(53)).contains(&number) => number - number % 2.0,
        "bounded-numbers" => number.min(1.8e19),
        "few-digits" => (number * 1e3).round() / 1e3,
        _ => return None,
    };
    #[expect(clippy::float_cmp, reason = "the same number is left as it is written")]
    (told != number).then(|| seen.with("ts", told))
}

impl Relay {
    /// Whether it sends a `ping` and has sent one before, since it is paired.
    fn asks_again(&mut self, seen: &Seen<'_>, house: &mut House) -> bool {
        let is_paired = self.partner(house).is_some() && seen.message["ts"].is_number();
        self.questions += usize::from(is_paired);
        is_paired && self.questions > 1
    }
}
