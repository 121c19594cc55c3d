//! Faults of a relay.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::fault::link::{self, House, Link, Loss, Said, Way};
use crate::fault::wire::{BINARY, Frame, PING, PONG, TEXT};

pub(crate) const FAULTS: &[Fault] = &[
    Fault::new("no-registered", &["TERM-01"], "says nothing to a host that registers").starving(),
    Fault::new("small-code", &["TERM-06"], "gives codes in small letters"),
    Fault::new("same-code", &["TERM-06"], "gives every host the same code")
        .causing(&["TERM-01", "TERM-02", "TERM-30", "WIRE-03"]),
    Fault::new("lets-nobody-in", &["TERM-02"], "answers no viewer that knows the code").starving(),
    Fault::new("capitals-only", &["TERM-02"], "does not know a code in small letters"),
    Fault::new("no-reason", &["TERM-03"], "refuses without a reason"),
    Fault::new("no-reason-at-all", &["TERM-03"], "closes instead of saying that a code is unknown")
        .causing(&["TERM-40", "TERM-50"]),
    Fault::new("lets-anybody-in", &["TERM-03"], "lets viewers in that know no code").causing(&["TERM-40", "TERM-50"]),
    Fault::new("refused-otherwise", &["TERM-03"], "closes with 1000 after a refusal"),
    Fault::new("says-nothing-first", &["TERM-04"], "closes without an error when the first message is another"),
    Fault::new("pings-are-messages", &["TERM-04"], "takes a Ping frame for a first message")
        .causing(&["WIRE-03", "WIRE-04"]),
    Fault::new("waits-forever", &["TERM-05"], "leaves a silent connection open")
        .causing(&["TERM-04", "WIRE-05", "WIRE-06", "WIRE-08"]),
    Fault::new("hides-viewers", &["TERM-10"], "does not tell the host of viewers").causing(&["TERM-11"]),
    Fault::new("one-id-for-all", &["TERM-10"], "gives all viewers the same id").causing(&["TERM-11", "TERM-21"]),
    Fault::new("hides-losses", &["TERM-11"], "does not tell the host of viewers that are lost")
        .causing(&["TERM-21", "TERM-50", "WIRE-09"]),
    Fault::new("another-id", &["TERM-11"], "tells the host that somebody else is lost")
        .causing(&["TERM-50", "WIRE-09"]),
    Fault::new("ignores-losses", &["WIRE-09"], "does not notice connections that end without a Close frame")
        .causing(&["TERM-11"]),
    Fault::new("ignores-resets", &["WIRE-09"], "does not notice connections that are reset").causing(&["TERM-11"]),
    Fault::new("one-viewer", &["TERM-12"], "serves the first viewer alone").causing(&[
        "TERM-03", "TERM-04", "TERM-20", "TERM-21", "TERM-22", "TERM-23", "TERM-24", "TERM-30", "TERM-41", "TERM-42",
        "TERM-50", "WIRE-06",
    ]),
    Fault::new("twice", &["TERM-20"], "passes on bytes to viewers twice")
        .causing(&["TERM-25", "TERM-30", "TERM-40", "TERM-41", "WIRE-07", "WIRE-09", "WIRE-12"]),
    Fault::new("loses-one", &["TERM-20"], "loses the seventh binary message to a viewer")
        .causing(&["TERM-30", "TERM-41", "WIRE-12"]),
    Fault::new("loses-each-97th", &["TERM-20"], "loses every 97th binary message to a viewer").causing(&["TERM-30"]),
    Fault::new("swaps", &["TERM-20"], "swaps neighbours among the bytes to viewers")
        .causing(&["TERM-12", "TERM-21", "TERM-24", "TERM-30", "TERM-41", "TERM-50", "WIRE-06", "WIRE-12"]),
    Fault::new("alters-bytes", &["TERM-20"], "alters bytes to viewers")
        .causing(&["TERM-12", "TERM-21", "TERM-24", "TERM-30", "TERM-41", "TERM-50", "WIRE-06", "WIRE-12"]),
    Fault::new("alters-bytes-to-host", &["TERM-21"], "alters bytes to the host")
        .causing(&["TERM-24", "TERM-41", "TERM-42", "WIRE-03", "WIRE-06", "WIRE-12"]),
    Fault::new("loses-empty", &["TERM-20", "TERM-21"], "loses empty payloads").causing(&["TERM-30"]),
    Fault::new("twice-to-host", &["TERM-21"], "passes on bytes to the host twice")
        .causing(&["TERM-24", "TERM-41", "TERM-50", "WIRE-03", "WIRE-12"]),
    Fault::new("echoes", &["TERM-21"], "sends bytes of a viewer back to it")
        .causing(&["TERM-20", "TERM-30", "TERM-50", "WIRE-06", "WIRE-07", "WIRE-12"]),
    Fault::new("leaks-bytes", &["TERM-20"], "passes on bytes to everybody").causing(&[
        "TERM-03", "TERM-21", "TERM-22", "TERM-25", "TERM-40", "TERM-41", "TERM-50", "WIRE-03", "WIRE-06", "WIRE-09",
        "WIRE-12",
    ]),
    Fault::new("leaks-messages", &["TERM-22"], "passes on messages of a host to everybody")
        .causing(&["TERM-25", "WIRE-01", "WIRE-06"]),
    Fault::new("alters-sizes", &["TERM-22"], "alters sizes on the way to viewers").causing(&["WIRE-12"]),
    Fault::new("keeps-empty-lists", &["TERM-22"], "keeps empty lists of sessions from viewers")
        .causing(&["TERM-12", "TERM-23"]),
    Fault::new("keeps-wishes", &["TERM-23"], "does not tell the host of the wish for a session")
        .causing(&["TERM-12", "TERM-25", "WIRE-04", "WIRE-06", "WIRE-12"]),
    Fault::new("spaced-close", &["TERM-24"], "writes the closing of a session anew"),
    Fault::new("cuts-ids", &["TERM-42"], "cuts a session id that is too long"),
    Fault::new("silent-refusal", &["TERM-42"], "refuses without an error")
        .causing(&["TERM-04", "TERM-20", "TERM-40", "TERM-50", "WIRE-09"]),
    Fault::new("forwards-anything", &["TERM-25"], "passes on messages of the wrong role")
        .causing(&["TERM-22", "WIRE-01", "WIRE-06"]),
    Fault::new("no-scrollback", &["TERM-30"], "keeps nothing for viewers that come later")
        .causing(&["TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-41", "WIRE-06"]),
    Fault::new("scrollback-first", &["TERM-30"], "sends what is kept before success")
        .causing(&["TERM-02", "TERM-20", "WIRE-03"]),
    Fault::new("cuts-oldest", &["TERM-30"], "cuts the oldest message that it has kept")
        .causing(&["TERM-12", "TERM-20", "TERM-21", "TERM-24", "TERM-41", "TERM-50", "WIRE-06", "WIRE-12"]),
    Fault::new("forgets-nothing", &["TERM-31"], "keeps what a closed session has shown").causing(&["WIRE-06"]),
    Fault::new("hides-the-loss", &["TERM-40"], "does not tell viewers that their host is lost")
        .causing(&["TERM-04", "TERM-20", "TERM-42", "TERM-50", "WIRE-09"]),
    Fault::new("host-lost-otherwise", &["TERM-40"], "closes with 1001 when the host is lost").causing(&["TERM-50"]),
    Fault::new("malformed-ends", &["TERM-41"], "closes the connection for a malformed binary message"),
    Fault::new("malformed-passes", &["TERM-41"], "passes on malformed binary messages")
        .causing(&["TERM-20", "TERM-21"]),
    Fault::new("no-pings", &["TERM-50"], "sends no Ping"),
    Fault::new("forgives-silence", &["TERM-50"], "lets a peer stay that answers no Ping"),
    Fault::new("strict-space", &["WIRE-01"], "knows no message that begins with a blank"),
    Fault::new("strict-members", &["WIRE-02"], "refuses members that it does not know")
        .causing(&["TERM-02", "TERM-24"]),
    Fault::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["WIRE-06"]),
    Fault::new("parrot", &["WIRE-04"], "answers a Ping with data of its own").causing(&["TERM-04", "WIRE-03"]),
    Fault::new("no-close-answer", &["WIRE-05"], "answers no Close frame")
        .causing(&["TERM-04", "TERM-40", "TERM-50", "WIRE-06", "WIRE-08"]),
    Fault::new("invalid-ends", &["WIRE-06"], "closes for text that is no message").causing(&["WIRE-01"]),
    Fault::new("violations-pass", &["WIRE-06"], "closes for a violation of RFC 6455 as if all were well"),
    Fault::new("small-limit", &["WIRE-07"], "closes for a message of 1 MiB").causing(&["TERM-20"]),
    Fault::new("small-text-limit", &["WIRE-07"], "closes for a text of 1 MiB"),
    Fault::new("stops-otherwise", &["WIRE-08"], "closes with 1000 when it is told to end"),
    Fault::new("slow-others", &["WIRE-10"], "lets others wait while somebody reads slowly"),
    Fault::new("hoards", &["WIRE-11"], "keeps without bound what a peer does not read"),
    Fault::new("slow", &["WIRE-12"], "takes 40 ms for everything")
        .causing(&["TERM-20", "TERM-22", "TERM-25", "TERM-50", "WIRE-06"]),
];

/// What is told of closed sessions to the reference, behind their ids.
const HIDDEN: &str = "~";

/// One connection.
#[derive(Debug)]
pub(crate) struct Relay {
    fault: &'static str,
    /// The type of its first message.
    opened: Option<&'static str>,
    /// Of the viewers, counted from 1.
    viewer: usize,
    since: Instant,
    held: Option<Frame>,
    /// How many binary messages went out.
    count: usize,
    /// Whether anything but Pings and Pongs went out.
    is_answered: bool,
}

impl Relay {
    pub(crate) fn new(fault: &'static str, _number: usize) -> Self {
        Self { fault, opened: None, viewer: 0, since: Instant::now(), held: None, count: 0, is_answered: false }
    }

    fn is(&self, opened: &str) -> bool {
        self.opened == Some(opened)
    }
}

impl Link for Relay {
    fn ends(&mut self, way: Way, loss: Loss, _: &mut House) -> bool {
        match (self.fault, way) {
            ("ignores-losses", Way::In) => false,
            ("ignores-resets", Way::In) => loss != Loss::Reset,
            ("waits-forever", Way::Out) => self.opened.is_some(),
            _ => true,
        }
    }

    fn hoards(&self) -> bool {
        self.fault == "hoards"
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let opens = match kind {
            "register" => Some("register"),
            "auth" => Some("auth"),
            _ => None,
        };
        if way == Way::In && self.opened.is_none() && opens.is_some() {
            (self.opened, self.since) = (opens, Instant::now());
            if kind == "auth" {
                house.count += 1;
                self.viewer = house.count;
            }
        }
        let is_first =
            way == Way::Out && matches!(frame.head, TEXT | BINARY) && !std::mem::replace(&mut self.is_answered, true);
        let deviates = match way {
            Way::In => self.heard(kind, &message, &frame, house),
            Way::Out if is_first && kind == "error" && self.fault == "says-nothing-first" => Some(Said::nothing()),
            Way::Out => self.told(kind, &message, &frame),
        };
        deviates.unwrap_or_else(|| Said::whole(&frame))
    }
}

impl Relay {
    /// From a peer.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame, house: &House) -> Option<Said> {
        let with = |name: &str, value: Value| Said::with(message, name, value, frame);
        let text = |name: &str| message[name].as_str().unwrap_or_default();
        let is_malformed = frame.head == BINARY && !super::is_whole(&frame.payload);
        let length = frame.payload.len();
        Some(match (self.fault, kind) {
            ("capitals-only", "auth") if text("session_code").contains(char::is_lowercase) => {
                with("session_code", "-".into())
            }
            ("pings-are-messages", _) if frame.head == PING && self.opened.is_none() => Said::ended(frame, 1008),
            ("echoes", _) if frame.head == BINARY && self.is("auth") => {
                Said::whole(frame).answered(link::unmasked(frame))
            }
            ("leaks-bytes", _) if frame.head == BINARY => Said::told_to_all(frame),
            ("leaks-messages", "session_connected") => Said::told_to_all(frame),
            ("keeps-wishes", "create_session") => Said::nothing(),
            ("forwards-anything", "session_list") if self.is("auth") => Said::told_to_all(frame),
            ("forgets-nothing", "session_disconnected") => {
                with("session_id", format!("{}{HIDDEN}", text("session_id")).into())
            }
            ("malformed-ends", _) if is_malformed && self.opened.is_some() => Said::ended(frame, 1007),
            ("malformed-passes", _) if is_malformed && self.is("register") => Said::told_to_all(frame),
            ("cuts-ids", "close_session") => {
                with("session_id", text("session_id").chars().take(255).collect::<String>().into())
            }
            ("forgives-silence" | "no-pings", _) if frame.head == PONG => Said::nothing(),
            ("strict-space", _) if frame.head == TEXT && frame.payload.starts_with(b" ") => Said::nothing(),
            ("strict-members", _) if !message["more"].is_null() => Said::nothing(),
            ("drops-fragments", _) if frame.is_fragment() => Said::nothing(),
            ("invalid-ends", "") if frame.head == TEXT && self.opened.is_some() => Said::ended(frame, 1007),
            ("small-limit", _) if length >= 1 << 20 => Said::ended(frame, 1009),
            ("small-text-limit", _) if frame.head == TEXT && length >= 1 << 20 => Said::ended(frame, 1009),
            ("slow-others", _) if house.bytes > 4 << 20 && length < 1000 => Said::nothing(),
            _ => return None,
        })
    }

    /// To a peer.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let with = |name: &str, value: Value| Said::with(message, name, value, frame);
        let text = |name: &str| message[name].as_str().unwrap_or_default();
        let close = frame.close_code();
        let (binary, is_viewer) = (frame.head == BINARY, self.is("auth"));
        self.count += usize::from(binary);
        Some(match (self.fault, kind) {
            ("no-registered", "registered") | ("no-reason-at-all", "auth_failed") => Said::nothing(),
            ("small-code", "registered") => with("code", text("code").to_lowercase().into()),
            ("same-code", "registered") => with("code", "K7QXM2".into()),
            ("no-reason", "auth_failed") => with("reason", "".into()),
            ("lets-anybody-in", "auth_failed") => Said::text(&json!({ "type": "auth_success" }), frame),
            ("lets-nobody-in", "auth_success") => Said::nothing(),
            ("refused-otherwise", _) if close == 1008 => Said::closed(1000),
            ("waits-forever", _) if self.opened.is_none() && (close > 0 || kind == "error") => Said::nothing(),
            ("hides-viewers", "browser_connected") | ("hides-losses", "browser_disconnected") => Said::nothing(),
            ("one-id-for-all", "browser_connected" | "browser_disconnected") => with("browser_id", "b".into()),
            ("another-id", "browser_disconnected") => with("browser_id", "another".into()),
            ("one-viewer", _) if self.viewer > 1 && kind != "auth_success" && matches!(frame.head, TEXT | BINARY) => {
                Said::nothing()
            }
            ("twice", _) if binary && is_viewer => Said::times(frame, 2),
            ("twice-to-host", _) if binary && !is_viewer => Said::times(frame, 2),
            ("loses-one", _) if binary && is_viewer && self.count == 7 => Said::nothing(),
            ("loses-each-97th", _) if binary && is_viewer && self.count.is_multiple_of(97) => Said::nothing(),
            ("loses-empty", _) if binary && super::payload(&frame.payload).is_some_and(<[u8]>::is_empty) => {
                Said::nothing()
            }
            ("swaps", _) if binary && is_viewer => match self.held.take() {
                Some(held) => Said::whole(frame).then(held),
                None => {
                    self.held = Some(frame.clone());
                    Said::nothing()
                }
            },
            ("alters-bytes", _) if binary && is_viewer => Said::altered(frame),
            ("alters-bytes-to-host", _) if binary && !is_viewer => Said::altered(frame),
            ("alters-sizes", "session_resize") => with("cols", 81.into()),
            ("keeps-empty-lists", "session_list") if message["sessions"] == json!([]) => Said::nothing(),
            ("spaced-close", _) if binary && frame.payload.ends_with(br#"{"type":"close_session"}"#) => {
                Said::payload([&frame.payload[..], b"\n"].concat(), frame)
            }
            ("no-scrollback", _) if binary && is_viewer && self.since.elapsed() < Duration::from_millis(20) => {
                Said::nothing()
            }
            ("scrollback-first", "auth_success") => {
                self.held = Some(frame.clone());
                Said::nothing()
            }
            ("scrollback-first", _) if binary => {
                Said { onward: std::iter::once(frame.clone()).chain(self.held.take()).collect(), ..Said::default() }
            }
            ("cuts-oldest", _) if binary && is_viewer && self.count == 1 => {
                Said::payload(frame.payload.iter().copied().take(3).collect(), frame)
            }
            ("forgets-nothing", "session_disconnected") => {
                with("session_id", text("session_id").trim_end_matches(HIDDEN).into())
            }
            ("hides-the-loss", "error") if is_viewer => Said::nothing(),
            ("host-lost-otherwise", _) if close == 1000 && is_viewer => Said::closed(1001),
            ("silent-refusal", "error") => Said::nothing(),
            ("no-pings", _) if frame.head == PING => Said::nothing().answered(link::pong(frame)),
            ("forgives-silence", _) if frame.head == PING => Said::whole(frame).answered(link::pong(frame)),
            ("parrot", _) if frame.head == PONG => Said::payload(b"x".to_vec(), frame),
            ("no-close-answer", _) if close > 0 => Said::nothing(),
            ("violations-pass", _) if matches!(close, 1002 | 1007) => Said::closed(1000),
            ("slow", _) => Said::late(frame, Duration::from_millis(40)),
            ("stops-otherwise", _) if close == 1001 => Said::closed(1000),
            _ => return None,
        })
    }
}
