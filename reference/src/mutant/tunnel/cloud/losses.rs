//! Mutants of lost agents and their requests (TUN-20, TUN-21, WIRE-09).

use serde_json::Value;

use super::super::rule;
use super::shared::{AgentLoss, LostAgent, shared};
use super::{CloudMutant, CloudRule, opening};
use crate::mutant::link::{Effect, Flow, Loss};

/// Two mutants for each kind of loss: one forwards the request to another agent, one loses another agent's next answer.
macro_rules! kinds {
    ($($name:literal, $others:literal, $how:ident, $what:literal, $breaks:tt;)*) => {
        &[
            $(
                CloudRule::sent(
                    $name, &["TUN-20"],
                    concat!("forwards the requests of an agent to another one after a loss by ", $what),
                    |cloud, observed, _| {
                        let mut shared = shared();
                        let is_so = |lost: &LostAgent| lost.how == AgentLoss::$how;
                        let is_due = observed.is("HttpRequest") && shared.just_lost(cloud.number, is_so);
                        let again = shared.lost.as_mut().filter(|_| is_due)?.request.take()?;
                        Some(Effect { onward: vec![again, observed.frame.clone()], ..Effect::default() })
                    },
                ).causing(&["TUN-21"]),
                CloudRule::received(
                    $others, &$breaks, concat!("loses an answer after the loss of an agent by ", $what), |cloud, observed, _| {
                        let is_so = |lost: &LostAgent| lost.how == AgentLoss::$how;
                        observed.drops_if(observed.is("HttpResponse") && shared().just_lost(cloud.number, is_so))
                    },
                ).causing(&["TUN-20", "TUN-21", "TUN-22", "TUN-23", "TUN-24", "TUN-25", "TUN-33", "WIRE-06", "WIRE-09"]),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
    "asks-again-after-a-close", "deaf-after-a-close", Close, "a Close frame", ["TUN-21", "TUN-20"];
    "asks-again-after-an-end", "deaf-after-an-end", End, "the end of TCP", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-reset", "deaf-after-a-reset", Reset, "a TCP reset", ["TUN-21", "WIRE-09"];
    "asks-again-after-a-violation", "deaf-after-a-violation", Closed, "a violation", ["TUN-21", "WIRE-06"];
};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::other("ignores-ends", &["WIRE-09"], "does not notice when an agent ends TCP without a Close frame")
        .causing(&["TUN-21"]),
    CloudRule::other("ignores-resets", &["WIRE-09"], "does not notice when an agent's TCP connection is reset")
        .causing(&["TUN-21"]),
    CloudRule::received(
        "loses-those-of-earlier-agents",
        &["TUN-21"],
        "ends the requests of an earlier agent when a later one is lost",
        |cloud, observed, _| {
            let is_earlier = shared().lost.as_ref().is_some_and(|lost| lost.number > cloud.number);
            ends(cloud, observed.text("id"), is_earlier)
                .and_then(|error| observed.is("HttpResponse").then(|| observed.instead(&error)))
        },
    )
    .causing(&["TUN-20", "WIRE-06"]),
    CloudRule::received(
        "loses-those-of-later-agents",
        &["TUN-21"],
        "ends the requests of a later agent when an earlier one is lost",
        |cloud, observed, _| {
            let is_later = shared().lost.as_ref().is_some_and(|lost| lost.number < cloud.number);
            ends(cloud, observed.text("id"), is_later)
                .and_then(|error| observed.is("HttpResponse").then(|| observed.instead(&error)))
        },
    )
    .causing(&["TUN-20", "WIRE-06"]),
];

fn ends(cloud: &CloudMutant, id: &str, does: bool) -> Option<Value> {
    let shared = shared();
    let lost_another = shared.agents.get(&cloud.number).is_some_and(|agent| agent.lost_another);
    let lost_at = shared.lost.as_ref().map_or(0, |lost| lost.at);
    let is_old = cloud.request(id).is_some_and(|asked| asked.at <= lost_at);
    (does && lost_another && is_old).then(|| rule::error(&id.into(), 502))
}

pub(super) fn is_forwarded(cloud: &mut CloudMutant, flow: Flow, loss: Loss) -> bool {
    if flow == Flow::In && loss == Loss::Reset {
        opening::tell_of_loss(cloud);
    }
    match (cloud.mutant, flow) {
        ("ignores-ends", Flow::In) => loss == Loss::Reset || cloud.has_closed,
        ("ignores-resets", Flow::In) => loss != Loss::Reset,
        ("waits-forever", Flow::Out) => cloud.first.is_some() || !cloud.is_refused,
        ("pings-count", Flow::Out) => cloud.first.is_some() || !cloud.has_pinged || !cloud.is_refused,
        ("lingers", Flow::Out) => false,
        ("lingers-after-an-empty-close", Flow::Out) => !cloud.has_closed || !cloud.held.is_empty(),
        ("lingers-after-the-unheard", Flow::Out) => cloud.first.is_some(),
        _ => true,
    }
}
