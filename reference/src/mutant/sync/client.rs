//! Mutants of a sync client.

use serde_json::{Value, json};

use crate::mutant::Mutant;
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links};
use crate::mutant::wire::{Frame, TEXT};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::new("speaks-first", &["SYNC-C1"], "sends a request before `auth`").starving(),
    Mutant::new("another-pin", &["SYNC-C1"], "authenticates with a different PIN").causing(&["SYNC-C3"]),
    Mutant::new("tries-again", &["SYNC-C2"], "retries a PIN that was refused").causing(&["RECON-11", "WIRE-01"]),
    Mutant::new("hides-refusals", &["SYNC-C2"], "does not report a refusal").causing(&["DRV-02", "RECON-11"]),
    Mutant::new("same-id", &["SYNC-C2"], "uses the same id for all requests")
        .causing(&["SYNC-C3", "SYNC-C4", "SYNC-C5", "SYNC-C6"]),
    Mutant::new("stays-away", &["SYNC-C3", "RECON-01"], "does not reconnect").starving(),
    Mutant::new("forgets", &["SYNC-C3"], "subscribes to nothing after reconnecting"),
    Mutant::new("forgets-one", &["SYNC-C3"], "forgets its first subscription after reconnecting"),
    Mutant::new("subscribes-to-all", &["SYNC-C4", "SYNC-C3"], "does not unsubscribe"),
    Mutant::new("sends-again", &["SYNC-C3"], "sends an unanswered `send` again"),
    Mutant::new("mixes-up", &["SYNC-C4"], "reports the push of one chat as that of another"),
    Mutant::new("hears-nothing", &["SYNC-C4"], "ignores pushes").causing(&["SYNC-C3", "SYNC-C5", "SYNC-C6"]),
    Mutant::new("waits-forever", &["SYNC-C5"], "reports an answer that has not arrived")
        .causing(&["SYNC-C3", "SYNC-C4"]),
    Mutant::new("closes-on-unknown", &["SYNC-C6"], "disconnects on a message of unknown type").causing(&["WIRE-06"]),
    Mutant::new("fragile", &["SYNC-C6"], "disconnects on text that is not JSON").causing(&["WIRE-01", "WIRE-06"]),
];

const KNOWN: [&str; 6] = ["auth_success", "auth_failed", "auth_required", "subscribed", "data", "error"];

#[derive(Debug)]
pub(crate) struct SyncClientMutant {
    mutant: &'static str,
    number: usize,
    subscriptions: usize,
}

impl SyncClientMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self { mutant, number, subscriptions: 0 }
    }
}

impl Link for SyncClientMutant {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut Links) -> Admission {
        if self.mutant == "stays-away" && self.number > 1 { Admission::Ignored } else { Admission::Onward }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let action = match flow {
            Flow::In => self.incoming(kind, &message, &frame, state),
            Flow::Out => self.outgoing(kind, &message, &frame, state),
        };
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl SyncClientMutant {
    fn incoming(&mut self, kind: &str, message: &Value, frame: &Frame, state: &mut Links) -> Option<Effect> {
        let back = |answer: Value| link::unmasked(&link::text(&answer, frame));
        self.subscriptions += usize::from(kind == "subscribe");
        Some(match (self.mutant, kind) {
            ("speaks-first", "auth") => {
                let early = json!({ "type": "unsubscribe", "id": "early", "resource": "modelProfiles" });
                Effect::text(&early, frame).then(frame.clone())
            }
            ("another-pin", "auth") => Effect::with(message, "pin", "000000".into(), frame),
            ("same-id", _) if kind != "auth" && !message["id"].is_null() => {
                Effect::with(message, "id", "7".into(), frame)
            }
            ("forgets", "subscribe") if self.number > 1 => Effect::nothing(),
            ("forgets-one", "subscribe") if self.number > 1 && self.subscriptions == 1 => Effect::nothing(),
            ("subscribes-to-all", "unsubscribe") => Effect::nothing()
                .answered(back(json!({ "type": "data", "id": message["id"], "data": { "unsubscribed": true } }))),
            ("sends-again", "send") if state.kept.is_none() => {
                state.kept = Some(frame.clone());
                return None;
            }
            ("waits-forever", "subscribe") => Effect::whole(frame).answered(back(json!({
                "type": "subscribed", "id": message["id"], "resource": "chat", "resourceId": message["resourceId"],
                "data": { "messages": [] },
            }))),
            ("waits-forever", "send") => Effect::whole(frame)
                .answered(back(json!({ "type": "data", "id": message["id"], "data": { "sent": true } }))),
            _ => return None,
        })
    }

    fn outgoing(&mut self, kind: &str, message: &Value, frame: &Frame, state: &mut Links) -> Option<Effect> {
        let is_push = kind == "data" && message["id"].is_null();
        let is_unknown = message["type"].as_str().is_some_and(|kind| !KNOWN.contains(&kind));
        Some(match (self.mutant, kind) {
            ("mixes-up", _) if is_push && message["resourceId"] == "c3" => {
                Effect::with(message, "resourceId", "c1".into(), frame)
            }
            ("hears-nothing", _) if is_push => Effect::nothing(),
            ("tries-again", "auth_failed") => Effect { ends: true, ..Effect::nothing() },
            ("fragile", "") if frame.head == TEXT => Effect::ended(frame, 1007),
            ("closes-on-unknown", _) if is_unknown => Effect::ended(frame, 1008),
            ("sends-again", "auth_success") if self.number > 1 => {
                state.kept.take().into_iter().fold(Effect::whole(frame), Effect::answered)
            }
            _ => return None,
        })
    }
}
