//! Frames and durations in text, for transcripts and findings.

use std::time::Duration;

use relayspec::family::Packing;
use relayspec::timing::HumanDuration;
use serde_json::Value;

use crate::lint::{excerpt, shorten};
use crate::transport::encode::{BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use crate::transport::{Arrival, End, Masking, OutFrame};

/// A received frame in one line; binary messages in their JSON form, if they have one.
pub(super) fn describe(arrival: &Arrival, packing: Option<Packing>) -> String {
    match arrival {
        Arrival::Text(text) => shorten(text),
        Arrival::Binary(bytes) if let Some(json) = unpacked(bytes, packing) => packed(&json),
        Arrival::Binary(bytes) => format!("binary message, {}", excerpt(bytes)),
        Arrival::Ping(bytes) => format!("Ping{}", quoted(bytes)),
        Arrival::Pong(bytes) => format!("Pong{}", quoted(bytes)),
        Arrival::Close { code, reason } => describe_close(*code, reason),
        Arrival::End(End::Fin) => "end of the stream (FIN)".to_owned(),
        Arrival::End(End::Reset) => "end of the stream (RST)".to_owned(),
        Arrival::Breach { section, what } => format!("violates RFC 6455, section {section}: {what}"),
    }
}

/// A Close frame in one line.
pub(super) fn describe_close(code: Option<u16>, reason: &str) -> String {
    let code = code.map_or_else(|| "without code".to_owned(), |code| code.to_string());
    if reason.is_empty() { format!("Close {code}") } else { format!("Close {code} \"{reason}\"") }
}

fn unpacked(bytes: &[u8], packing: Option<Packing>) -> Option<Value> {
    (packing?.json)(bytes).ok()
}

/// A binary message in its JSON form.
pub(super) fn packed(json: &Value) -> String {
    format!("binary: {}", shorten(&json.to_string()))
}

/// A sent frame in one line.
pub(super) fn describe_sent(frame: &OutFrame, packing: Option<Packing>) -> String {
    let payload = &frame.payload;
    let name = match frame.opcode {
        BINARY if let (true, true, Some(json)) = (frame.fin, plain(frame), unpacked(payload, packing)) => {
            return packed(&json);
        }
        TEXT if frame.fin && plain(frame) => return shorten(payload),
        BINARY if frame.fin && plain(frame) => return format!("binary message, {}", excerpt(payload)),
        TEXT => "text frame".to_owned(),
        BINARY => "binary frame".to_owned(),
        CONTINUATION => "continuation frame".to_owned(),
        CLOSE if plain(frame) && payload.len() >= 2 => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return describe_close(Some(code), &String::from_utf8_lossy(&payload[2..]));
        }
        CLOSE => "Close".to_owned(),
        PING => format!("Ping{}", quoted(payload)),
        PONG => format!("Pong{}", quoted(payload)),
        reserved => format!("frame with reserved opcode {reserved}"),
    };
    let mut odd = Vec::new();
    if !frame.fin {
        odd.push("without FIN".to_owned());
    }
    if frame.rsv != 0 {
        odd.push(format!("reserved bits {:03b}", frame.rsv));
    }
    match frame.masking {
        Masking::None => odd.push("unmasked".to_owned()),
        Masking::Key(_) if frame.claim.is_none() => odd.push("masked".to_owned()),
        Masking::Due | Masking::Key(_) => {}
    }
    if let Some(claim) = frame.claim {
        odd.push(format!("claiming {claim} bytes"));
    }
    if matches!(frame.opcode, TEXT | BINARY | CONTINUATION) {
        odd.push(format!("{} bytes{}", payload.len(), quoted(payload)));
    }
    if odd.is_empty() { name } else { format!("{name}, {}", odd.join(", ")) }
}

fn plain(frame: &OutFrame) -> bool {
    frame.rsv == 0 && frame.claim.is_none() && frame.masking == Masking::Due
}

fn quoted(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let shown = &bytes[..bytes.len().min(60)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!(" \"{}{more}\"", shown.escape_ascii())
}

/// A duration, to a tenth of a millisecond.
pub(super) fn shown(span: Duration) -> String {
    HumanDuration(Duration::from_micros((span.as_micros() as u64 + 50) / 100 * 100)).to_string()
}
