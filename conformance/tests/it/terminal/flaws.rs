//! What each flaw does to a connection. One flaw is one deviation from what the reference says and hears.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::middleman::{self, Frame, House, Said, Way};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// What is told of lost sessions to the relay, behind their ids.
const HIDDEN: &str = "~";

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    flaw: String,
    number: usize,
    /// The type of its first message.
    opened: Option<String>,
    /// Of the viewers, counted from 1.
    viewer: usize,
    since: Instant,
    held: Option<Frame>,
    /// How many binary messages went out.
    count: usize,
    /// Whether anything but Pings and Pongs went out.
    is_answered: bool,
}

impl middleman::Link for Link {
    const PATH: &'static str = "/ws";

    fn new(flaw: &str, number: usize) -> Self {
        let flaw = flaw.to_owned();
        Self { flaw, number, opened: None, viewer: 0, since: Instant::now(), held: None, count: 0, is_answered: false }
    }

    /// Whether nobody is told of an end.
    fn hides_end(&self, way: Way) -> bool {
        match way {
            Way::In => self.flaw == "ignores-losses",
            Way::Out => self.flaw == "waits-forever" && self.opened.is_none(),
        }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        house.bytes += frame.payload.len();
        let message: Value = match frame.head {
            TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
            _ => Value::Null,
        };
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        if way == Way::In && self.opened.is_none() && matches!(&*kind, "register" | "auth") {
            self.opened = Some(kind.clone());
            self.since = Instant::now();
            if kind == "auth" {
                house.viewers += 1;
                self.viewer = house.viewers;
            }
        }
        let whole = Said { onward: vec![frame.clone()], ..Said::default() };
        let is_first =
            way == Way::Out && matches!(frame.head, TEXT | BINARY) && !std::mem::replace(&mut self.is_answered, true);
        let deviates = match way {
            Way::In => self.heard(&kind, &message, &frame, house),
            Way::Out if is_first && kind == "error" && self.flaw == "says-nothing-first" => Some(Said::default()),
            Way::Out => self.told(&kind, &message, &frame),
        };
        deviates.unwrap_or(whole)
    }
}

impl Link {
    fn is(&self, opened: &str) -> bool {
        self.opened.as_deref() == Some(opened)
    }

    /// From who has connected: a client of the relay, or the reference's client.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame, house: &House) -> Option<Said> {
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let is_malformed = frame.head == BINARY && !is_whole(&frame.payload);
        let is_message = matches!(frame.head & 0x0F, 0..=2);
        Some(match (&*self.flaw, kind) {
            // A relay that
            ("capitals-only", "auth") if text("session_code").contains(char::is_lowercase) => {
                with("session_code", "-".into())
            }
            ("pings-are-messages", _) if frame.head == PING && self.opened.is_none() => ended(frame, 1008),
            ("echoes", _) if frame.head == BINARY && self.is("auth") => {
                Said { onward: vec![frame.clone()], back: vec![unmasked(frame)], ..Said::default() }
            }
            ("leaks-bytes", _) if frame.head == BINARY => told_to_all(frame),
            ("leaks-messages", "session_connected") => told_to_all(frame),
            ("keeps-wishes", "create_session") => Said::default(),
            ("forwards-anything", "session_list") if self.is("auth") => told_to_all(frame),
            ("forgets-nothing", "session_disconnected") => {
                with("session_id", format!("{}{HIDDEN}", text("session_id")).into())
            }
            ("malformed-ends", _) if is_malformed && self.opened.is_some() => ended(frame, 1007),
            ("malformed-passes", _) if is_malformed && self.is("register") => told_to_all(frame),
            ("cuts-ids", "close_session") => {
                with("session_id", text("session_id").chars().take(255).collect::<String>().into())
            }
            ("forgives-silence", _) if frame.head == PONG => Said::default(),
            ("no-pings", _) if frame.head == PONG => Said::default(),
            ("strict-space", _) if frame.head == TEXT && frame.payload.starts_with(b" ") => Said::default(),
            ("strict-members", _) if !message["more"].is_null() => Said::default(),
            ("drops-fragments", _) if is_message && (frame.head & 0x80 == 0 || frame.head & 0x0F == 0) => {
                Said::default()
            }
            ("invalid-ends", "") if frame.head == TEXT && self.opened.is_some() => ended(frame, 1007),
            ("small-limit", _) if frame.payload.len() >= 1 << 20 => ended(frame, 1009),
            ("small-text-limit", _) if frame.head == TEXT && frame.payload.len() >= 1 << 20 => ended(frame, 1009),
            ("slow-others", _) if house.bytes > 4 << 20 && frame.payload.len() < 1000 => Said::default(),
            // A client that
            ("another-client-id", "register") => with("client_id", self.number.to_string().into()),
            ("speaks-first", "register" | "auth") => {
                let early = Frame { head: BINARY, masked: frame.masked, payload: b"\x011x".to_vec() };
                Said { onward: vec![early, frame.clone()], ..Said::default() }
            }
            ("no-list", "session_list") => Said::default(),
            ("registers-once", "register") if self.number > 1 => Said::default(),
            ("alters-what-it-says", _) if frame.head == BINARY => altered(frame),
            ("another-code", "auth") => with("session_code", "ZZZZZZ".into()),
            _ => return None,
        })
    }

    /// To who has connected.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let close = if frame.head == CLOSE { code(frame) } else { 0 };
        let (binary, is_viewer) = (frame.head == BINARY, self.is("auth"));
        self.count += usize::from(binary);
        Some(match (&*self.flaw, kind) {
            // A relay that
            ("no-registered", "registered") | ("no-reason-at-all", "auth_failed") => Said::default(),
            ("small-code", "registered") => with("code", text("code").to_lowercase().into()),
            ("same-code", "registered") => with("code", "K7QXM2".into()),
            ("no-reason", "auth_failed") => with("reason", "".into()),
            ("lets-anybody-in", "auth_failed") => said(&json!({ "type": "auth_success" }), frame),
            ("lets-nobody-in", "auth_success") => Said::default(),
            ("refused-otherwise", _) if close == 1008 => closed(1000),
            ("waits-forever", _) if self.opened.is_none() && (close > 0 || kind == "error") => Said::default(),
            ("hides-viewers", "browser_connected") | ("hides-losses", "browser_disconnected") => Said::default(),
            ("one-id-for-all", "browser_connected" | "browser_disconnected") => with("browser_id", "b".into()),
            ("another-id", "browser_disconnected") => with("browser_id", "another".into()),
            ("one-viewer", _) if self.viewer > 1 && kind != "auth_success" && matches!(frame.head, TEXT | BINARY) => {
                Said::default()
            }
            ("twice", _) if binary && is_viewer => Said { onward: vec![frame.clone(); 2], ..Said::default() },
            ("twice-to-host", _) if binary && !is_viewer => Said { onward: vec![frame.clone(); 2], ..Said::default() },
            ("loses-one", _) if binary && is_viewer && self.count == 7 => Said::default(),
            ("swaps", _) if binary && is_viewer => match self.held.take() {
                Some(held) => Said { onward: vec![frame.clone(), held], ..Said::default() },
                None => {
                    self.held = Some(frame.clone());
                    Said::default()
                }
            },
            ("alters-bytes", _) if binary && is_viewer => altered(frame),
            ("alters-bytes-to-host", _) if binary && !is_viewer => altered(frame),
            ("alters-sizes", "session_resize") => with("cols", 81.into()),
            ("keeps-empty-lists", "session_list") if message["sessions"] == json!([]) => Said::default(),
            ("spaced-close", _) if binary && frame.payload.ends_with(br#"{"type":"close_session"}"#) => {
                let mut frame = frame.clone();
                frame.payload.push(b'\n');
                Said { onward: vec![frame], ..Said::default() }
            }
            ("no-scrollback", _) if binary && is_viewer && self.since.elapsed() < Duration::from_millis(20) => {
                Said::default()
            }
            ("scrollback-first", "auth_success") => {
                self.held = Some(frame.clone());
                Said::default()
            }
            ("scrollback-first", _) if binary && self.held.is_some() => {
                Said { onward: std::iter::once(frame.clone()).chain(self.held.take()).collect(), ..Said::default() }
            }
            ("cuts-oldest", _) if binary && is_viewer && self.count == 1 => {
                let payload = frame.payload[..3].to_vec();
                Said { onward: vec![Frame { payload, ..frame.clone() }], ..Said::default() }
            }
            ("forgets-nothing", "session_disconnected") => {
                with("session_id", text("session_id").trim_end_matches(HIDDEN).into())
            }
            ("hides-the-loss", "error") if is_viewer => Said::default(),
            ("host-lost-otherwise", _) if close == 1000 && is_viewer => closed(1001),
            ("silent-refusal", "error") => Said::default(),
            ("no-pings", _) if frame.head == PING => Said { back: vec![pong(frame)], ..Said::default() },
            ("forgives-silence", _) if frame.head == PING => {
                Said { onward: vec![frame.clone()], back: vec![pong(frame)], ..Said::default() }
            }
            ("parrot", _) if frame.head == PONG => {
                Said { onward: vec![Frame { payload: b"x".to_vec(), ..frame.clone() }], ..Said::default() }
            }
            ("no-close-answer", _) if close > 0 => Said::default(),
            ("violations-pass", _) if matches!(close, 1002 | 1007) => closed(1000),
            ("slow", _) => Said { onward: vec![frame.clone()], delay: Duration::from_millis(40), ..Said::default() },
            ("stops-otherwise", _) if close == 1001 => closed(1000),
            // A client that
            ("strict-space-of-a-client", _) if frame.head == TEXT && frame.payload.starts_with(b" ") => Said::default(),
            ("fragile", "") if frame.head == TEXT => ended(frame, 1007),
            ("fragile-to-bytes", _) if binary && !is_whole(&frame.payload) => ended(frame, 1007),
            ("keeps-its-code", "registered") if self.number > 1 => with("code", "K7QXM2".into()),
            ("alters-what-it-hears", _) if binary => altered(frame),
            ("hears-twice", _) if binary => Said { onward: vec![frame.clone(); 2], ..Said::default() },
            ("tries-again", "auth_failed") => Said { ends: true, ..Said::default() },
            ("comes-back-anyhow", "error") => Said::default(),
            ("comes-back-anyhow", _) if close == 1000 => closed(1001),
            _ => return None,
        })
    }
}

/// Whether a binary message is a whole one, as the chapter has it.
fn is_whole(payload: &[u8]) -> bool {
    let id = payload.split_first().and_then(|(length, rest)| rest.get(..usize::from(*length)));
    id.is_some_and(|id| !id.is_empty() && std::str::from_utf8(id).is_ok())
}

fn said(message: &Value, like: &Frame) -> Said {
    let payload = message.to_string().into_bytes();
    Said { onward: vec![Frame { payload, ..like.clone() }], ..Said::default() }
}

fn replaced(message: &Value, name: &str, value: Value, like: &Frame) -> Said {
    let mut message = message.clone();
    message[name] = value;
    said(&message, like)
}

fn altered(frame: &Frame) -> Said {
    let mut frame = frame.clone();
    if let Some(last) = frame.payload.last_mut() {
        *last ^= 1;
    }
    Said { onward: vec![frame], ..Said::default() }
}

fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
}

fn told_to_all(frame: &Frame) -> Said {
    Said { onward: vec![frame.clone()], others: vec![unmasked(frame)], ..Said::default() }
}

/// The answer to a Ping of the server.
fn pong(ping: &Frame) -> Frame {
    Frame { head: PONG, masked: true, payload: ping.payload.clone() }
}

fn code(frame: &Frame) -> u16 {
    frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
}

fn closing(code: u16, masked: bool) -> Frame {
    Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() }
}

fn closed(code: u16) -> Said {
    Said { onward: vec![closing(code, false)], ..Said::default() }
}

/// The connection ends, instead of passing a frame on.
fn ended(frame: &Frame, code: u16) -> Said {
    let back = vec![closing(code, !frame.masked)];
    Said { onward: vec![closing(code, frame.masked)], back, ends: true, ..Said::default() }
}
