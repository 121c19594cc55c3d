//! Mutants of authentication: SYNC-01 to SYNC-04.

use serde_json::json;

use super::{Seen, Server};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new(
        "chats-are-open",
        &["SYNC-01"],
        "refuses a subscription to a chat without saying that a PIN is asked for",
    ),
    Mutant::new("profiles-are-open", &["SYNC-01"], "lets anybody subscribe to model profiles"),
    Mutant::new("anybody-unsubscribes", &["SYNC-01"], "lets anybody unsubscribe"),
    Mutant::new("strangers-unanswered", &["SYNC-01"], "does not answer a message of who has not authenticated"),
    Mutant::new("tells-what-there-is", &["SYNC-01"], "tells strangers that there is no such chat"),
    Mutant::new("refused-as-unknown", &["SYNC-01"], "answers nobody rightly who has shown a wrong PIN"),
    Mutant::new("sends-for-strangers", &["SYNC-01"], "sends what a stranger has asked for, a little later"),
    Mutant::new("tells-strangers", &["SYNC-01", "SYNC-22"], "tells strangers of what they have asked for in vain"),
    Mutant::new("lets-nobody-in", &["SYNC-02"], "says nothing to who knows the PIN").starving(),
    Mutant::new("short-pins", &["SYNC-02"], "takes the first five digits for a PIN"),
    Mutant::new("long-pins", &["SYNC-02"], "reads no more than six digits of a PIN"),
    Mutant::new("wide-pins", &["SYNC-02"], "takes digits of full width for others"),
    Mutant::new("pins-of-numbers", &["SYNC-02"], "takes the last six digits of a number for a PIN"),
    Mutant::new("pins-of-lists", &["SYNC-02"], "takes a list with a PIN for one"),
    Mutant::new("no-pin-unanswered", &["SYNC-02"], "does not answer who shows no PIN"),
    Mutant::new("six-guesses", &["SYNC-02"], "closes the connection with the sixth wrong PIN"),
    Mutant::new("no-reason", &["SYNC-02"], "refuses a PIN without a reason"),
    Mutant::new("closes-otherwise", &["SYNC-03"], "closes with 1000 after ten wrong PINs"),
    Mutant::new("forgives-guesses", &["SYNC-03"], "forgets on the next connection who has guessed"),
    Mutant::new("forgives-later", &["SYNC-03"], "forgets on the second connection after it who has guessed"),
    Mutant::new("bars-everybody", &["SYNC-03"], "takes nobody for a while after ten wrong PINs"),
    Mutant::new("lets-nobody-in-again", &["SYNC-04"], "does not answer a PIN on a connection that has authenticated")
        .starving(),
    Mutant::new("auth-unsubscribes", &["SYNC-04"], "ends subscriptions when their client authenticates again"),
    Mutant::new("wrong-pin-unanswered", &["SYNC-04"], "does not answer a wrong PIN of who has authenticated"),
    Mutant::new("wrong-pin-unsubscribes", &["SYNC-04"], "ends subscriptions when their client shows a wrong PIN"),
    Mutant::new(
        "wrong-pin-logs-out",
        &["SYNC-04"],
        "takes who shows a wrong PIN for somebody who has not authenticated",
    )
    .causing(&["SYNC-10"]),
];

/// Who has connected so shortly after a guesser is barred with it.
const BARRED: std::ops::RangeInclusive<usize> = 3..=4;

/// Whether nobody may connect.
pub(super) fn bars(server: &Server, house: &House) -> bool {
    let guesser = house.clients.guesser;
    let after = server.number.saturating_sub(guesser);
    server.mutant == "bars-everybody" && guesser > 0 && BARRED.contains(&after)
}

pub(super) fn alters(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, "auth") => shows(server, seen),
        (Way::In, "send")
            if server.known(house).is_in && seen.message["message"].is_string() && seen.message["id"].is_string() =>
        {
            let late = house.clients.late.take()?;
            Some(Said { onward: vec![late, seen.frame.clone()], ..Said::default() })
        }
        (Way::In, "subscribe") if server.mutant == "wrong-pin-logs-out" && server.marked => {
            Some(seen.answered(&json!({ "type": "auth_required", "id": seen.message["id"] })))
        }
        (Way::Out, "subscribed") if matches!(server.mutant, "auth-unsubscribes" | "wrong-pin-unsubscribes") => {
            server.marked = false;
            None
        }
        (Way::Out, "auth_required") => required(server, seen, house),
        (Way::Out, "auth_success") => Some(match server.mutant {
            "lets-nobody-in" => Said::nothing(),
            "lets-nobody-in-again" if server.successes > 1 => Said::nothing(),
            "auth-unsubscribes" if server.successes > 1 => {
                server.marked = true;
                return None;
            }
            _ => return None,
        }),
        (Way::Out, "auth_failed") => failed(server, seen),
        (Way::Out, "data") if seen.is_push() => {
            if server.mutant == "tells-strangers" {
                let strangers = house.clients.here.iter().filter(|(_, known)| !known.is_in);
                let strangers = strangers.map(|(number, _)| *number).collect::<Vec<_>>();
                strangers.into_iter().for_each(|number| house.post(number, seen.frame.clone()));
            }
            let is_lost = matches!(server.mutant, "auth-unsubscribes" | "wrong-pin-unsubscribes") && server.marked;
            is_lost.then(Said::nothing)
        }
        (Way::Out, _) if server.message_of_nobody(seen) => Some(Said::nothing()),
        (Way::Out, _) if seen.frame.close_code() == 1008 => closed(server, house),
        _ => None,
    }
}

fn closed(server: &Server, house: &mut House) -> Option<Said> {
    let after = server.number.saturating_sub(house.clients.guesser);
    let is_first = server.failures >= 10;
    if is_first {
        house.clients.guesser = server.number;
    }
    let forgives = match server.mutant {
        "closes-otherwise" => is_first,
        "forgives-guesses" => !is_first,
        "forgives-later" => !is_first && after == 2,
        _ => false,
    };
    forgives.then(|| Said::closed(1000))
}

fn shows(server: &Server, seen: &Seen<'_>) -> Option<Said> {
    let pin = &seen.message["pin"];
    let text = pin.as_str().unwrap_or_default();
    Some(match server.mutant {
        "long-pins" if text.len() == 7 => seen.with("pin", &text[..6]),
        "wide-pins" if !text.is_ascii() => seen.with("pin", text.chars().map(narrow).collect::<String>()),
        "pins-of-numbers" => seen.with("pin", format!("{:06}", pin.as_u64()? % 1_000_000)),
        "pins-of-lists" if pin.is_array() => seen.with("pin", pin[0].clone()),
        "no-pin-unanswered" if pin.is_null() => Said::nothing(),
        _ => return None,
    })
}

/// The digit of usual width.
fn narrow(wide: char) -> char {
    match u32::from(wide) {
        code @ 0xFF10..=0xFF19 => char::from_u32(code - 0xFEE0).unwrap_or(wide),
        _ => wide,
    }
}

fn required(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let id = &seen.message["id"];
    let asked = server.request(seen.message).clone();
    let is = |name: &str, value: &str| asked[name] == value;
    let error = json!({ "type": "error", "id": id, "error": "No." });
    Some(match server.mutant {
        "chats-are-open" if is("type", "subscribe") && is("resource", "chat") => seen.instead(&error),
        "profiles-are-open" if is("resource", "modelProfiles") => seen.instead(&json!({
            "type": "subscribed", "id": id, "resource": "modelProfiles", "data": { "modelProfiles": [] },
        })),
        "anybody-unsubscribes" if is("type", "unsubscribe") => {
            seen.instead(&json!({ "type": "data", "id": id, "data": { "unsubscribed": true } }))
        }
        "strangers-unanswered" if is("type", "send") => Said::nothing(),
        "tells-what-there-is" if is("resourceId", "no such chat") => seen.instead(&error),
        "refused-as-unknown" if server.failures > 0 => seen.instead(&error),
        "sends-for-strangers" if is("type", "send") => {
            let mut late = asked.clone();
            late["id"] = NOBODY.into();
            house.clients.late = Some(link::masked(&link::text(&late, seen.frame)));
            return None;
        }
        _ => return None,
    })
}

fn failed(server: &mut Server, seen: &Seen<'_>) -> Option<Said> {
    let is_in = server.successes > 0;
    let pin = server.request(seen.message)["pin"].as_str().unwrap_or_default().to_owned();
    Some(match server.mutant {
        "short-pins" if pin.len() == 5 => seen.instead(&json!({
            "type": "auth_success", "id": seen.message["id"], "data": { "projects": [], "modelProfiles": [] },
        })),
        "six-guesses" if server.failures == 6 => {
            let closed = Said::ended(seen.frame, 1008);
            Said { onward: [vec![seen.frame.clone()], closed.onward].concat(), ..closed }
        }
        "no-reason" => seen.with("error", ""),
        "wrong-pin-unanswered" if is_in => Said::nothing(),
        "wrong-pin-unsubscribes" | "wrong-pin-logs-out" if is_in => {
            server.marked = true;
            return None;
        }
        _ => return None,
    })
}

/// The id of requests that nobody has made.
pub(super) const NOBODY: &str = "nobody's";

impl Server {
    /// Whether it answers a request that the client has not made.
    pub(super) fn message_of_nobody(&self, seen: &Seen<'_>) -> bool {
        seen.way == Way::Out && seen.message["id"] == *NOBODY
    }
}
