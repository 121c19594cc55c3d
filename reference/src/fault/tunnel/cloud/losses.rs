//! What becomes of requests, and of those that follow, when an agent is lost (TUN-20, TUN-21, WIRE-09).

use serde_json::Value;

use super::super::rule;
use super::shared::{How, shared};
use super::{Cloud, Row, opening};
use crate::fault::Fault;
use crate::fault::link::{Loss, Said, Way};

pub(super) const FAULTS: &[Fault] = &rule::faults::<Cloud, { RULES.len() }>(RULES);

/// Two faults for each way in which agents are lost: their requests are asked again of another, or this one's answer is lost.
macro_rules! rules {
    ($($name:literal, $others:literal, $how:ident, $what:literal, $breaks:tt;)* and $($rule:expr),* $(,)?) => {
        &[
            $(
                Row::told(
                    $name, &["TUN-20"],
                    concat!("asks again of another what was asked of an agent that was lost by ", $what),
                    |cloud, seen, _| {
                        let mut shared = shared();
                        let is_due = seen.is("HttpRequest") && shared.just_lost(cloud.number, |lost| lost.how == How::$how);
                        let again = shared.lost.as_mut().filter(|_| is_due)?.request.take()?;
                        Some(Said { onward: vec![again, seen.frame.clone()], ..Said::default() })
                    },
                ).causing(&["TUN-21"]),
                Row::heard(
                    $others, &$breaks, concat!("loses an answer after an agent was lost by ", $what), |cloud, seen, _| {
                        seen.drops_if(seen.is("HttpResponse") && shared().just_lost(cloud.number, |lost| lost.how == How::$how))
                    },
                ).causing(&["TUN-20", "TUN-21", "TUN-22", "TUN-23", "TUN-24", "TUN-25", "TUN-33", "WIRE-06", "WIRE-09"]),
            )*
            $($rule),*
        ]
    };
}

pub(super) const RULES: &[Row] = rules! {
    "asks-again-after-a-close", "deaf-after-a-close", Close, "a Close frame", ["TUN-20"];
    "asks-again-after-an-end", "deaf-after-an-end", End, "the end of TCP", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-reset", "deaf-after-a-reset", Reset, "a TCP reset", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-violation", "deaf-after-a-violation", Closed, "a violation", ["WIRE-06"];
    and
    Row::other("ignores-ends", &["WIRE-09"], "does not notice that an agent has ended TCP without a Close frame"),
    Row::other("ignores-resets", &["WIRE-09"], "does not notice that an agent's TCP connection was reset"),
    Row::heard("loses-those-of-earlier-agents", &["TUN-21"], "ends the requests of an earlier agent when a later one is lost", |cloud, seen, _| {
        let is_earlier = shared().lost.as_ref().is_some_and(|lost| lost.number > cloud.number);
        ends(cloud, seen.text("id"), is_earlier).and_then(|error| seen.is("HttpResponse").then(|| seen.instead(&error)))
    }),
    Row::heard("loses-those-of-later-agents", &["TUN-21"], "ends the requests of a later agent when an earlier one is lost", |cloud, seen, _| {
        let is_later = shared().lost.as_ref().is_some_and(|lost| lost.number < cloud.number);
        ends(cloud, seen.text("id"), is_later).and_then(|error| seen.is("HttpResponse").then(|| seen.instead(&error)))
    }),
};

/// What ends a request of an agent that has seen a loss, if it was asked before.
fn ends(cloud: &Cloud, id: &str, does: bool) -> Option<Value> {
    let has_seen = shared().agents.get(&cloud.number).is_some_and(|agent| agent.saw_a_loss);
    (does && has_seen).then(|| rule::error(&id.into(), 502))
}

/// Whether the other side is told that one has ended.
pub(super) fn is_told(cloud: &mut Cloud, way: Way, loss: Loss) -> bool {
    if way == Way::In && loss == Loss::Reset {
        opening::tell_of_loss(cloud);
    }
    match (cloud.fault, way) {
        ("ignores-ends", Way::In) => loss == Loss::Reset || cloud.has_closed,
        ("ignores-resets", Way::In) => loss != Loss::Reset,
        ("waits-forever", Way::Out) => cloud.first.is_some(),
        ("pings-count", Way::Out) => cloud.first.is_some() || !cloud.has_pinged,
        ("lingers", Way::Out) => false,
        ("lingers-after-an-empty-close", Way::Out) => !cloud.has_closed || !cloud.held.is_empty(),
        ("lingers-after-the-unheard", Way::Out) => cloud.first.is_some(),
        _ => true,
    }
}
