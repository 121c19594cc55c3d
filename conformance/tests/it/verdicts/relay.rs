//! The relay with flaws: as much of a pairing relay as the cases need. Each flaw is a single deviation.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::peer::{BINARY, CLOSE, PING, PONG, ScriptedPeer, TEXT, UpgradeRequest, frame};

/// The lifetime of a code, in ms.
const LIFETIME_MS: u128 = 300_000;

/// Serves a connection; the query of its target names the flaw.
pub(super) async fn serve(request: UpgradeRequest) {
    let target = request.target.clone();
    let (path, flaw) = target.split_once('?').unwrap_or((&target, "none"));
    if path == "/closed" && flaw != "accepts" || path == "/browser" && flaw == "refuses" {
        return request.refuse("503 Service Unavailable").await;
    }
    let peer = request.accept().await;
    match path {
        "/mac" => host(peer, flaw).await,
        "/browser" => viewer(peer, flaw).await,
        _ => invalid_path(peer, flaw).await,
    }
}

async fn host(mut peer: ScriptedPeer, flaw: &str) {
    let mut greeting = text(&registered(flaw));
    if flaw != "no-heartbeat" {
        greeting.extend(frame(PING, b""));
    }
    if flaw == "chatty" {
        greeting.extend(text(&error("INVALID_MESSAGE")));
    }
    peer.send(&greeting).await;
    answers(peer, flaw, |message| match message["type"].as_str() {
        Some("ping") => json!({ "type": "pong", "ts": message["ts"] }),
        _ => error("INVALID_MESSAGE"),
    })
    .await;
}

async fn viewer(peer: ScriptedPeer, flaw: &str) {
    let mut joins = 0;
    answers(peer, flaw, |message| match message["type"].as_str() {
        Some("ping") => json!({ "type": "pong", "ts": message["ts"] }),
        Some("join") => {
            joins += 1;
            // From the third attempt on the code is expired; only the case `undecided` asks that often.
            let expired = matches!(flaw, "wrong-code" | "some-expired") || joins > 2 && flaw != "undecided";
            error(if expired { "EXPIRED_CODE" } else { "INVALID_CODE" })
        }
        Some("data") => error(if flaw == "wrong-should" { "INVALID_MESSAGE" } else { "NOT_FOUND" }),
        _ => error("INVALID_MESSAGE"),
    })
    .await;
}

/// A connection to a path without endpoint.
async fn invalid_path(mut peer: ScriptedPeer, flaw: &str) {
    match flaw {
        "no-close-frame" => return,
        "another-close" => peer.send(&frame(CLOSE, &1000_u16.to_be_bytes())).await,
        "forbidden-close" => peer.send(&frame(CLOSE, &1005_u16.to_be_bytes())).await,
        _ => peer.send(&frame(CLOSE, b"\x0f\xa0Invalid path")).await,
    }
    while peer.frame().await.is_some() {}
}

/// Answers each frame until the connection ends.
async fn answers(mut peer: ScriptedPeer, flaw: &str, mut answer: impl FnMut(&Value) -> Value) {
    while let Some((opcode, payload)) = peer.frame().await {
        let bytes = match opcode {
            TEXT => {
                let message = serde_json::from_slice(&payload).unwrap_or_default();
                deviating(flaw, &answer(&message))
            }
            PING if flaw == "deaf" => Vec::new(),
            PING if flaw == "parrot" => frame(PONG, b"something else"),
            PING => frame(PONG, &payload),
            CLOSE if flaw == "late" => [frame(CLOSE, &payload), text(&error("INVALID_MESSAGE"))].concat(),
            CLOSE if flaw == "impolite" => Vec::new(),
            CLOSE => frame(CLOSE, &payload),
            _ => Vec::new(),
        };
        peer.send(&bytes).await;
        if opcode == CLOSE {
            return;
        }
    }
}

/// The bytes of an answer, with flaws of its form.
fn deviating(flaw: &str, answer: &Value) -> Vec<u8> {
    let valid = text(answer);
    let payload = answer.to_string();
    match flaw {
        "silent" => Vec::new(),
        "talkative" => [valid, text(&error("INVALID_MESSAGE"))].concat(),
        "twice" => [valid.clone(), valid].concat(),
        "another-ts" => text(&json!({ "type": "pong", "ts": 8 })),
        "unknown-type" => text(&json!({ "type": "hello" })),
        "out-of-order" => text(&json!({ "type": "joined", "sessionId": "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11" })),
        "array" => frame(TEXT, format!("[{payload}]").as_bytes()),
        "no-json" => frame(TEXT, b"pong!"),
        "no-utf-8" => frame(TEXT, b"\"\xff\""),
        "binary" => frame(BINARY, payload.as_bytes()),
        "empty-reason" => text(&json!({ "type": "error", "code": "INVALID_CODE", "message": "" })),
        "masked" => {
            let mut bytes = vec![0x81, 0x80 | payload.len() as u8, 0, 0, 0, 0];
            bytes.extend_from_slice(payload.as_bytes());
            bytes
        }
        "long-length" => {
            let mut bytes = vec![0x81, 126, 0, payload.len() as u8];
            bytes.extend_from_slice(payload.as_bytes());
            bytes
        }
        "reserved-bit" => [&[valid[0] | 0x40], &valid[1..]].concat(),
        "reserved-opcode" => [valid, frame(3, b"")].concat(),
        "split-control" => [valid, vec![PING, 0]].concat(),
        _ => valid,
    }
}

fn registered(flaw: &str) -> Value {
    // Without a flaw all codes differ.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
    let expiry = u64::try_from(now + LIFETIME_MS).expect("a near future");
    let number = if flaw == "none" { COUNT.fetch_add(1, Ordering::Relaxed) } else { 0 };
    let right = json!({ "type": "registered", "code": code(number), "expiresAt": expiry });
    let with = |name: &str, value: Value| {
        let mut message = right.clone();
        message[name] = value;
        message
    };
    match flaw {
        "alphabet" => with("code", "K7QX4O".into()),
        "short-code" => with("code", "K7QX4".into()),
        "text-expiry" => with("expiresAt", expiry.to_string().into()),
        "no-expiry" => json!({ "type": "registered", "code": "K7QX4M" }),
        "drifting" => with("expiresAt", (expiry + 60_000).into()),
        "not-registered" => json!({ "type": "pong", "ts": 1 }),
        _ => right,
    }
}

/// The code with a number.
fn code(mut number: u64) -> String {
    const ALPHABET: &[u8] = b"346789ABCDEFGHJKLMNPQRTUVWXY";
    let digits = (0..6).map(|_| {
        let digit = ALPHABET[number as usize % ALPHABET.len()];
        number /= ALPHABET.len() as u64;
        char::from(digit)
    });
    digits.collect()
}

fn error(code: &str) -> Value {
    json!({ "type": "error", "code": code, "message": "Refused." })
}

fn text(message: &Value) -> Vec<u8> {
    frame(TEXT, message.to_string().as_bytes())
}
