//! Mutants of answers, errors and invalid messages (TUN-21 to TUN-23).

use serde_json::{Value, json};

use super::super::rule::{self, TunnelFrame};
use super::shared::shared;
use super::{CloudMutant, CloudRule, messages};

/// An answer this long after its request is late, in ms.
const LATE: u128 = 380;

/// One mutant for each code of an Error that is replaced.
macro_rules! kinds {
    ($($name:literal: $code:literal => $other:literal;)*) => {
        &[
            $(
                CloudRule::received(
                    $name, &["TUN-21"],
                    concat!("answers with ", $other, " if the agent's Error has the code ", $code),
                    |_, observed, _| {
                        let is_due = observed.is("Error") && *observed.data("code") == $code;
                        is_due.then(|| observed.with("code", $other)).flatten()
                    },
                ).causing(&["TUN-33"]),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
    "404-is-502": 404 => 502;
    "429-is-503": 429 => 503;
    "599-is-500": 599 => 500;
    "504-is-502": 504 => 502;
    "200-is-500": 200 => 500;
};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::received(
        "codes-are-502",
        &["TUN-21"],
        "answers with 502 whatever code the agent's Error has",
        |_, observed, _| {
            (observed.is("Error") && observed.data("code").is_number())
                .then(|| observed.with("code", Value::Null))
                .flatten()
        },
    )
    .causing(&["TUN-33"]),
    CloudRule::received(
        "no-code-is-500",
        &["TUN-21"],
        "answers with 500 if the code of the agent's Error is null",
        |_, observed, _| {
            let is_null = observed.message["data"].get("code") == Some(&Value::Null);
            (observed.is("Error") && is_null).then(|| observed.with("code", 500)).flatten()
        },
    ),
    CloudRule::received(
        "absent-code-is-500",
        &["TUN-21"],
        "answers with 500 if the agent's Error has no code",
        |_, observed, _| {
            let is_absent = observed.message["data"].get("code").is_none() && observed.data("request_id").is_string();
            (observed.is("Error") && is_absent).then(|| observed.with("code", 500)).flatten()
        },
    ),
    CloudRule::received(
        "ends-any-request",
        &["TUN-21"],
        "ends the latest request for an Error without a request",
        |cloud, observed, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone());
            (observed.is("Error") && observed.data("request_id").is_null())
                .then(|| observed.with("request_id", latest))
                .flatten()
        },
    ),
    CloudRule::received(
        "ends-it-on-a-late-error",
        &["TUN-21", "TUN-22"],
        "ends the latest request for an Error about an answered one",
        |cloud, observed, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone());
            let is_late = cloud.request(observed.text("request_id")).is_some_and(|asked| asked.answers > 1);
            (observed.is("Error") && is_late).then(|| observed.with("request_id", latest)).flatten()
        },
    ),
    CloudRule::other("patient-with-agents", &["TUN-21"], "waits six times as long for an answer"),
    CloudRule::other("impatient-with-agents", &["TUN-21"], "waits for an answer only a third of the time")
        .causing(&["TUN-20", "TUN-23", "WIRE-06"]),
    CloudRule::received("hasty", &["TUN-21"], "drops an answer after 150 ms", |cloud, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && cloud.age(observed.text("id")) > 150)
    })
    .causing(&["TUN-20", "TUN-23", "WIRE-06", "WIRE-10"]),
    CloudRule::received(
        "late-answers-wait",
        &["TUN-22"],
        "answers the next request with an answer that came too late",
        |cloud, observed, _| {
            if !observed.is("HttpResponse") {
                return None;
            }
            if cloud.age(observed.text("id")) > LATE {
                cloud.held = vec![observed.frame.clone()];
                return None;
            }
            let held = cloud.held.pop()?;
            observed.with("body", rule::read(&held)["data"]["body"].clone())
        },
    ),
    CloudRule::received(
        "ends-on-late",
        &["TUN-22"],
        "disconnects on an answer that is too late",
        |cloud, observed, _| {
            (observed.is("HttpResponse") && cloud.age(observed.text("id")) > LATE)
                .then(|| observed.ended(1008))
                .flatten()
        },
    ),
    CloudRule::received(
        "ends-on-unknown",
        &["TUN-22"],
        "disconnects on an answer with an unknown id",
        |cloud, observed, _| {
            let is_unknown = cloud.is_let_in
                && is_answer(observed)
                && cloud.request(&id(observed)).is_none()
                && !id(observed).is_empty();
            is_unknown.then(|| observed.ended(1008)).flatten()
        },
    )
    .causing(&["TUN-20", "TUN-21", "WIRE-06"]),
    CloudRule::received("ends-on-second", &["TUN-22"], "disconnects on a second answer", |cloud, observed, _| {
        let is_second = cloud.request(&id(observed)).is_some_and(|asked| asked.answers > 1);
        (observed.is("HttpResponse") && is_second).then(|| observed.ended(1008)).flatten()
    }),
    CloudRule::received(
        "unknown-is-next",
        &["TUN-22"],
        "uses an answer with an unknown id for the latest request",
        |cloud, observed, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone())?;
            let is_unknown =
                observed.is("HttpResponse") && cloud.request(&id(observed)).is_none() && id(observed).len() > 1;
            is_unknown.then(|| observed.with("id", latest)).flatten()
        },
    )
    .causing(&["TUN-20"]),
    CloudRule::received(
        "second-is-next",
        &["TUN-22"],
        "uses a second answer for the latest request",
        |cloud, observed, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone())?;
            let is_second =
                observed.is("HttpResponse") && cloud.request(&id(observed)).is_some_and(|asked| asked.answers > 1);
            is_second.then(|| observed.with("id", latest)).flatten()
        },
    ),
    CloudRule::sent(
        "sulks-after-unknown",
        &["TUN-22"],
        "answers no Pings after an answer without a request",
        |cloud, observed, _| observed.drops_if(observed.is("Pong") && cloud.has_guessed),
    )
    .causing(&["TUN-30", "WIRE-06"]),
    CloudRule::sent(
        "sulks-after-malformed",
        &["TUN-22", "WIRE-06"],
        "answers no Pings after a malformed message",
        |cloud, observed, _| observed.drops_if(observed.is("Pong") && cloud.has_erred),
    ),
    CloudRule::received("any-status", &["TUN-22"], "replaces an invalid status with 200", |_, observed, _| {
        let is_invalid = observed.is("HttpResponse")
            && messages::is_malformed(observed.frame)
            && *observed.data("status") != json!(200);
        is_invalid.then(|| observed.with("status", 200)).flatten()
    })
    .causing(&["WIRE-06"]),
    CloudRule::received("strings-are-statuses", &["TUN-22"], "accepts a status that is a string", |_, observed, _| {
        (observed.is("HttpResponse") && observed.data("status") == "200")
            .then(|| observed.with("status", 200))
            .flatten()
    }),
    CloudRule::received(
        "malformed-is-502",
        &["TUN-22"],
        "ends a request with a malformed answer with 502",
        |_, observed, _| {
            let is_malformed = observed.is("HttpResponse")
                && messages::is_malformed(observed.frame)
                && *observed.data("status") == json!(200);
            is_malformed.then(|| observed.instead(&rule::error(observed.data("id"), 502)))
        },
    )
    .causing(&["WIRE-06"]),
    CloudRule::received(
        "ends-on-orphans",
        &["TUN-22", "TUN-23"],
        "closes an agent that answers a client that has left",
        |cloud, observed, _| {
            (observed.is("HttpResponse") && !orphans(cloud).is_empty()).then(|| observed.ended(1008)).flatten()
        },
    ),
    CloudRule::received(
        "orphans-find-a-home",
        &["TUN-23", "TUN-20"],
        "returns the answer for a client that has left to another one",
        |cloud, observed, _| {
            if !observed.is("HttpResponse") {
                return None;
            }
            let orphans = orphans(cloud);
            let mut held = cloud.held.iter().map(rule::read);
            let orphan = held.find(|held| orphans.iter().any(|orphan| held["data"]["id"] == *orphan));
            cloud.held.truncate(3);
            cloud.held.insert(0, observed.frame.clone());
            let orphan = orphan.filter(|_| !orphans.contains(&id(observed)))?;
            observed.with("body", orphan["data"]["body"].clone())
        },
    ),
    CloudRule::sent(
        "sulks-after-orphans",
        &["TUN-22"],
        "answers no Pings after many clients have left",
        |_, observed, _| {
            let is_due = observed.is("Pong") && shared().orphans.len() > 100;
            if is_due {
                shared().orphans.clear();
            }
            observed.drops_if(is_due)
        },
    ),
    CloudRule::sent(
        "leaks-slots",
        &["TUN-23"],
        "loses a request after a hundred clients have left before their answer",
        |_, observed, _| {
            let is_full = observed.is("HttpRequest") && shared().orphans.len() > 100;
            if is_full {
                shared().orphans.clear();
            }
            observed.drops_if(is_full)
        },
    ),
];

fn is_answer(observed: &TunnelFrame<'_>) -> bool {
    observed.is("HttpResponse") || observed.is("Error")
}

fn id(observed: &TunnelFrame<'_>) -> String {
    [observed.text("id"), observed.text("request_id")].concat()
}

/// Requests that were answered after their clients had left.
fn orphans(cloud: &CloudMutant) -> Vec<String> {
    let shared = shared();
    let is_orphan = |url: &Value| shared.orphans.iter().any(|orphan| url == orphan);
    let answered = cloud.asked.iter().filter(|asked| asked.answers > 0);
    answered.filter(|asked| is_orphan(&asked.message["data"]["url"])).map(|asked| asked.id.clone()).collect()
}
