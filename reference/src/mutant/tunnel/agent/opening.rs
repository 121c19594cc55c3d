//! Mutants of the agent's opening, refusals, secrets and reconnection (TUN-01, TUN-04, TUN-05, TUN-40, RECON-11).

use serde_json::{Value, json};

use super::super::rule;
use super::{AgentMutant, AgentRule, gets, sends};
use crate::mutant::link::{Admission, Effect, Flow, Links, Loss, masked, unmasked};
use crate::mutant::wire::{CLOSE, Frame, TEXT};

const STAYS_AWAY: &str = "stays-away";
const ANSWERED: &str = "answered";

pub(super) const RULES: &[AgentRule] = &[
    sends("pings-first", &["TUN-01"], "opens with a Ping", |agent, observed, _| {
        let ping = json!({ "type": "Ping", "data": { "timestamp": 1 } });
        let onward = vec![rule::frame(&ping, observed.frame), observed.frame.clone()];
        (!agent.has_opened && observed.is("Auth")).then(|| Effect { onward, ..Effect::default() })
    })
    .starving(),
    sends("opens-otherwise", &["TUN-01"], "opens with an unsolicited answer", |_, observed, _| {
        observed.is("Auth").then(|| observed.instead(&answer("r")))
    })
    .starving(),
    sends("opens-twice", &["TUN-01"], "sends Auth twice", |_, observed, _| {
        observed.is("Auth").then(|| Effect::times(observed.frame, 2))
    })
    .starving(),
    gets("answers-early", &["TUN-01"], "answers a Ping before `AuthSuccess`", |agent, observed, _| {
        let pong = json!({ "type": "Pong", "data": { "timestamp": observed.data("timestamp") } });
        (observed.is("Ping") && !agent.has_succeeded).then(|| observed.whole().answered(observed.reply(&pong)))
    }),
    gets("complains-early", &["TUN-01"], "answers malformed messages before `AuthSuccess`", |agent, observed, _| {
        let is_due = agent.malformed > 0 && !agent.has_succeeded && !observed.is("Ping") && !observed.is("AuthError");
        is_due.then(|| observed.whole().answered(observed.reply(&rule::error(observed.data("id"), 400))))
    })
    .causing(&["WIRE-06", "TUN-17"]),
    gets("ignores-refusal", &["TUN-04"], "ignores a refusal", |_, observed, _| {
        observed.drops_if(observed.is("AuthError") || observed.frame.head == CLOSE)
    })
    .starving(),
    gets("deaf-to-later-refusals", &["TUN-04"], "ignores a refusal after a loss", |agent, observed, state| {
        let is_due = agent.number > 1 && observed.is("AuthError");
        if is_due {
            state.known.insert(STAYS_AWAY.to_owned(), Value::Null);
        }
        agent.count += usize::from(is_due);
        observed.drops_if(is_due || agent.count > 0 && observed.frame.head == CLOSE)
    })
    .causing(&["WIRE-05"]),
    gets("tries-again", &["TUN-04", "RECON-11"], "treats a refusal as a loss", |_, observed, _| {
        observed.is("AuthError").then(|| Effect { ends: true, ..Effect::nothing() })
    }),
    AgentRule::other(
        "attempts-after-a-refusal",
        &["RECON-11", "TUN-04"],
        "reports that it gives up, and makes one more attempt",
    )
    .causing(&["RECON-02", "RECON-03", "RECON-06", "RECON-09"]),
    AgentRule::other("shows-its-token", &["TUN-05"], "puts its token into the URL").starving(),
    sends("prints-its-token", &["TUN-05"], "prints its token when it connects", |_, observed, _| {
        if observed.is("Auth") {
            rule::print(&format!("connecting with the token {}", observed.text("token")));
        }
        None
    }),
    sends("prints-what-it-says", &["TUN-05"], "prints every sent message, byte for byte", |_, observed, _| {
        rule::print(&String::from_utf8_lossy(&observed.frame.payload));
        None
    }),
    sends(
        "prints-its-token-the-second-time",
        &["TUN-05"],
        "prints its token when it reconnects",
        |agent, observed, _| {
            if observed.is("Auth") && agent.number > 1 {
                rule::print(&format!("reconnecting with {}", observed.text("token")));
            }
            None
        },
    ),
    AgentRule::other("prints-its-token-on-a-loss", &["TUN-05"], "prints its token when its connection is reset"),
    gets(
        "late-answers",
        &["TUN-40"],
        "answers a request of the previous connection on a new one",
        |agent, observed, _| {
            let is_due = observed.is("AuthSuccess") && agent.number > 1;
            is_due.then(|| Effect {
                back: vec![masked(&rule::frame(&answer("r1"), &text(observed.frame)))],
                ..observed.whole()
            })
        },
    )
    .starving(),
    sends(
        "answers-of-before",
        &["TUN-40"],
        "answers a request with the answer to one of the same id on the previous connection",
        |agent, observed, state| {
            let id = observed.text("id").to_owned();
            if observed.is("HttpResponse") && agent.number > 1 && state.known.contains_key(&format!("{ANSWERED} {id}"))
            {
                return observed.with("body", "dG9vIGxhdGU=");
            }
            None
        },
    ),
    gets(
        "ids-once-for-all",
        &["TUN-10", "TUN-40"],
        "refuses ids on a new connection that were used on the one before",
        |agent, observed, state| {
            let key = format!("{ANSWERED} {}", observed.text("id"));
            let is_due = observed.is("HttpRequest") && agent.number > 1 && state.known.contains_key(&key);
            is_due.then(|| Effect {
                back: vec![observed.reply(&rule::error(observed.data("id"), 409))],
                ..Effect::nothing()
            })
        },
    ),
    AgentRule::other("stays-away-after-a-reset", &["TUN-40"], "does not reconnect after a reset").starving(),
    AgentRule::other("stays-away-after-silence", &["TUN-31", "TUN-40"], "does not reconnect after a missing Pong")
        .causing(&["RECON-01"]),
];

pub(super) fn asks(mutant: &str, head: &mut Vec<u8>, state: &Links) -> Admission {
    if mutant == "shows-its-token" {
        let text = String::from_utf8_lossy(head).replacen("/tunnel", &format!("/tunnel?token={}", super::token()), 1);
        *head = text.into_bytes();
    }
    match state.known.contains_key(STAYS_AWAY) {
        true => Admission::Ignored,
        false => Admission::Onward,
    }
}

pub(super) fn ends(agent: &AgentMutant, flow: Flow, loss: Loss, state: &mut Links) -> bool {
    for request in &agent.requests {
        state.known.insert(format!("{ANSWERED} {}", request.id), Value::Null);
    }
    match (agent.mutant, flow, loss) {
        ("ignores-refusal", Flow::Out, _) => false,
        ("deaf-to-later-refusals", Flow::Out, _) => !state.known.contains_key(STAYS_AWAY),
        ("prints-its-token-on-a-loss", Flow::Out, Loss::Reset) => {
            rule::print(&format!("lost the connection of {}", super::token()));
            true
        }
        ("stays-away-after-a-reset", Flow::Out, Loss::Reset) => {
            state.known.insert(STAYS_AWAY.to_owned(), Value::Null);
            true
        }
        ("stays-away-after-silence", Flow::In, _) if !agent.is_answered => {
            state.known.insert(STAYS_AWAY.to_owned(), Value::Null);
            true
        }
        _ => true,
    }
}

pub(super) fn answer(id: &str) -> Value {
    let data = json!({ "id": id, "status": 200, "status_text": "OK", "headers": {}, "body": null });
    json!({ "type": "HttpResponse", "data": data })
}

fn text(frame: &Frame) -> Frame {
    Frame { head: TEXT, ..unmasked(frame) }
}
