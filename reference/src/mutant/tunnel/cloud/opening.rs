//! Mutants of authentication and tokens (TUN-02, TUN-05).

use serde_json::json;

use super::super::rule::{self, TunnelFrame};
use super::shared::shared;
use super::{CloudMutant, CloudRule};
use crate::mutant::link::Effect;
use crate::mutant::wire::{BINARY, TEXT};

/// Two mutants for each wrong token: one accepts it, one refuses it without the close code.
macro_rules! kinds {
    ($($what:literal: $is:expr;)*) => {
        &[
            $(
                CloudRule::received(
                    concat!("takes-", $what), &["TUN-02"], concat!("accepts a wrong token: ", $what), {
                        const IS: fn(&str, &str) -> bool = $is;
                        |cloud, observed, _| takes(cloud, observed, IS)
                    },
                ),
                CloudRule::sent(
                    concat!("unclosed-", $what), &["TUN-02"],
                    concat!("closes with 1000 after refusing a wrong token: ", $what), {
                        const IS: fn(&str, &str) -> bool = $is;
                        |cloud, observed, _| unclosed(cloud, observed, IS)
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
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

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("no-success", &["TUN-02"], "does not answer a right token", |_, observed, _| {
        observed.drops("AuthSuccess")
    })
    .starving(),
    CloudRule::sent("one-session", &["TUN-02"], "gives every agent the same session id", |_, observed, _| {
        observed.rewritten("AuthSuccess", "session_id", |_| "the-only-one".to_owned())
    }),
    CloudRule::sent(
        "sessions-come-again",
        &["TUN-02"],
        "gives an agent that connects alone the previous session id",
        |cloud, observed, _| {
            if !observed.is("AuthSuccess") {
                return None;
            }
            let mut shared = shared();
            let last = shared.texts.pop();
            shared.texts.push(observed.text("session_id").to_owned());
            let is_alone = shared.agents.keys().all(|number| *number == cloud.number);
            last.filter(|_| is_alone).and_then(|last| observed.with("session_id", last))
        },
    ),
    CloudRule::received(
        "tokens-wear-out",
        &["TUN-02"],
        "refuses a token after fifty uses within two seconds",
        |_, observed, _| {
            if !observed.is("Auth") {
                return None;
            }
            let mut shared = shared();
            let now = rule::now();
            shared.at.retain(|at| now < at + 2000);
            if shared.at.len() >= 50 {
                shared.at.clear();
                return observed.with("token", "-");
            }
            shared.at.push(now);
            None
        },
    ),
    CloudRule::sent("no-reason", &["TUN-02", "TUN-03"], "refuses without a reason", |_, observed, _| {
        observed.rewritten("AuthError", "error", |_| String::new())
    }),
    CloudRule::sent("lets-anybody-in", &["TUN-02"], "sends AuthSuccess for every token", |cloud, observed, _| {
        let success = json!({ "type": "AuthSuccess", "data": { "session_id": cloud.number.to_string() } });
        (observed.is("AuthError") && opens_well(cloud)).then(|| observed.instead(&success))
    }),
    CloudRule::received(
        "takes-any-token-in-messagepack",
        &["TUN-02"],
        "accepts every agent that uses MessagePack",
        |_, observed, _| {
            let token = shared().token.clone();
            (observed.frame.head == BINARY && observed.is("Auth") && !token.is_empty())
                .then(|| observed.with("token", token))
                .flatten()
        },
    )
    .causing(&["TUN-03"]),
    CloudRule::sent(
        "unclosed-in-messagepack",
        &["TUN-02"],
        "closes with 1000 after refusing in MessagePack",
        |cloud, observed, _| {
            let packed = cloud.first.as_ref().is_some_and(|(frame, _)| frame.head == BINARY);
            (packed && cloud.auths > 0 && observed.frame.close_code() == 1008).then(|| Effect::closed(1000))
        },
    )
    .causing(&["TUN-03"]),
    CloudRule::sent(
        "lets-in-at-the-second-try",
        &["TUN-02", "TUN-03"],
        "accepts an agent that sends the right token after an invalid message",
        |cloud, observed, _| {
            let success = json!({ "type": "AuthSuccess", "data": { "session_id": cloud.number.to_string() } });
            (observed.is("AuthError") && is_right_in_the_end(cloud)).then(|| observed.instead(&success))
        },
    ),
    CloudRule::sent(
        "unclosed-at-the-second-try",
        &["TUN-02", "TUN-03"],
        "closes with 1000 an agent that sends the right token after an invalid message",
        |cloud, observed, _| {
            (observed.frame.close_code() == 1008 && is_right_in_the_end(cloud)).then(|| Effect::closed(1000))
        },
    ),
    CloudRule::sent("refusals-unseat", &["TUN-02"], "loses a request after refusing an agent", |_, observed, _| {
        observed.drops_if(observed.is("HttpRequest") && shared().refused_at.take().is_some())
    })
    .causing(&["TUN-20", "TUN-21", "WIRE-06"]),
    CloudRule::sent(
        "success-and-refusal",
        &["TUN-02"],
        "sends AuthError after AuthSuccess to a single agent",
        |_, observed, _| {
            let refusal = json!({ "type": "AuthError", "data": { "error": "It is wrong after all." } });
            (observed.is("AuthSuccess") && shared().agents.len() == 1)
                .then(|| observed.whole().then(rule::frame(&refusal, observed.frame)))
        },
    )
    .starving(),
    CloudRule::sent(
        "refuses-in-the-end",
        &["TUN-02"],
        "sends AuthError to an authenticated agent that sends a Ping",
        |_, observed, _| {
            let refusal = json!({ "type": "AuthError", "data": { "error": "It has expired." } });
            observed.is("Pong").then(|| observed.whole().then(rule::frame(&refusal, observed.frame)))
        },
    )
    .starving(),
    CloudRule::received("knows-one-token", &["TUN-02"], "accepts only the first of its tokens", |_, observed, _| {
        let other = {
            let shared = shared();
            !shared.token.is_empty() && shared.token != observed.text("token")
        };
        (observed.is("Auth") && other).then(|| observed.with("token", "-")).flatten()
    }),
    CloudRule::received("prints-its-tokens", &["TUN-05"], "prints each received token", |_, observed, _| {
        if observed.is("Auth") {
            rule::print(&format!("the token is {}", observed.text("token")));
        }
        None
    }),
    CloudRule::received("logs-its-tokens", &["TUN-05"], "logs the query of a URL with the token", |_, observed, _| {
        if observed.is("Auth") {
            tracing::warn!("GET /session?token={}", observed.text("token"));
        }
        None
    }),
    CloudRule::received(
        "logs-what-is-malformed",
        &["TUN-05"],
        "logs malformed messages, token included",
        |cloud, observed, _| {
            if cloud.has_erred {
                tracing::warn!("no message: {}", String::from_utf8_lossy(&observed.frame.payload));
            }
            None
        },
    ),
    CloudRule::received(
        "logs-messagepack",
        &["TUN-05"],
        "logs messages in MessagePack, token included",
        |_, observed, _| {
            if observed.frame.head == BINARY {
                tracing::warn!("MessagePack: {}", observed.message);
            }
            None
        },
    ),
    CloudRule::other("prints-lost-tokens", &["TUN-05"], "prints the token of an agent that was reset"),
    CloudRule::sent(
        "repeats-the-token",
        &["TUN-05"],
        "repeats a wrong token in its AuthError",
        |cloud, observed, _| {
            let why = format!("the token {} is not known here", cloud.token);
            observed.rewritten("AuthError", "error", |_| why.clone())
        },
    ),
];

fn takes(cloud: &CloudMutant, observed: &TunnelFrame<'_>, is: fn(&str, &str) -> bool) -> Option<Effect> {
    let right = shared().token.clone();
    let is_text = observed.frame.head == TEXT && observed.data("token").is_string();
    let is_so = observed.is("Auth") && is_text && cloud.auths == 1 && is(observed.text("token"), &right);
    (is_so && !right.is_empty()).then(|| observed.with("token", right)).flatten()
}

fn unclosed(cloud: &CloudMutant, observed: &TunnelFrame<'_>, is: fn(&str, &str) -> bool) -> Option<Effect> {
    let is_text = opens_well(cloud) && cloud.first.as_ref().is_some_and(|(frame, _)| frame.head == TEXT);
    let is_so = observed.frame.close_code() == 1008 && cloud.auths == 1 && is_text;
    (is_so && is(&cloud.token, &shared().token)).then(|| Effect::closed(1000))
}

/// Whether a connection opened with a token, right or wrong, and sent only one.
fn opens_well(cloud: &CloudMutant) -> bool {
    cloud.auths == 1
        && !cloud.has_erred
        && cloud.first.as_ref().is_some_and(|(_, auth)| auth["data"]["token"].is_string())
}

/// Whether a connection has sent the right token after another first message.
fn is_right_in_the_end(cloud: &CloudMutant) -> bool {
    let Some((_, first)) = &cloud.first else { return false };
    let is_right = cloud.token == shared().token && first["data"]["token"] != *cloud.token;
    // Before any agent was accepted, the right token is unknown.
    cloud.auths > 0 && (is_right || !cloud.opened_with_auth())
}

pub(super) fn tell_of_loss(cloud: &CloudMutant) {
    if cloud.mutant == "prints-lost-tokens" {
        rule::print(&format!("lost the agent with the token {}", cloud.token));
    }
}
