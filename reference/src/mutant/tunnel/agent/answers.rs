//! Mutants of the agent's answers (TUN-10, TUN-11, TUN-14, TUN-15, TUN-18, WIRE-07).

use std::time::Duration;

use serde_json::json;

use super::super::rule;
use super::{AgentRule, gets, id, opening, sends};
use crate::mutant::link::{Effect, Flow};

/// One mutant for each position among responses that break off.
macro_rules! kinds {
    ($($name:literal: $nth:literal, $line:literal;)*) => {
        &[
            $(
                sends($name, &["TUN-14"], $line, |agent, observed, _| {
                    let is_due = observed.is("Error") && *observed.data("code") == json!(502) && agent.errors == $nth;
                    is_due.then(|| observed.with("code", 500)).flatten()
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[AgentRule] = kinds! {
    "500-for-the-first-502": 1, "answers with 500 for the first request that fails";
    "500-for-the-second-502": 2, "answers with 500 for the second request that fails";
    "500-for-the-third-502": 3, "answers with 500 for the third request that fails";
    "500-for-the-fourth-502": 4, "answers with 500 for the fourth request that fails";
};

pub(super) const RULES: &[AgentRule] = &[
    sends("answers-twice", &["TUN-10"], "answers each request twice", |_, observed, _| {
        observed.is("HttpResponse").then(|| Effect::times(observed.frame, 2))
    })
    .starving(),
    sends("answers-empty-twice", &["TUN-10"], "sends each answer without a body twice", |_, observed, _| {
        (observed.is("HttpResponse") && observed.body().is_empty()).then(|| Effect::times(observed.frame, 2))
    })
    .starving(),
    sends("refuses-twice", &["TUN-10"], "sends the Error about a POST twice", |agent, observed, _| {
        let is_post = agent.asked_for(observed, "method") == "POST";
        (observed.is("Error") && is_post && *observed.data("code") == json!(502))
            .then(|| Effect::times(observed.frame, 2))
    })
    .causing(&["TUN-14", "TUN-16", "TUN-33"]),
    sends("answers-a-crowd-twice", &["TUN-10"], "sends the last of many answers twice", |agent, observed, _| {
        let is_last = agent.answers >= 200 && agent.open().next().is_none();
        (observed.is("HttpResponse") && is_last).then(|| Effect::times(observed.frame, 2))
    }),
    sends(
        "answers-duplicates-twice",
        &["TUN-10"],
        "sends an answer whose id was used twice, twice",
        |agent, observed, _| {
            let count = agent.requests.iter().filter(|request| request.id == id(observed)).count();
            (observed.is("HttpResponse") && agent.errors > 0 && count > 1).then(|| Effect::times(observed.frame, 2))
        },
    ),
    sends("loses-the-97th", &["TUN-10", "TUN-11"], "loses its 97th answer", |agent, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && agent.answers == 97)
    }),
    sends("in-order", &["TUN-11"], "answers in the order of the requests", |agent, observed, _| {
        if observed.kind != "HttpResponse" && observed.kind != "Error" || agent.request(&id(observed)).is_none() {
            return None;
        }
        agent.held.push(observed.frame.clone());
        let mut onward = Vec::new();
        while let Some(first) = agent.requests.get(agent.count).filter(|request| request.is_answered) {
            let of_first = |frame: &crate::mutant::wire::Frame| {
                let data = &rule::read(frame)["data"];
                data["id"] == *first.id || data["request_id"] == *first.id
            };
            let Some(at) = agent.held.iter().position(of_first) else { break };
            onward.push(agent.held.remove(at));
            agent.count += 1;
        }
        Some(Effect { onward, ..Effect::default() })
    })
    .causing(&["TUN-14", "TUN-18", "TUN-10", "TUN-40"]),
    AgentRule::both("one-at-a-time", &["TUN-11"], "serves one request at a time", |agent, observed, _| {
        let is_answer = matches!(observed.kind, "HttpResponse" | "Error") && !id(observed).is_empty();
        match observed.flow {
            Flow::Out if observed.is("HttpRequest") && agent.open().count() > 1 => {
                agent.held.push(observed.frame.clone());
                Some(Effect::nothing())
            }
            Flow::In if is_answer && !agent.held.is_empty() => Some(observed.whole().answered(agent.held.remove(0))),
            _ => None,
        }
    })
    .causing(&["TUN-14", "TUN-18", "TUN-40"]),
    AgentRule::both("hundred-at-a-time", &["TUN-11"], "serves a hundred requests at a time", |agent, observed, _| {
        let is_answer = matches!(observed.kind, "HttpResponse" | "Error") && !id(observed).is_empty();
        match observed.flow {
            Flow::Out if observed.is("HttpRequest") && agent.open().count() > 100 => {
                agent.held.push(observed.frame.clone());
                Some(Effect::nothing())
            }
            Flow::In if is_answer && !agent.held.is_empty() => Some(observed.whole().answered(agent.held.remove(0))),
            _ => None,
        }
    }),
    gets("waits-for-the-slow", &["TUN-11"], "serves no request while another takes long", |agent, observed, _| {
        let is_slow = agent.open().any(|request| request.since.elapsed() > Duration::from_millis(100));
        observed.drops_if(observed.is("HttpRequest") && is_slow)
    })
    .causing(&["TUN-18"]),
    sends("hasty", &["TUN-14"], "gives up a local response too early", |agent, observed, _| {
        let is_late =
            agent.request(&id(observed)).is_some_and(|request| request.since.elapsed() > Duration::from_millis(150));
        (observed.is("HttpResponse") && is_late).then(|| observed.instead(&rule::error(&id(observed).into(), 504)))
    })
    .causing(&["TUN-11"]),
    sends(
        "patient-with-the-local-server",
        &["TUN-14"],
        "reports too late that a local response is late",
        |agent, observed, _| {
            let is_first = observed.is("Error") && *observed.data("code") == json!(504) && agent.errors == 1;
            is_first.then(|| Effect::late(observed.frame, Duration::from_millis(220)))
        },
    ),
    sends("500-for-502", &["TUN-14"], "answers with 500 if the local server does not answer", |_, observed, _| {
        (observed.is("Error") && *observed.data("code") == json!(502)).then(|| observed.with("code", 500)).flatten()
    }),
    sends("502-for-504", &["TUN-14"], "answers with 502 if the local server is late", |_, observed, _| {
        (observed.is("Error") && *observed.data("code") == json!(504)).then(|| observed.with("code", 502)).flatten()
    }),
    sends(
        "502-for-the-second-504",
        &["TUN-14"],
        "answers with 502 for the second late response",
        |agent, observed, _| {
            let is_second = observed.is("Error") && *observed.data("code") == json!(504) && agent.errors == 2;
            is_second.then(|| observed.with("code", 502)).flatten()
        },
    ),
    sends(
        "halves-are-answers",
        &["TUN-14"],
        "returns the received part of a local response that breaks off",
        |_, observed, _| {
            (observed.is("Error") && *observed.data("code") == json!(502))
                .then(|| observed.instead(&opening::answer(&id(observed))))
        },
    ),
    AgentRule::both(
        "breaks-with-it",
        &["TUN-14"],
        "serves no requests after four responses that broke off",
        |agent, observed, _| {
            agent.count += usize::from(observed.is("Error") && *observed.data("code") == json!(502));
            observed.drops_if(observed.is("HttpRequest") && agent.count == 4)
        },
    ),
    sends("ignores-duplicates", &["TUN-18"], "does not answer a second request with the same id", |_, observed, _| {
        observed.drops_if(observed.is("Error") && *observed.data("code") == json!(409))
    }),
    sends("400-for-409", &["TUN-18"], "answers a second request with the same id with 400", |_, observed, _| {
        (observed.is("Error") && *observed.data("code") == json!(409)).then(|| observed.with("code", 400)).flatten()
    }),
    gets("second-wins", &["TUN-18"], "serves a second request with the same id", |agent, observed, _| {
        let is_second = agent.open().filter(|request| request.id == observed.text("id")).count() > 1;
        (observed.is("HttpRequest") && is_second).then(|| observed.with("id", "another")).flatten()
    })
    .causing(&["TUN-10"]),
    sends("both-lose", &["TUN-18"], "also drops the first request if a second has its id", |agent, observed, _| {
        let count = agent.requests.iter().filter(|request| request.id == id(observed)).count();
        observed.drops_if(observed.is("HttpResponse") && count > 1)
    })
    .causing(&["TUN-10"]),
    sends("empty-ids-are-none", &["TUN-18"], "does not answer a request with an empty id", |_, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && id(observed).is_empty())
    })
    .causing(&["TUN-10"]),
    gets("repeats-errors", &["TUN-17"], "answers an Error with an Error", |_, observed, _| {
        observed.is("Error").then(|| observed.whole().answered(observed.reply(observed.message)))
    })
    .causing(&["TUN-10"]),
    gets("sulks-after-errors", &["TUN-10"], "serves no requests after an Error", |agent, observed, _| {
        agent.count += usize::from(observed.is("Error"));
        observed.drops_if(observed.is("HttpRequest") && agent.count > 0)
    }),
    AgentRule::other("small-requests", &["TUN-15", "WIRE-07"], "disconnects on a text above 4 MiB"),
    AgentRule::other("small-answers", &["TUN-15"], "disconnects instead of sending an answer above 4 MiB in text"),
    AgentRule::other("small-packed-requests", &["TUN-15", "TUN-33"], "disconnects on a binary message above 4 MiB"),
    AgentRule::other(
        "small-packed-answers",
        &["TUN-15", "TUN-33"],
        "disconnects instead of sending an answer above 4 MiB in MessagePack",
    ),
    gets(
        "small-fragmented-requests",
        &["WIRE-07", "WIRE-03"],
        "disconnects on fragments of more than 4 MiB",
        |agent, observed, _| (agent.fragment_bytes > 4 << 20).then(|| observed.ended(1009)).flatten(),
    ),
];
