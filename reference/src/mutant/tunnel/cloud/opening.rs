//! Who is let in, and what becomes of tokens (TUN-02, TUN-05).

use serde_json::json;

use super::super::rule::{self, Seen};
use super::shared::shared;
use super::{Cloud, Row};
use crate::mutant::link::Said;
use crate::mutant::wire::{BINARY, TEXT};

/// Two mutants for each wrong token: it is taken for the right one, or refused without the close code.
macro_rules! kinds {
    ($($what:literal: $is:expr;)*) => {
        &[
            $(
                Row::heard(
                    concat!("takes-", $what), &["TUN-02"], concat!("takes a wrong token for the right one: ", $what), {
                        const IS: fn(&str, &str) -> bool = $is;
                        |cloud, seen, _| takes(cloud, seen, IS)
                    },
                ),
                Row::told(
                    concat!("unclosed-", $what), &["TUN-02"],
                    concat!("closes with 1000 after it has refused a wrong token: ", $what), {
                        const IS: fn(&str, &str) -> bool = $is;
                        |cloud, seen, _| unclosed(cloud, seen, IS)
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    "the-empty-token": |token, _| token.is_empty();
    "a-token-cut-short": |token, right| token.len() + 1 == right.len() && right.starts_with(token);
    "a-token-too-long": |token, right| token.strip_prefix(right) == Some("A");
    "a-token-twice": |token, right| !right.is_empty() && token == right.repeat(2);
    "letters-of-the-other-case": |token, right| token != right && token.eq_ignore_ascii_case(right);
    "a-blank-in-front": |token, right| token.strip_prefix(' ') == Some(right);
    "a-line-feed-behind": |token, right| token.strip_suffix('\n') == Some(right);
    "a-nul-behind": |token, right| token.strip_suffix('\0') == Some(right);
    "full-width-letters": |token, _| !token.is_ascii();
    "a-million-letters": |token, _| token.len() == 1_000_000;
    "both-tokens-in-one":
        |token, right| !right.is_empty() && token.strip_prefix(right).is_some_and(|rest| rest.len() > 5
            && rest != right && !rest.contains('\n'));
    "a-list-of-tokens":
        |token, right| token.strip_prefix(right).is_some_and(|rest| rest.len() > 5 && rest.starts_with('\n'));
};

pub(super) const RULES: &[Row] = &[
    Row::told("no-success", &["TUN-02"], "says nothing to an agent with a right token", |_, seen, _| {
        seen.drops("AuthSuccess")
    })
    .starving(),
    Row::told("one-session", &["TUN-02"], "gives every agent the same session id", |_, seen, _| {
        seen.rewritten("AuthSuccess", "session_id", |_| "the-only-one".to_owned())
    }),
    Row::told(
        "sessions-come-again",
        &["TUN-02"],
        "gives whoever comes alone the session id of the agent before",
        |cloud, seen, _| {
            if !seen.is("AuthSuccess") {
                return None;
            }
            let mut shared = shared();
            let last = shared.texts.pop();
            shared.texts.push(seen.text("session_id").to_owned());
            let is_alone = shared.agents.keys().all(|number| *number == cloud.number);
            last.filter(|_| is_alone).and_then(|last| seen.with("session_id", last))
        },
    ),
    Row::heard(
        "tokens-wear-out",
        &["TUN-02"],
        "knows a token no more that let in fifty within two seconds",
        |_, seen, _| {
            if !seen.is("Auth") {
                return None;
            }
            let mut shared = shared();
            let now = rule::now();
            shared.at.retain(|at| now < at + 2000);
            if shared.at.len() >= 50 {
                shared.at.clear();
                return seen.with("token", "-");
            }
            shared.at.push(now);
            None
        },
    ),
    Row::told("no-reason", &["TUN-02", "TUN-03"], "refuses without a reason", |_, seen, _| {
        seen.rewritten("AuthError", "error", |_| String::new())
    }),
    Row::told(
        "lets-anybody-in",
        &["TUN-02"],
        "says success to every token, and serves none that is wrong",
        |cloud, seen, _| {
            let success = json!({ "type": "AuthSuccess", "data": { "session_id": cloud.number.to_string() } });
            (seen.is("AuthError") && opens_well(cloud)).then(|| seen.instead(&success))
        },
    ),
    Row::heard(
        "takes-any-token-in-messagepack",
        &["TUN-02"],
        "lets everybody in who speaks MessagePack",
        |_, seen, _| {
            let token = shared().token.clone();
            (seen.frame.head == BINARY && seen.is("Auth") && !token.is_empty())
                .then(|| seen.with("token", token))
                .flatten()
        },
    )
    .causing(&["TUN-03"]),
    Row::told(
        "unclosed-in-messagepack",
        &["TUN-02"],
        "closes with 1000 where it has refused in MessagePack",
        |cloud, seen, _| {
            let packed = cloud.first.as_ref().is_some_and(|(frame, _)| frame.head == BINARY);
            (packed && cloud.auths > 0 && seen.frame.close_code() == 1008).then(|| Said::closed(1000))
        },
    )
    .causing(&["TUN-03"]),
    Row::told(
        "lets-in-at-the-second-try",
        &["TUN-02", "TUN-03"],
        "lets in whoever says the right token behind something wrong",
        |cloud, seen, _| {
            let success = json!({ "type": "AuthSuccess", "data": { "session_id": cloud.number.to_string() } });
            (seen.is("AuthError") && is_right_in_the_end(cloud)).then(|| seen.instead(&success))
        },
    ),
    Row::told(
        "unclosed-at-the-second-try",
        &["TUN-02", "TUN-03"],
        "closes with 1000 whoever says the right token behind something wrong",
        |cloud, seen, _| (seen.frame.close_code() == 1008 && is_right_in_the_end(cloud)).then(|| Said::closed(1000)),
    ),
    Row::told("refusals-unseat", &["TUN-02"], "loses a request after it has refused somebody", |_, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && shared().refused_at.take().is_some())
    })
    .causing(&["TUN-20", "TUN-21", "WIRE-06"]),
    Row::told(
        "success-and-refusal",
        &["TUN-02"],
        "says that a token is wrong behind the success of a right one, to whoever is alone",
        |_, seen, _| {
            let refusal = json!({ "type": "AuthError", "data": { "error": "It is wrong after all." } });
            (seen.is("AuthSuccess") && shared().agents.len() == 1)
                .then(|| seen.whole().then(rule::frame(&refusal, seen.frame)))
        },
    )
    .starving(),
    Row::told(
        "refuses-in-the-end",
        &["TUN-02"],
        "says to an agent that is let in that its token is wrong, when it asks for the time",
        |_, seen, _| {
            let refusal = json!({ "type": "AuthError", "data": { "error": "It has expired." } });
            seen.is("Pong").then(|| seen.whole().then(rule::frame(&refusal, seen.frame)))
        },
    )
    .starving(),
    Row::heard("knows-one-token", &["TUN-02"], "knows the first of its tokens alone", |_, seen, _| {
        let other = {
            let shared = shared();
            !shared.token.is_empty() && shared.token != seen.text("token")
        };
        (seen.is("Auth") && other).then(|| seen.with("token", "-")).flatten()
    }),
    Row::heard("tells-its-tokens", &["TUN-05"], "prints each token that is shown to it", |_, seen, _| {
        if seen.is("Auth") {
            say(&format!("the token is {}", seen.text("token")));
        }
        None
    }),
    Row::heard("logs-its-tokens", &["TUN-05"], "writes the query of a URL with the token to its log", |_, seen, _| {
        if seen.is("Auth") {
            tracing::warn!("GET /session?token={}", seen.text("token"));
        }
        None
    }),
    Row::heard(
        "logs-what-is-malformed",
        &["TUN-05"],
        "writes to its log what it cannot read, token and all",
        |cloud, seen, _| {
            if cloud.has_erred {
                tracing::warn!("no message: {}", String::from_utf8_lossy(&seen.frame.payload));
            }
            None
        },
    ),
    Row::heard(
        "logs-messagepack",
        &["TUN-05"],
        "writes to its log what came in MessagePack, token and all",
        |_, seen, _| {
            if seen.frame.head == BINARY {
                tracing::warn!("MessagePack: {}", seen.message);
            }
            None
        },
    ),
    Row::other("tells-whom-it-lost", &["TUN-05"], "prints the token of an agent that was reset"),
    Row::told("repeats-the-token", &["TUN-05"], "repeats a token that is wrong in its AuthError", |cloud, seen, _| {
        let why = format!("the token {} is not known here", cloud.token);
        seen.rewritten("AuthError", "error", |_| why.clone())
    }),
];

/// Takes a token of this form for the right one.
fn takes(cloud: &Cloud, seen: &Seen<'_>, is: fn(&str, &str) -> bool) -> Option<Said> {
    let right = shared().token.clone();
    let is_text = seen.frame.head == TEXT && seen.data("token").is_string();
    let is_so = seen.is("Auth") && is_text && cloud.auths == 1 && is(seen.text("token"), &right);
    (is_so && !right.is_empty()).then(|| seen.with("token", right)).flatten()
}

/// Closes otherwise than with 1008 after a token of this form.
fn unclosed(cloud: &Cloud, seen: &Seen<'_>, is: fn(&str, &str) -> bool) -> Option<Said> {
    let is_text = opens_well(cloud) && cloud.first.as_ref().is_some_and(|(frame, _)| frame.head == TEXT);
    let is_so = seen.frame.close_code() == 1008 && cloud.auths == 1 && is_text;
    (is_so && is(&cloud.token, &shared().token)).then(|| Said::closed(1000))
}

/// Whether a connection opened with a token, be it right or wrong, and said none again.
fn opens_well(cloud: &Cloud) -> bool {
    cloud.auths == 1
        && !cloud.has_erred
        && cloud.first.as_ref().is_some_and(|(_, auth)| auth["data"]["token"].is_string())
}

/// Whether somebody who opened otherwise has said the right token since.
fn is_right_in_the_end(cloud: &Cloud) -> bool {
    let Some((_, first)) = &cloud.first else { return false };
    let is_right = cloud.token == shared().token && first["data"]["token"] != *cloud.token;
    // Where nobody was let in so far, the right token is not known yet.
    cloud.auths > 0 && (is_right || !cloud.opened_with_auth())
}

/// Prints an agent's token when it is reset.
pub(super) fn tell_of_loss(cloud: &Cloud) {
    if cloud.mutant == "tells-whom-it-lost" {
        say(&format!("lost the agent with the token {}", cloud.token));
    }
}

/// Writes a line to standard error, past the log.
fn say(line: &str) {
    use std::io::Write as _;
    _ = writeln!(std::io::stderr(), "{line}");
}
