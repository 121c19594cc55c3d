//! Whether, when and how often requests are made and answered (TUN-10, TUN-11, TUN-14, TUN-15, TUN-18, WIRE-07).

use std::time::Duration;

use serde_json::json;

use super::super::rule;
use super::{Row, hears, id, opening, says};
use crate::mutant::link::{Said, Way};

/// A mutant for each place in the order of answers that break off.
macro_rules! kinds {
    ($($name:literal: $nth:literal, $line:literal;)*) => {
        &[
            $(
                says($name, &["TUN-14"], $line, |agent, seen, _| {
                    let is_due = seen.is("Error") && *seen.data("code") == json!(502) && agent.errors == $nth;
                    is_due.then(|| seen.with("code", 500)).flatten()
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    "500-for-the-first-502": 1, "says 500 for the first request that fails";
    "500-for-the-second-502": 2, "says 500 for the second request that fails";
    "500-for-the-third-502": 3, "says 500 for the third request that fails";
    "500-for-the-fourth-502": 4, "says 500 for the fourth request that fails";
};

pub(super) const RULES: &[Row] = &[
    says("answers-twice", &["TUN-10"], "answers each request twice", |_, seen, _| {
        seen.is("HttpResponse").then(|| Said::times(seen.frame, 2))
    })
    .starving(),
    says("answers-empty-twice", &["TUN-10"], "says each answer without a body twice", |_, seen, _| {
        (seen.is("HttpResponse") && seen.body().is_empty()).then(|| Said::times(seen.frame, 2))
    })
    .starving(),
    says("refuses-twice", &["TUN-10"], "says the Error about a POST twice", |agent, seen, _| {
        let is_post = agent.asked_for(seen, "method") == "POST";
        (seen.is("Error") && is_post && *seen.data("code") == json!(502)).then(|| Said::times(seen.frame, 2))
    })
    .causing(&["TUN-14", "TUN-16", "TUN-33"]),
    says(
        "answers-a-crowd-twice",
        &["TUN-10"],
        "says the last answer twice when many were under way",
        |agent, seen, _| {
            let is_last = agent.answers >= 200 && agent.open().next().is_none();
            (seen.is("HttpResponse") && is_last).then(|| Said::times(seen.frame, 2))
        },
    ),
    says("answers-duplicates-twice", &["TUN-10"], "says an answer twice whose id was used twice", |agent, seen, _| {
        let count = agent.requests.iter().filter(|request| request.id == id(seen)).count();
        (seen.is("HttpResponse") && agent.errors > 0 && count > 1).then(|| Said::times(seen.frame, 2))
    }),
    says("loses-the-97th", &["TUN-10", "TUN-11"], "loses its 97th answer", |agent, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && agent.answers == 97)
    }),
    says("in-order", &["TUN-11"], "answers in the order in which it was asked", |agent, seen, _| {
        if seen.kind != "HttpResponse" && seen.kind != "Error" || agent.request(&id(seen)).is_none() {
            return None;
        }
        agent.held.push(seen.frame.clone());
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
        Some(Said { onward, ..Said::default() })
    })
    .causing(&["TUN-14", "TUN-18", "TUN-10", "TUN-40"]),
    Row::both("one-at-a-time", &["TUN-11"], "makes one request at a time", |agent, seen, _| {
        let is_answer = matches!(seen.kind, "HttpResponse" | "Error") && !id(seen).is_empty();
        match seen.way {
            Way::Out if seen.is("HttpRequest") && agent.open().count() > 1 => {
                agent.held.push(seen.frame.clone());
                Some(Said::nothing())
            }
            Way::In if is_answer && !agent.held.is_empty() => Some(seen.whole().answered(agent.held.remove(0))),
            _ => None,
        }
    })
    .causing(&["TUN-14", "TUN-18", "TUN-40"]),
    Row::both("hundred-at-a-time", &["TUN-11"], "makes a hundred requests at a time", |agent, seen, _| {
        let is_answer = matches!(seen.kind, "HttpResponse" | "Error") && !id(seen).is_empty();
        match seen.way {
            Way::Out if seen.is("HttpRequest") && agent.open().count() > 100 => {
                agent.held.push(seen.frame.clone());
                Some(Said::nothing())
            }
            Way::In if is_answer && !agent.held.is_empty() => Some(seen.whole().answered(agent.held.remove(0))),
            _ => None,
        }
    }),
    hears("waits-for-the-slow", &["TUN-11"], "makes no request while another takes its time", |agent, seen, _| {
        let is_slow = agent.open().any(|request| request.since.elapsed() > Duration::from_millis(100));
        seen.drops_if(seen.is("HttpRequest") && is_slow)
    })
    .causing(&["TUN-18"]),
    says("hasty", &["TUN-14"], "gives up a local answer before its time", |agent, seen, _| {
        let is_late =
            agent.request(&id(seen)).is_some_and(|request| request.since.elapsed() > Duration::from_millis(150));
        (seen.is("HttpResponse") && is_late).then(|| seen.instead(&rule::error(&id(seen).into(), 504)))
    })
    .causing(&["TUN-11"]),
    says("patient-with-the-local-server", &["TUN-14"], "says late that a local answer is late", |agent, seen, _| {
        let is_first = seen.is("Error") && *seen.data("code") == json!(504) && agent.errors == 1;
        is_first.then(|| Said::late(seen.frame, Duration::from_millis(220)))
    }),
    says("500-for-502", &["TUN-14"], "says 500 where the local server does not answer", |_, seen, _| {
        (seen.is("Error") && *seen.data("code") == json!(502)).then(|| seen.with("code", 500)).flatten()
    }),
    says("502-for-504", &["TUN-14"], "says 502 where the local server is late", |_, seen, _| {
        (seen.is("Error") && *seen.data("code") == json!(504)).then(|| seen.with("code", 502)).flatten()
    }),
    says("502-for-the-second-504", &["TUN-14"], "says 502 for the second answer that is late", |agent, seen, _| {
        let is_second = seen.is("Error") && *seen.data("code") == json!(504) && agent.errors == 2;
        is_second.then(|| seen.with("code", 502)).flatten()
    }),
    says(
        "halves-are-answers",
        &["TUN-14"],
        "answers with what has come where the local answer breaks off",
        |_, seen, _| {
            (seen.is("Error") && *seen.data("code") == json!(502)).then(|| seen.instead(&opening::answer(&id(seen))))
        },
    ),
    Row::both("breaks-with-it", &["TUN-14"], "makes no request after four that broke off", |agent, seen, _| {
        agent.count += usize::from(seen.is("Error") && *seen.data("code") == json!(502));
        seen.drops_if(seen.is("HttpRequest") && agent.count == 4)
    }),
    // Of one id
    says("ignores-duplicates", &["TUN-18"], "does not answer a second request of one id", |_, seen, _| {
        seen.drops_if(seen.is("Error") && *seen.data("code") == json!(409))
    }),
    says("400-for-409", &["TUN-18"], "says 400 for a second request of one id", |_, seen, _| {
        (seen.is("Error") && *seen.data("code") == json!(409)).then(|| seen.with("code", 400)).flatten()
    }),
    hears("second-wins", &["TUN-18"], "makes a second request of one id", |agent, seen, _| {
        let is_second = agent.open().filter(|request| request.id == seen.text("id")).count() > 1;
        (seen.is("HttpRequest") && is_second).then(|| seen.with("id", "another")).flatten()
    })
    .causing(&["TUN-10"]),
    says("both-lose", &["TUN-18"], "drops the first request as well when a second has its id", |agent, seen, _| {
        let count = agent.requests.iter().filter(|request| request.id == id(seen)).count();
        seen.drops_if(seen.is("HttpResponse") && count > 1)
    })
    .causing(&["TUN-10"]),
    says("empty-ids-are-none", &["TUN-18"], "does not answer a request whose id is empty", |_, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && id(seen).is_empty())
    })
    .causing(&["TUN-10"]),
    // What the cloud tells
    hears("repeats-errors", &["TUN-17"], "answers an Error with an Error", |_, seen, _| {
        seen.is("Error").then(|| seen.whole().answered(seen.reply(seen.message)))
    })
    .causing(&["TUN-10"]),
    hears("sulks-after-errors", &["TUN-10"], "makes no requests once it has heard an Error", |agent, seen, _| {
        agent.count += usize::from(seen.is("Error"));
        seen.drops_if(seen.is("HttpRequest") && agent.count > 0)
    }),
    // Large ones
    Row::other("small-requests", &["TUN-15", "WIRE-07"], "closes for a text above 4 MiB"),
    Row::other("small-answers", &["TUN-15"], "closes instead of an answer above 4 MiB in text"),
    Row::other("small-packed-requests", &["TUN-15", "TUN-33"], "closes for a binary message above 4 MiB"),
    Row::other("small-packed-answers", &["TUN-15", "TUN-33"], "closes instead of an answer above 4 MiB in MessagePack"),
    hears(
        "small-fragmented-requests",
        &["WIRE-07", "WIRE-03"],
        "closes for fragments of more than 4 MiB",
        |agent, seen, _| (agent.fragment_bytes > 4 << 20).then(|| seen.ended(1009)).flatten(),
    ),
];
