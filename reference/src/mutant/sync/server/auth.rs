//! Mutants of authentication: SYNC-01 to SYNC-04.

use serde_json::json;

use super::{Observed, SyncLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("chats-are-open", &["SYNC-01"], "refuses a subscription to a chat without asking for a PIN"),
    Mutant::new("profiles-are-open", &["SYNC-01"], "lets unauthenticated clients subscribe to model profiles"),
    Mutant::new("anybody-unsubscribes", &["SYNC-01"], "lets unauthenticated clients unsubscribe"),
    Mutant::new("strangers-unanswered", &["SYNC-01"], "does not answer messages of unauthenticated clients"),
    Mutant::new("reveals-chats", &["SYNC-01"], "reports to unauthenticated clients that a chat does not exist"),
    Mutant::new("refused-as-unknown", &["SYNC-01"], "answers clients that sent a wrong PIN incorrectly"),
    Mutant::new("sends-for-strangers", &["SYNC-01"], "sends the messages of unauthenticated clients, a little later"),
    Mutant::new("pushes-to-strangers", &["SYNC-01", "SYNC-22"], "pushes to unauthenticated clients"),
    Mutant::new("admits-no-one", &["SYNC-02"], "does not answer the right PIN").starving(),
    Mutant::new("short-pins", &["SYNC-02"], "accepts the first five digits of a PIN"),
    Mutant::new("long-pins", &["SYNC-02"], "reads only six digits of a PIN"),
    Mutant::new("wide-pins", &["SYNC-02"], "accepts full-width digits in a PIN"),
    Mutant::new("pins-of-numbers", &["SYNC-02"], "accepts the last six digits of a number as a PIN"),
    Mutant::new("pins-of-lists", &["SYNC-02"], "accepts an array with a PIN"),
    Mutant::new("no-pin-unanswered", &["SYNC-02"], "does not answer an `auth` without a PIN"),
    Mutant::new("six-guesses", &["SYNC-02"], "disconnects at the sixth wrong PIN"),
    Mutant::new("no-reason", &["SYNC-02"], "refuses a PIN without a reason"),
    Mutant::new("closes-otherwise", &["SYNC-03"], "closes with 1000 after ten wrong PINs"),
    Mutant::new("forgives-guesses", &["SYNC-03"], "does not count guesses of earlier connections"),
    Mutant::new("forgives-later", &["SYNC-03"], "does not count guesses on the second connection after them"),
    Mutant::new("bars-everybody", &["SYNC-03"], "refuses connections for a while after ten wrong PINs"),
    Mutant::new("admits-no-one-again", &["SYNC-04"], "does not answer a PIN on an authenticated connection").starving(),
    Mutant::new("auth-unsubscribes", &["SYNC-04"], "ends the subscriptions of a client that authenticates again"),
    Mutant::new("wrong-pin-unanswered", &["SYNC-04"], "does not answer a wrong PIN of an authenticated client"),
    Mutant::new("wrong-pin-unsubscribes", &["SYNC-04"], "ends the subscriptions of a client that sends a wrong PIN"),
    Mutant::new("wrong-pin-logs-out", &["SYNC-04"], "treats a client as unauthenticated after a wrong PIN")
        .causing(&["SYNC-10"]),
];

/// Clients that connect this shortly after one that guesses are refused too.
const BARRED: std::ops::RangeInclusive<usize> = 3..=4;

pub(super) fn bars(server: &SyncLink, state: &Links) -> bool {
    let guesser = state.clients.guesser;
    let after = server.number.saturating_sub(guesser);
    server.mutant == "bars-everybody" && guesser > 0 && BARRED.contains(&after)
}

pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "auth") => shows(server, observed),
        (Flow::In, "send")
            if server.known(state).is_in
                && observed.message["message"].is_string()
                && observed.message["id"].is_string() =>
        {
            let late = state.clients.late.take()?;
            Some(Effect { onward: vec![late, observed.frame.clone()], ..Effect::default() })
        }
        (Flow::In, "subscribe") if server.mutant == "wrong-pin-logs-out" && server.marked => {
            Some(observed.answered(&json!({ "type": "auth_required", "id": observed.message["id"] })))
        }
        (Flow::Out, "subscribed") if matches!(server.mutant, "auth-unsubscribes" | "wrong-pin-unsubscribes") => {
            server.marked = false;
            None
        }
        (Flow::Out, "auth_required") => required(server, observed, state),
        (Flow::Out, "auth_success") => Some(match server.mutant {
            "admits-no-one" => Effect::nothing(),
            "admits-no-one-again" if server.successes > 1 => Effect::nothing(),
            "auth-unsubscribes" if server.successes > 1 => {
                server.marked = true;
                return None;
            }
            _ => return None,
        }),
        (Flow::Out, "auth_failed") => failed(server, observed),
        (Flow::Out, "data") if observed.is_push() => {
            if server.mutant == "pushes-to-strangers" {
                let strangers = state.clients.here.iter().filter(|(_, known)| !known.is_in);
                let strangers = strangers.map(|(number, _)| *number).collect::<Vec<_>>();
                strangers.into_iter().for_each(|number| state.post(number, observed.frame.clone()));
            }
            let is_lost = matches!(server.mutant, "auth-unsubscribes" | "wrong-pin-unsubscribes") && server.marked;
            is_lost.then(Effect::nothing)
        }
        (Flow::Out, _) if server.is_unsolicited(observed) => Some(Effect::nothing()),
        (Flow::Out, _) if observed.frame.close_code() == 1008 => closed(server, state),
        _ => None,
    }
}

fn closed(server: &SyncLink, state: &mut Links) -> Option<Effect> {
    let after = server.number.saturating_sub(state.clients.guesser);
    let is_first = server.failures >= 10;
    if is_first {
        state.clients.guesser = server.number;
    }
    let forgives = match server.mutant {
        "closes-otherwise" => is_first,
        "forgives-guesses" => !is_first,
        "forgives-later" => !is_first && after == 2,
        _ => false,
    };
    forgives.then(|| Effect::closed(1000))
}

fn shows(server: &SyncLink, observed: &Observed<'_>) -> Option<Effect> {
    let pin = &observed.message["pin"];
    let text = pin.as_str().unwrap_or_default();
    Some(match server.mutant {
        "long-pins" if text.len() == 7 => observed.with("pin", &text[..6]),
        "wide-pins" if !text.is_ascii() => observed.with("pin", text.chars().map(narrow).collect::<String>()),
        "pins-of-numbers" => observed.with("pin", format!("{:06}", pin.as_u64()? % 1_000_000)),
        "pins-of-lists" if pin.is_array() => observed.with("pin", pin[0].clone()),
        "no-pin-unanswered" if pin.is_null() => Effect::nothing(),
        _ => return None,
    })
}

/// The ASCII form of a full-width digit.
fn narrow(wide: char) -> char {
    match u32::from(wide) {
        code @ 0xFF10..=0xFF19 => char::from_u32(code - 0xFEE0).unwrap_or(wide),
        _ => wide,
    }
}

fn required(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let id = &observed.message["id"];
    let asked = server.request(observed.message).clone();
    let is = |name: &str, value: &str| asked[name] == value;
    let error = json!({ "type": "error", "id": id, "error": "No." });
    Some(match server.mutant {
        "chats-are-open" if is("type", "subscribe") && is("resource", "chat") => observed.instead(&error),
        "profiles-are-open" if is("resource", "modelProfiles") => observed.instead(&json!({
            "type": "subscribed", "id": id, "resource": "modelProfiles", "data": { "modelProfiles": [] },
        })),
        "anybody-unsubscribes" if is("type", "unsubscribe") => {
            observed.instead(&json!({ "type": "data", "id": id, "data": { "unsubscribed": true } }))
        }
        "strangers-unanswered" if is("type", "send") => Effect::nothing(),
        "reveals-chats" if is("resourceId", "no such chat") => observed.instead(&error),
        "refused-as-unknown" if server.failures > 0 => observed.instead(&error),
        "sends-for-strangers" if is("type", "send") => {
            let mut late = asked.clone();
            late["id"] = UNSOLICITED.into();
            state.clients.late = Some(link::masked(&link::text(&late, observed.frame)));
            return None;
        }
        _ => return None,
    })
}

fn failed(server: &mut SyncLink, observed: &Observed<'_>) -> Option<Effect> {
    let is_in = server.successes > 0;
    let pin = server.request(observed.message)["pin"].as_str().unwrap_or_default().to_owned();
    Some(match server.mutant {
        "short-pins" if pin.len() == 5 => observed.instead(&json!({
            "type": "auth_success", "id": observed.message["id"], "data": { "projects": [], "modelProfiles": [] },
        })),
        "six-guesses" if server.failures == 6 => {
            let closed = Effect::ended(observed.frame, 1008);
            Effect { onward: [vec![observed.frame.clone()], closed.onward].concat(), ..closed }
        }
        "no-reason" => observed.with("error", ""),
        "wrong-pin-unanswered" if is_in => Effect::nothing(),
        "wrong-pin-unsubscribes" | "wrong-pin-logs-out" if is_in => {
            server.marked = true;
            return None;
        }
        _ => return None,
    })
}

/// The id of requests that no client makes.
pub(super) const UNSOLICITED: &str = "unsolicited";

impl SyncLink {
    pub(super) fn is_unsolicited(&self, observed: &Observed<'_>) -> bool {
        observed.flow == Flow::Out && observed.message["id"] == *UNSOLICITED
    }
}
