//! Mutants of a client.

use serde_json::{Value, json};

use crate::mutant::Mutant;
use crate::mutant::link::{self, Admission, House, Link, Said, Way};
use crate::mutant::wire::{Frame, TEXT};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["SYNC-C1"], "sends a request before `auth`").starving(),
    Mutant::new("another-pin", &["SYNC-C1"], "opens with a PIN of its own").causing(&["SYNC-C3"]),
    Mutant::new("tries-again", &["SYNC-C2"], "tries a PIN again that was refused").causing(&["RECON-11", "WIRE-01"]),
    Mutant::new("hides-refusals", &["SYNC-C2"], "does not report a refusal").causing(&["DRV-02", "RECON-11"]),
    Mutant::new("same-id", &["SYNC-C2"], "gives all requests the same id")
        .causing(&["SYNC-C3", "SYNC-C4", "SYNC-C5", "SYNC-C6"]),
    Mutant::new("stays-away", &["SYNC-C3", "RECON-01"], "does not come back").starving(),
    Mutant::new("forgets", &["SYNC-C3"], "subscribes to nothing when it comes back"),
    Mutant::new("forgets-one", &["SYNC-C3"], "forgets its first subscription when it comes back"),
    Mutant::new("subscribes-to-all", &["SYNC-C4", "SYNC-C3"], "does not unsubscribe"),
    Mutant::new("sends-again", &["SYNC-C3"], "sends an unanswered `send` again"),
    Mutant::new("mixes-up", &["SYNC-C4"], "takes the push of one chat for that of another"),
    Mutant::new("hears-nothing", &["SYNC-C4"], "hears no push").causing(&["SYNC-C3", "SYNC-C5", "SYNC-C6"]),
    Mutant::new("waits-forever", &["SYNC-C5"], "tells of an answer that has not come").causing(&["SYNC-C3", "SYNC-C4"]),
    Mutant::new("closes-on-unknown", &["SYNC-C6"], "closes for a message of unknown type").causing(&["WIRE-06"]),
    Mutant::new("fragile", &["SYNC-C6"], "closes for text that is no JSON").causing(&["WIRE-01", "WIRE-06"]),
];

/// What the server says.
const KNOWN: [&str; 6] = ["auth_success", "auth_failed", "auth_required", "subscribed", "data", "error"];

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    mutant: &'static str,
    number: usize,
    subscriptions: usize,
}

impl Client {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, subscriptions: 0 }
    }
}

impl Link for Client {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut House) -> Admission {
        if self.mutant == "stays-away" && self.number > 1 { Admission::Ignored } else { Admission::Onward }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let said = match way {
            Way::In => self.heard(kind, &message, &frame, house),
            Way::Out => self.told(kind, &message, &frame, house),
        };
        said.unwrap_or_else(|| Said::whole(&frame))
    }
}

impl Client {
    /// From the client.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame, house: &mut House) -> Option<Said> {
        let back = |answer: Value| link::unmasked(&link::text(&answer, frame));
        self.subscriptions += usize::from(kind == "subscribe");
        Some(match (self.mutant, kind) {
            ("speaks-first", "auth") => {
                let early = json!({ "type": "unsubscribe", "id": "early", "resource": "modelProfiles" });
                Said::text(&early, frame).then(frame.clone())
            }
            ("another-pin", "auth") => Said::with(message, "pin", "000000".into(), frame),
            ("same-id", _) if kind != "auth" && !message["id"].is_null() => {
                Said::with(message, "id", "7".into(), frame)
            }
            ("forgets", "subscribe") if self.number > 1 => Said::nothing(),
            ("forgets-one", "subscribe") if self.number > 1 && self.subscriptions == 1 => Said::nothing(),
            ("subscribes-to-all", "unsubscribe") => Said::nothing()
                .answered(back(json!({ "type": "data", "id": message["id"], "data": { "unsubscribed": true } }))),
            ("sends-again", "send") if house.kept.is_none() => {
                house.kept = Some(frame.clone());
                return None;
            }
            ("waits-forever", "subscribe") => Said::whole(frame).answered(back(json!({
                "type": "subscribed", "id": message["id"], "resource": "chat", "resourceId": message["resourceId"],
                "data": { "messages": [] },
            }))),
            ("waits-forever", "send") => Said::whole(frame)
                .answered(back(json!({ "type": "data", "id": message["id"], "data": { "sent": true } }))),
            _ => return None,
        })
    }

    /// From the server.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame, house: &mut House) -> Option<Said> {
        let is_push = kind == "data" && message["id"].is_null();
        let is_unknown = message["type"].as_str().is_some_and(|kind| !KNOWN.contains(&kind));
        Some(match (self.mutant, kind) {
            ("mixes-up", _) if is_push && message["resourceId"] == "c3" => {
                Said::with(message, "resourceId", "c1".into(), frame)
            }
            ("hears-nothing", _) if is_push => Said::nothing(),
            ("tries-again", "auth_failed") => Said { ends: true, ..Said::nothing() },
            ("fragile", "") if frame.head == TEXT => Said::ended(frame, 1007),
            ("closes-on-unknown", _) if is_unknown => Said::ended(frame, 1008),
            ("sends-again", "auth_success") if self.number > 1 => {
                house.kept.take().into_iter().fold(Said::whole(frame), Said::answered)
            }
            _ => return None,
        })
    }
}
