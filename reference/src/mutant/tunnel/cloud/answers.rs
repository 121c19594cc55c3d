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
                    |_, seen, _| {
                        let is_due = seen.is("Error") && *seen.data("code") == $code;
                        is_due.then(|| seen.with("code", $other)).flatten()
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
        |_, seen, _| {
            (seen.is("Error") && seen.data("code").is_number()).then(|| seen.with("code", Value::Null)).flatten()
        },
    )
    .causing(&["TUN-33"]),
    CloudRule::received(
        "no-code-is-500",
        &["TUN-21"],
        "answers with 500 if the code of the agent's Error is null",
        |_, seen, _| {
            let is_null = seen.message["data"].get("code") == Some(&Value::Null);
            (seen.is("Error") && is_null).then(|| seen.with("code", 500)).flatten()
        },
    ),
    CloudRule::received(
        "absent-code-is-500",
        &["TUN-21"],
        "answers with 500 if the agent's Error has no code",
        |_, seen, _| {
            let is_absent = seen.message["data"].get("code").is_none() && seen.data("request_id").is_string();
            (seen.is("Error") && is_absent).then(|| seen.with("code", 500)).flatten()
        },
    ),
    CloudRule::received(
        "ends-any-request",
        &["TUN-21"],
        "ends the latest request for an Error without a request",
        |cloud, seen, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone());
            (seen.is("Error") && seen.data("request_id").is_null()).then(|| seen.with("request_id", latest)).flatten()
        },
    ),
    CloudRule::received(
        "ends-it-on-a-late-error",
        &["TUN-21", "TUN-22"],
        "ends the latest request for an Error about an answered one",
        |cloud, seen, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone());
            let is_late = cloud.request(seen.text("request_id")).is_some_and(|asked| asked.answers > 1);
            (seen.is("Error") && is_late).then(|| seen.with("request_id", latest)).flatten()
        },
    ),
    CloudRule::other("patient-with-agents", &["TUN-21"], "waits six times as long for an answer"),
    CloudRule::other("impatient-with-agents", &["TUN-21"], "waits for an answer only a third of the time")
        .causing(&["TUN-20", "TUN-23", "WIRE-06"]),
    CloudRule::received("hasty", &["TUN-21"], "drops an answer after 150 ms", |cloud, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && cloud.age(seen.text("id")) > 150)
    })
    .causing(&["TUN-20", "TUN-23", "WIRE-06", "WIRE-10"]),
    CloudRule::received(
        "late-answers-wait",
        &["TUN-22"],
        "answers the next request with an answer that came too late",
        |cloud, seen, _| {
            if !seen.is("HttpResponse") {
                return None;
            }
            if cloud.age(seen.text("id")) > LATE {
                cloud.held = vec![seen.frame.clone()];
                return None;
            }
            let held = cloud.held.pop()?;
            seen.with("body", rule::read(&held)["data"]["body"].clone())
        },
    ),
    CloudRule::received("ends-on-late", &["TUN-22"], "disconnects on an answer that is too late", |cloud, seen, _| {
        (seen.is("HttpResponse") && cloud.age(seen.text("id")) > LATE).then(|| seen.ended(1008)).flatten()
    }),
    CloudRule::received(
        "ends-on-unknown",
        &["TUN-22"],
        "disconnects on an answer with an unknown id",
        |cloud, seen, _| {
            let is_unknown =
                cloud.is_let_in && is_answer(seen) && cloud.request(&id(seen)).is_none() && !id(seen).is_empty();
            is_unknown.then(|| seen.ended(1008)).flatten()
        },
    )
    .causing(&["TUN-20", "TUN-21", "WIRE-06"]),
    CloudRule::received("ends-on-second", &["TUN-22"], "disconnects on a second answer", |cloud, seen, _| {
        let is_second = cloud.request(&id(seen)).is_some_and(|asked| asked.answers > 1);
        (seen.is("HttpResponse") && is_second).then(|| seen.ended(1008)).flatten()
    }),
    CloudRule::received(
        "unknown-is-next",
        &["TUN-22"],
        "uses an answer with an unknown id for the latest request",
        |cloud, seen, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone())?;
            let is_unknown = seen.is("HttpResponse") && cloud.request(&id(seen)).is_none() && id(seen).len() > 1;
            is_unknown.then(|| seen.with("id", latest)).flatten()
        },
    )
    .causing(&["TUN-20"]),
    CloudRule::received(
        "second-is-next",
        &["TUN-22"],
        "uses a second answer for the latest request",
        |cloud, seen, _| {
            let latest = cloud.open().last().map(|asked| asked.id.clone())?;
            let is_second = seen.is("HttpResponse") && cloud.request(&id(seen)).is_some_and(|asked| asked.answers > 1);
            is_second.then(|| seen.with("id", latest)).flatten()
        },
    ),
    CloudRule::sent(
        "sulks-after-unknown",
        &["TUN-22"],
        "answers no Pings after an answer without a request",
        |cloud, seen, _| seen.drops_if(seen.is("Pong") && cloud.has_guessed),
    )
    .causing(&["TUN-30", "WIRE-06"]),
    CloudRule::sent(
        "sulks-after-malformed",
        &["TUN-22", "WIRE-06"],
        "answers no Pings after a malformed message",
        |cloud, seen, _| seen.drops_if(seen.is("Pong") && cloud.has_erred),
    ),
    CloudRule::received("any-status", &["TUN-22"], "replaces an invalid status with 200", |_, seen, _| {
        let is_invalid =
            seen.is("HttpResponse") && messages::is_malformed(seen.frame) && *seen.data("status") != json!(200);
        is_invalid.then(|| seen.with("status", 200)).flatten()
    })
    .causing(&["WIRE-06"]),
    CloudRule::received("strings-are-statuses", &["TUN-22"], "accepts a status that is a string", |_, seen, _| {
        (seen.is("HttpResponse") && seen.data("status") == "200").then(|| seen.with("status", 200)).flatten()
    }),
    CloudRule::received(
        "malformed-is-502",
        &["TUN-22"],
        "ends a request with a malformed answer with 502",
        |_, seen, _| {
            let is_malformed =
                seen.is("HttpResponse") && messages::is_malformed(seen.frame) && *seen.data("status") == json!(200);
            is_malformed.then(|| seen.instead(&rule::error(seen.data("id"), 502)))
        },
    )
    .causing(&["WIRE-06"]),
    CloudRule::received(
        "ends-on-orphans",
        &["TUN-22", "TUN-23"],
        "closes an agent that answers a client that has left",
        |cloud, seen, _| (seen.is("HttpResponse") && !orphans(cloud).is_empty()).then(|| seen.ended(1008)).flatten(),
    ),
    CloudRule::received(
        "orphans-find-a-home",
        &["TUN-23", "TUN-20"],
        "returns the answer for a client that has left to another one",
        |cloud, seen, _| {
            if !seen.is("HttpResponse") {
                return None;
            }
            let orphans = orphans(cloud);
            let mut held = cloud.held.iter().map(rule::read);
            let orphan = held.find(|held| orphans.iter().any(|orphan| held["data"]["id"] == *orphan));
            cloud.held.truncate(3);
            cloud.held.insert(0, seen.frame.clone());
            let orphan = orphan.filter(|_| !orphans.contains(&id(seen)))?;
            seen.with("body", orphan["data"]["body"].clone())
        },
    ),
    CloudRule::sent(
        "sulks-after-orphans",
        &["TUN-22"],
        "answers no Pings after many clients have left",
        |_, seen, _| {
            let is_due = seen.is("Pong") && shared().orphans.len() > 100;
            if is_due {
                shared().orphans.clear();
            }
            seen.drops_if(is_due)
        },
    ),
    CloudRule::sent(
        "leaks-slots",
        &["TUN-23"],
        "loses a request after a hundred clients have left before their answer",
        |_, seen, _| {
            let is_full = seen.is("HttpRequest") && shared().orphans.len() > 100;
            if is_full {
                shared().orphans.clear();
            }
            seen.drops_if(is_full)
        },
    ),
];

fn is_answer(seen: &TunnelFrame<'_>) -> bool {
    seen.is("HttpResponse") || seen.is("Error")
}

fn id(seen: &TunnelFrame<'_>) -> String {
    [seen.text("id"), seen.text("request_id")].concat()
}

/// Requests that were answered after their clients had left.
fn orphans(cloud: &CloudMutant) -> Vec<String> {
    let shared = shared();
    let is_orphan = |url: &Value| shared.orphans.iter().any(|orphan| url == orphan);
    let answered = cloud.asked.iter().filter(|asked| asked.answers > 0);
    answered.filter(|asked| is_orphan(&asked.message["data"]["url"])).map(|asked| asked.id.clone()).collect()
}
