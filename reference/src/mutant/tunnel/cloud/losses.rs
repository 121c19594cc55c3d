//! What becomes of requests, and of those that follow, when an agent is lost (TUN-20, TUN-21, WIRE-09).

use serde_json::Value;

use super::super::rule;
use super::shared::{How, Lost, shared};
use super::{Cloud, Row, opening};
use crate::mutant::link::{Loss, Said, Way};

/// Two mutants for each way to lose an agent: its request is asked again of another, or the other's next answer is lost.
macro_rules! kinds {
    ($($name:literal, $others:literal, $how:ident, $what:literal, $breaks:tt;)*) => {
        &[
            $(
                Row::told(
                    $name, &["TUN-20"],
                    concat!("asks again of another what was asked of an agent that was lost by ", $what),
                    |cloud, seen, _| {
                        let mut shared = shared();
                        let is_so = |lost: &Lost| lost.how == How::$how;
                        let is_due = seen.is("HttpRequest") && shared.just_lost(cloud.number, is_so);
                        let again = shared.lost.as_mut().filter(|_| is_due)?.request.take()?;
                        Some(Said { onward: vec![again, seen.frame.clone()], ..Said::default() })
                    },
                ).causing(&["TUN-21"]),
                Row::heard(
                    $others, &$breaks, concat!("loses an answer after an agent was lost by ", $what), |cloud, seen, _| {
                        let is_so = |lost: &Lost| lost.how == How::$how;
                        seen.drops_if(seen.is("HttpResponse") && shared().just_lost(cloud.number, is_so))
                    },
                ).causing(&["TUN-20", "TUN-21", "TUN-22", "TUN-23", "TUN-24", "TUN-25", "TUN-33", "WIRE-06", "WIRE-09"]),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    "asks-again-after-a-close", "deaf-after-a-close", Close, "a Close frame", ["TUN-21", "TUN-20"];
    "asks-again-after-an-end", "deaf-after-an-end", End, "the end of TCP", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-reset", "deaf-after-a-reset", Reset, "a TCP reset", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-violation", "deaf-after-a-violation", Closed, "a violation", ["TUN-21", "WIRE-06"];
};

pub(super) const RULES: &[Row] = &[
    Row::other("ignores-ends", &["WIRE-09"], "does not notice that an agent has ended TCP without a Close frame")
        .causing(&["TUN-21"]),
    Row::other("ignores-resets", &["WIRE-09"], "does not notice that an agent's TCP connection was reset")
        .causing(&["TUN-21"]),
    Row::heard(
        "loses-those-of-earlier-agents",
        &["TUN-21"],
        "ends the requests of an earlier agent when a later one is lost",
        |cloud, seen, _| {
            let is_earlier = shared().lost.as_ref().is_some_and(|lost| lost.number > cloud.number);
            ends(cloud, seen.text("id"), is_earlier)
                .and_then(|error| seen.is("HttpResponse").then(|| seen.instead(&error)))
        },
    )
    .causing(&["TUN-20", "WIRE-06"]),
    Row::heard(
        "loses-those-of-later-agents",
        &["TUN-21"],
        "ends the requests of a later agent when an earlier one is lost",
        |cloud, seen, _| {
            let is_later = shared().lost.as_ref().is_some_and(|lost| lost.number < cloud.number);
            ends(cloud, seen.text("id"), is_later)
                .and_then(|error| seen.is("HttpResponse").then(|| seen.instead(&error)))
        },
    )
    .causing(&["TUN-20", "WIRE-06"]),
];

/// What ends a request that was asked before a loss, if it does.
fn ends(cloud: &Cloud, id: &str, does: bool) -> Option<Value> {
    let shared = shared();
    let lost_another = shared.agents.get(&cloud.number).is_some_and(|agent| agent.lost_another);
    let lost_at = shared.lost.as_ref().map_or(0, |lost| lost.at);
    let is_old = cloud.request(id).is_some_and(|asked| asked.at <= lost_at);
    (does && lost_another && is_old).then(|| rule::error(&id.into(), 502))
}

/// Whether the other side is told that one has ended.
pub(super) fn is_told(cloud: &mut Cloud, way: Way, loss: Loss) -> bool {
    if way == Way::In && loss == Loss::Reset {
        opening::tell_of_loss(cloud);
    }
    match (cloud.mutant, way) {
        ("ignores-ends", Way::In) => loss == Loss::Reset || cloud.has_closed,
        ("ignores-resets", Way::In) => loss != Loss::Reset,
        ("waits-forever", Way::Out) => cloud.first.is_some() || !cloud.is_refused,
        ("pings-count", Way::Out) => cloud.first.is_some() || !cloud.has_pinged || !cloud.is_refused,
        ("lingers", Way::Out) => false,
        ("lingers-after-an-empty-close", Way::Out) => !cloud.has_closed || !cloud.held.is_empty(),
        ("lingers-after-the-unheard", Way::Out) => cloud.first.is_some(),
        _ => true,
    }
}
