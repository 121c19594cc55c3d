//! How an agent opens, is refused, keeps its secret and comes back (TUN-01, TUN-04, TUN-05, TUN-40, RECON-11).

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::rule;
use super::{Agent, Row, hears, says};
use crate::mutant::link::{Admission, House, Loss, Said, Way, masked, unmasked};
use crate::mutant::wire::{CLOSE, Frame, TEXT};

/// What is remembered of connections that came before.
const STAYS_AWAY: &str = "stays-away";
const ANSWERED: &str = "answered";

pub(super) const RULES: &[Row] = &[
    says("pings-first", &["TUN-01"], "opens with a Ping", |agent, seen, _| {
        let ping = json!({ "type": "Ping", "data": { "timestamp": 1 } });
        let onward = vec![rule::frame(&ping, seen.frame), seen.frame.clone()];
        (!agent.has_opened && seen.is("Auth")).then(|| Said { onward, ..Said::default() })
    })
    .starving(),
    says("opens-otherwise", &["TUN-01"], "opens with an answer to nothing", |_, seen, _| {
        seen.is("Auth").then(|| seen.instead(&answer("r")))
    })
    .starving(),
    says("opens-twice", &["TUN-01"], "says Auth twice", |_, seen, _| {
        seen.is("Auth").then(|| Said::times(seen.frame, 2))
    })
    .starving(),
    hears("answers-early", &["TUN-01"], "answers a Ping before its success", |agent, seen, _| {
        let pong = json!({ "type": "Pong", "data": { "timestamp": seen.data("timestamp") } });
        (seen.is("Ping") && !agent.has_succeeded).then(|| seen.whole().answered(seen.reply(&pong)))
    }),
    hears("complains-early", &["TUN-01"], "answers what is malformed before its success", |agent, seen, _| {
        let is_due = agent.malformed > 0 && !agent.has_succeeded && !seen.is("Ping") && !seen.is("AuthError");
        is_due.then(|| seen.whole().answered(seen.reply(&rule::error(seen.data("id"), 400))))
    })
    .causing(&["WIRE-06", "TUN-17"]),
    hears("never-told", &["TUN-04"], "does not hear that it is refused", |_, seen, _| {
        seen.drops_if(seen.is("AuthError") || seen.frame.head == CLOSE)
    })
    .starving(),
    hears(
        "deaf-to-later-refusals",
        &["TUN-04"],
        "does not hear that it is refused after a loss",
        |agent, seen, house| {
            let is_due = agent.number > 1 && seen.is("AuthError");
            if is_due {
                house.known.insert(STAYS_AWAY.to_owned(), Value::Null);
            }
            agent.count += usize::from(is_due);
            seen.drops_if(is_due || agent.count > 0 && seen.frame.head == CLOSE)
        },
    )
    .causing(&["WIRE-05"]),
    hears("tries-again", &["TUN-04", "RECON-11"], "takes a refusal for a loss", |_, seen, _| {
        seen.is("AuthError").then(|| Said { ends: true, ..Said::nothing() })
    }),
    Row::other("knocks-after-a-refusal", &["RECON-11", "TUN-04"], "says that it gives up, and knocks once more")
        .causing(&["RECON-02", "RECON-03", "RECON-06", "RECON-09"]),
    // The secret
    Row::other("shows-its-token", &["TUN-05"], "puts its token into the URL").starving(),
    says("prints-its-token", &["TUN-05"], "prints its token when it connects", |_, seen, _| {
        if seen.is("Auth") {
            say(&format!("connecting with the token {}", seen.text("token")));
        }
        None
    }),
    says("prints-what-it-says", &["TUN-05"], "prints all that it says, byte for byte", |_, seen, _| {
        say(&String::from_utf8_lossy(&seen.frame.payload));
        None
    }),
    says(
        "prints-its-token-the-second-time",
        &["TUN-05"],
        "prints its token when it connects again",
        |agent, seen, _| {
            if seen.is("Auth") && agent.number > 1 {
                say(&format!("reconnecting with {}", seen.text("token")));
            }
            None
        },
    ),
    Row::other("prints-its-token-on-a-loss", &["TUN-05"], "prints its token when its connection is reset"),
    // Coming back
    hears(
        "late-answers",
        &["TUN-40"],
        "answers on a new connection what it was asked on the one before",
        |agent, seen, _| {
            let is_due = seen.is("AuthSuccess") && agent.number > 1;
            is_due.then(|| Said { back: vec![masked(&rule::frame(&answer("r1"), &text(seen.frame)))], ..seen.whole() })
        },
    )
    .starving(),
    says(
        "answers-of-before",
        &["TUN-40"],
        "answers a request of a new connection with the answer to one of the same id before",
        |agent, seen, house| {
            let id = seen.text("id").to_owned();
            if seen.is("HttpResponse") && agent.number > 1 && house.known.contains_key(&format!("{ANSWERED} {id}")) {
                return seen.with("body", "dG9vIGxhdGU=");
            }
            None
        },
    ),
    hears(
        "ids-once-for-all",
        &["TUN-10", "TUN-40"],
        "takes no id on a new connection that it has seen on one before",
        |agent, seen, house| {
            let key = format!("{ANSWERED} {}", seen.text("id"));
            let is_due = seen.is("HttpRequest") && agent.number > 1 && house.known.contains_key(&key);
            is_due.then(|| Said { back: vec![seen.reply(&rule::error(seen.data("id"), 409))], ..Said::nothing() })
        },
    ),
    Row::other("stays-away-after-a-reset", &["TUN-40"], "stays away once its connection was reset").starving(),
    Row::other("stays-away-after-silence", &["TUN-31", "TUN-40"], "stays away once no Pong has come")
        .causing(&["RECON-01"]),
];

/// The request of a connection.
pub(super) fn asks(mutant: &str, head: &mut Vec<u8>, house: &House) -> Admission {
    if mutant == "shows-its-token" {
        let text = String::from_utf8_lossy(head).replacen("/tunnel", &format!("/tunnel?token={}", super::token()), 1);
        *head = text.into_bytes();
    }
    match house.known.contains_key(STAYS_AWAY) {
        true => Admission::Ignored,
        false => Admission::Onward,
    }
}

/// Whether the other side is told that one has ended.
pub(super) fn ends(agent: &Agent, way: Way, loss: Loss, house: &mut House) -> bool {
    for request in &agent.requests {
        house.known.insert(format!("{ANSWERED} {}", request.id), Value::Null);
    }
    match (agent.mutant, way, loss) {
        ("never-told", Way::Out, _) => false,
        ("deaf-to-later-refusals", Way::Out, _) => !house.known.contains_key(STAYS_AWAY),
        ("prints-its-token-on-a-loss", Way::Out, Loss::Reset) => {
            say(&format!("lost the connection of {}", super::token()));
            true
        }
        ("stays-away-after-a-reset", Way::Out, Loss::Reset) => {
            house.known.insert(STAYS_AWAY.to_owned(), Value::Null);
            true
        }
        ("stays-away-after-silence", Way::In, _) if !agent.is_answered => {
            house.known.insert(STAYS_AWAY.to_owned(), Value::Null);
            true
        }
        _ => true,
    }
}

/// An answer without a body.
pub(super) fn answer(id: &str) -> Value {
    let data = json!({ "id": id, "status": 200, "status_text": "OK", "headers": {}, "body": null });
    json!({ "type": "HttpResponse", "data": data })
}

/// A frame like another, of text.
fn text(frame: &Frame) -> Frame {
    Frame { head: TEXT, ..unmasked(frame) }
}

/// Writes a line to standard error, past the log.
fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
