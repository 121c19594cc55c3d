//! What each flaw does to a connection. One flaw is one deviation from what the reference says and hears.

use std::time::Duration;

use serde_json::{Value, json};

use super::said::{CLOSE, PONG, TEXT, closed, code, ended, replaced, said, told_to_all};
use crate::support::middleman::{self, Frame, House, Said, Way};

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    flaw: String,
    number: usize,
    held: Option<Frame>,
    /// How many pushes went out.
    pushes: usize,
    /// How often it has authenticated.
    successes: usize,
    has_sent: bool,
}

impl middleman::Link for Link {
    const PATH: &'static str = "/sync";

    fn new(flaw: &str, number: usize) -> Self {
        let flaw = flaw.to_owned();
        Self { flaw, number, held: None, pushes: 0, successes: 0, has_sent: false }
    }

    fn hides_end(&self, _: Way) -> bool {
        false
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        // Who closes is lost from then on, however late the connection itself ends.
        house.has_lost |= way == Way::In && frame.head == CLOSE && self.number > 1;
        house.bytes += frame.payload.len();
        let message: Value = match frame.head {
            TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
            _ => Value::Null,
        };
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        let is_push = way == Way::Out && kind == "data" && message["id"].is_null();
        self.pushes += usize::from(is_push);
        self.successes += usize::from(way == Way::Out && kind == "auth_success");
        self.has_sent |= way == Way::In && kind == "send";
        let whole = Said { onward: vec![frame.clone()], ..Said::default() };
        let deviates = match way {
            Way::In => self.heard(&kind, &message, &frame, house),
            Way::Out if is_push => self.pushed(&message, &frame, house),
            Way::Out => self.told(&kind, &message, &frame, house),
        };
        deviates.unwrap_or(whole)
    }
}

impl Link {
    /// From who has connected: a client of the server, or the reference's client.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame, house: &mut House) -> Option<Said> {
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        let back = |answer: Value| {
            let back = vec![Frame { masked: false, payload: answer.to_string().into_bytes(), ..frame.clone() }];
            Said { back, ..Said::default() }
        };
        let is_message = matches!(frame.head & 0x0F, 0..=2);
        Some(match (&*self.flaw, kind) {
            // A server that
            ("never-unsubscribes", "unsubscribe") => {
                back(json!({ "type": "data", "id": message["id"], "data": { "unsubscribed": true } }))
            }
            ("strict-space", _) if frame.head == TEXT && frame.payload.starts_with(b" ") => Said::default(),
            ("strict-members", _) if !message["more"].is_null() => Said::default(),
            ("drops-fragments", _) if is_message && (frame.head & 0x80 == 0 || frame.head & 0x0F == 0) => {
                Said::default()
            }
            ("invalid-ends", "") if frame.head == TEXT => ended(frame, 1007),
            ("small-limit", _) if frame.payload.len() >= 1_000_000 => ended(frame, 1009),
            // A client that
            ("speaks-first", "auth") => {
                let early = json!({ "type": "unsubscribe", "id": "early", "resource": "modelProfiles" });
                let early = Frame { payload: early.to_string().into_bytes(), ..frame.clone() };
                Said { onward: vec![early, frame.clone()], ..Said::default() }
            }
            ("another-pin", "auth") => with("pin", "000000".into()),
            ("same-id", _) if kind != "auth" && !message["id"].is_null() => with("id", "7".into()),
            ("forgets", "subscribe") if self.number > 1 => Said::default(),
            ("subscribes-to-all", "unsubscribe") => {
                back(json!({ "type": "data", "id": message["id"], "data": { "unsubscribed": true } }))
            }
            ("sends-again", "send") if house.kept.is_none() => {
                house.kept = Some(frame.clone());
                return None;
            }
            // A client whose user is told of an answer that has not come.
            ("waits-forever", "subscribe") => Said {
                onward: vec![frame.clone()],
                ..back(json!({
                    "type": "subscribed", "id": message["id"], "resource": "chat", "resourceId": message["resourceId"],
                    "data": { "messages": [] },
                }))
            },
            ("waits-forever", "send") => Said {
                onward: vec![frame.clone()],
                ..back(json!({ "type": "data", "id": message["id"], "data": { "sent": true } }))
            },
            _ => return None,
        })
    }

    /// A push to who has connected.
    fn pushed(&mut self, message: &Value, frame: &Frame, house: &House) -> Option<Said> {
        let twice = || Said { onward: vec![frame.clone(); 2], ..Said::default() };
        Some(match &*self.flaw {
            // A server that
            "pushes-twice" => twice(),
            "forgets-the-sender" if self.has_sent => Said::default(),
            "swaps" if self.number == 3 => match self.held.take() {
                Some(held) => Said { onward: vec![frame.clone(), held], ..Said::default() },
                None => {
                    self.held = Some(frame.clone());
                    Said::default()
                }
            },
            "loses-one" if self.pushes == 3 => Said::default(),
            "keeps-new-chats" if !message["data"]["chat"].is_null() => Said::default(),
            "leaks" => told_to_all(frame),
            "others-end" if house.has_lost => Said::default(),
            // A client that
            "mixes-up" if message["resourceId"] == "c3" => replaced(message, "resourceId", "c1".into(), frame),
            "hears-nothing" => Said::default(),
            _ => return None,
        })
    }

    /// Something else to who has connected.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame, house: &mut House) -> Option<Said> {
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        let close = if frame.head == CLOSE { code(frame) } else { 0 };
        let sent = json!({ "type": "data", "id": message["id"], "data": { "sent": true } });
        Some(match (&*self.flaw, kind) {
            // A server that
            ("lets-nobody-in", "auth_success") => Said::default(),
            ("lets-nobody-in-again", "auth_success") if self.successes > 1 => Said::default(),
            ("lets-anybody-in", "auth_failed") => {
                let lists = json!({ "projects": [], "modelProfiles": [] });
                said(&json!({ "type": "auth_success", "id": message["id"], "data": lists }), frame)
            }
            ("no-reason", "auth_failed") => with("error", "".into()),
            ("asks-for-no-pin", "auth_required") => {
                said(&json!({ "type": "error", "id": message["id"], "error": "No." }), frame)
            }
            ("closes-otherwise", _) if close == 1008 => closed(1000),
            ("forgives-guesses", _) if close == 1008 && self.number > 2 => closed(1000),
            ("another-resource", "subscribed") => with("resourceId", "another".into()),
            ("another-answer", "subscribed") => with("id", "another".into()),
            ("obliging", "error") => {
                let data = json!({ "modelProfiles": [] });
                said(
                    &json!({ "type": "subscribed", "id": message["id"], "resource": "modelProfiles", "data": data }),
                    frame,
                )
            }
            ("lacks-the-last", "subscribed") => {
                let mut message = message.clone();
                message["data"]["messages"].as_array_mut().map(Vec::pop);
                said(&message, frame)
            }
            ("says-nothing-of-it", "data") => Said::default(),
            ("sends-anything", "error") => said(&sent, frame),
            ("silent-about-nonsense", "error") if message["id"].is_null() => Said::default(),
            ("silent-about-the-unknown", "error") => Said::default(),
            ("answers-twice", "error") => Said { onward: vec![frame.clone(); 2], ..Said::default() },
            ("haunted", "auth_success") if house.has_lost => {
                let note = json!({ "id": "m", "chatId": "roses", "role": "user", "content": "boo", "seq": 1 });
                let push = json!({
                    "type": "data", "id": null, "resource": "chat", "resourceId": "roses", "data": { "message": note },
                });
                let push = Frame { payload: push.to_string().into_bytes(), ..frame.clone() };
                Said { onward: vec![frame.clone(), push], ..Said::default() }
            }
            ("slow-writers", "data") if house.bytes > 2 << 20 => Said::default(),
            ("parrot", _) if frame.head == PONG => {
                Said { onward: vec![Frame { payload: b"x".to_vec(), ..frame.clone() }], ..Said::default() }
            }
            ("no-close-answer", _) if close > 0 => Said::default(),
            ("violations-pass", _) if matches!(close, 1002 | 1007) => closed(1000),
            ("stops-otherwise", _) if close == 1001 => closed(1000),
            ("slow", _) => Said { onward: vec![frame.clone()], delay: Duration::from_millis(40), ..Said::default() },
            // A client that
            ("tries-again", "auth_failed") => Said { ends: true, ..Said::default() },
            ("fragile", "") if frame.head == TEXT => ended(frame, 1007),
            ("strict-members-of-a-client", _) if !message["more"].is_null() => Said::default(),
            ("sends-again", "auth_success") if self.number > 1 => {
                let others = house.kept.take().into_iter().collect();
                Said { onward: vec![frame.clone()], back: others, ..Said::default() }
            }
            _ => return None,
        })
    }
}
