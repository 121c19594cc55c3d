//! What each flaw does on the agents' side. One flaw is one deviation from what the reference says and hears.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relayspec::family::{Family, Packing};
use relayspec::tunnel::FromAgent;
use serde_json::{Value, json};

use super::{OTHER_TOKEN, TOKEN};
use crate::support::middleman::{self, Frame, House, Said, Way};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// An answer that comes so long after its request comes too late.
const LATE: Duration = Duration::from_millis(600);

/// What agents of one run know of each other, where the flaw needs it: answers by id.
static SHARED: LazyLock<Mutex<BTreeMap<String, Value>>> = LazyLock::new(Mutex::default);

/// One connection of an agent.
#[derive(Debug)]
pub(super) struct Agent {
    flaw: String,
    number: usize,
    since: Instant,
    /// Whether a message came, whether it was `Auth`, and whether a Ping frame came before.
    is_heard: bool,
    has_auth: bool,
    has_pinged: bool,
    /// The encoding of its first message.
    first_head: u8,
    /// Ids in the order in which they were asked, when they were, and those that are answered.
    asked: Vec<String>,
    asked_at: BTreeMap<String, Instant>,
    answered: BTreeSet<String>,
    /// The latest request as it was passed on, and what is kept of an answer.
    latest: Option<Frame>,
    held: Option<Value>,
    answers: usize,
    pinged: BTreeSet<String>,
}

impl middleman::Link for Agent {
    const PATH: &'static str = "/tunnel";

    fn new(flaw: &str, number: usize) -> Self {
        Self {
            flaw: flaw.to_owned(),
            number,
            since: Instant::now(),
            is_heard: false,
            has_auth: false,
            has_pinged: false,
            first_head: 0,
            asked: Vec::new(),
            asked_at: BTreeMap::new(),
            answered: BTreeSet::new(),
            latest: None,
            held: None,
            answers: 0,
            pinged: BTreeSet::new(),
        }
    }

    fn hides_end(&self, way: Way) -> bool {
        match way {
            Way::In => self.flaw == "ignores-losses",
            Way::Out => self.flaw == "waits-forever" && !self.has_auth,
        }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        house.bytes += frame.payload.len();
        let message = read(way, &frame);
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        let is_message = matches!(frame.head & 0x0F, 0..=2);
        if way == Way::In {
            self.has_pinged |= frame.head == PING && !self.is_heard;
            if is_message && !self.is_heard {
                (self.is_heard, self.has_auth, self.first_head) = (true, kind == "Auth", frame.head);
            }
        }
        let whole = Said { onward: vec![frame.clone()], ..Said::default() };
        let said = match way {
            Way::In => self.heard(&kind, &message, &frame),
            Way::Out => self.told(&kind, &message, &frame),
        };
        said.unwrap_or(whole)
    }
}

impl Agent {
    /// From the agent.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let data = &message["data"];
        let with = |name: &str, value: Value| Some(said(Way::In, &replaced(message, name, value), frame));
        let id = data["id"].as_str().or(data["request_id"].as_str()).unwrap_or_default().to_owned();
        let is_answer = kind == "HttpResponse";
        let is_known = self.asked.contains(&id);
        let is_first = is_answer && is_known && self.answered.insert(id.clone());
        self.answers += usize::from(is_answer);
        let is_text = frame.head == TEXT;
        let is_message = matches!(frame.head & 0x0F, 0..=2);
        let is_malformed =
            is_text && std::str::from_utf8(&frame.payload).is_ok_and(|text| FromAgent::decode(text).is_err());
        let text = || String::from_utf8_lossy(&frame.payload).into_owned();
        let starts = |bytes: &[u8]| frame.head == BINARY && frame.payload.starts_with(bytes);
        if kind == "Auth"
            && let Some(token) = data["token"].as_str()
        {
            let taken = match &*self.flaw {
                "takes-no-token" => token.is_empty(),
                "takes-the-beginning" => token.len() + 1 == TOKEN.len() && TOKEN.starts_with(token),
                "takes-what-begins-with-it" => token == format!("{TOKEN}A"),
                "takes-it-twice" => token == TOKEN.repeat(2),
                "takes-any-case" => token.eq_ignore_ascii_case(TOKEN),
                "takes-blanks" => token.trim_start() == TOKEN,
                "takes-lines" => token.trim_end() == TOKEN,
                "takes-c-strings" => token.split('\0').next() == Some(TOKEN),
                "takes-wide-letters" => !token.is_ascii(),
                "takes-a-million" => token.len() == 1_000_000,
                "takes-both" => token == format!("{TOKEN}{OTHER_TOKEN}"),
                "takes-lists" => token == format!("{TOKEN}\n{OTHER_TOKEN}"),
                _ => false,
            };
            if taken {
                return with("token", TOKEN.into());
            }
        }
        match (&*self.flaw, kind) {
            ("knows-one-token", "Auth") if data["token"] == OTHER_TOKEN => with("token", "-".into()),
            ("pings-are-messages", _) if frame.head == PING && !self.is_heard => Some(ended(frame, 1008)),
            ("impatient", "Auth") if self.since.elapsed() > Duration::from_millis(300) => Some(ended(frame, 1008)),
            ("swaps-every-seventh", "HttpResponse") => match (self.answers % 7, self.held.take()) {
                (6, _) => {
                    self.held = Some(message.clone());
                    Some(Said::default())
                }
                (0, Some(held)) => {
                    let ids = (held["data"]["id"].clone(), data["id"].clone());
                    let both = [replaced(&held, "id", ids.1), replaced(message, "id", ids.0)];
                    let onward = both.iter().flat_map(|one| said(Way::In, one, frame).onward).collect();
                    Some(Said { onward, ..Said::default() })
                }
                _ => None,
            },
            ("first-come", "HttpResponse") => with("id", self.asked.get(self.answers - 1).cloned().into()),
            // Whoever answers first, has answered.
            ("any-agents-answer", "HttpResponse") => {
                let mut shared = SHARED.lock().expect("no panic");
                match is_known {
                    true => shared.remove(&id).map(|stolen| said(Way::In, &stolen, frame)),
                    false => {
                        shared.insert(id, message.clone());
                        None
                    }
                }
            }
            ("codes-are-502", "Error") => with("code", Value::Null),
            ("no-code-is-500", "Error") if data["code"].is_null() => with("code", 500.into()),
            ("absent-code-is-500", "Error") if data.get("code").is_none() => with("code", 500.into()),
            ("no-error-is-500", "Error") if data["code"] == 200 => with("code", 500.into()),
            ("ends-any-request", "Error") if data["request_id"].is_null() => {
                with("request_id", self.asked.last().cloned().into())
            }
            ("ignores-binary-errors", "Error") if frame.head == BINARY => Some(Said::default()),
            ("hasty", "HttpResponse") if self.age(&id) > Duration::from_millis(100) => Some(Said::default()),
            ("ends-on-unknown", "HttpResponse" | "Error") if !is_known => Some(ended(frame, 1008)),
            ("ends-on-second", "HttpResponse") if is_known && !is_first => Some(ended(frame, 1008)),
            ("second-counts", "HttpResponse") if is_first && self.held.is_none() => {
                self.held = Some(json!(0));
                Some(Said::default())
            }
            ("late-answers-wait", "HttpResponse") => {
                if self.age(&id) > LATE {
                    self.held = Some(data["body"].clone());
                    return None;
                }
                self.held.take().and_then(|held| with("body", held))
            }
            ("ends-on-late", "HttpResponse") if self.age(&id) > LATE => Some(ended(frame, 1008)),
            ("ends-on-orphans", "HttpResponse") if data["body"] == BASE64.encode("nobodys") => Some(ended(frame, 1008)),
            ("any-status", "HttpResponse") if is_malformed && data["status"] != json!(200) => {
                with("status", 200.into())
            }
            ("malformed-is-502", "HttpResponse") if is_malformed && data["status"] == json!(200) => {
                let error = json!({ "type": "Error", "data": { "request_id": id, "error": "It is malformed." } });
                Some(said(Way::In, &error, frame))
            }
            ("malformed-ends", _) if is_malformed && self.has_auth => Some(ended(frame, 1007)),
            ("cuts-bodies", "HttpResponse") if !data["headers"]["content-length"].is_null() => {
                with("body", BASE64.encode("who").into())
            }
            ("joins-cookies", "HttpResponse") => with("headers", joined(&data["headers"])),
            ("one-spelling", "HttpResponse") => {
                let mut headers = data["headers"].clone();
                if let Some(headers) = headers.as_object_mut() {
                    headers.retain(|name, _| !matches!(&**name, "Set-Cookie" | "SET-COOKIE"));
                }
                with("headers", headers)
            }
            ("text-bodies-back", "HttpResponse") => with("body", lossy(&data["body"])),
            ("null-is-text", "HttpResponse") if data.get("body") == Some(&Value::Null) => {
                with("body", BASE64.encode("null").into())
            }
            ("empty-is-text", "HttpResponse") if data["body"] == "" => with("body", BASE64.encode("\"\"").into()),
            ("absent-is-text", "HttpResponse") if data.get("body").is_none() => {
                with("body", BASE64.encode("undefined").into())
            }
            ("takes-no-arrays", "HttpResponse") if data["body"].is_array() => with("body", Value::Null),
            ("loses-short-bodies", "HttpResponse") if data["status"] == 500 => with("body", Value::Null),
            ("no-second-ping", "Ping") if !self.pinged.insert(data["timestamp"].to_string()) => Some(Said::default()),
            ("ends-on-large-pings", "Ping") if data["timestamp"] == 9_007_199_254_740_991_u64 => {
                Some(ended(frame, 1007))
            }
            ("answers-stats", "Stats") => {
                let pong = json!({ "type": "Pong", "data": { "timestamp": 0 } });
                Some(Said {
                    onward: vec![frame.clone()],
                    back: said(Way::Out, &pong, &unmasked(frame)).onward,
                    ..Said::default()
                })
            }
            ("stats-do-not-count", "Stats") => Some(Said::default()),
            ("short-forms-alone", _) if starts(b"\xde") => Some(Said::default()),
            ("no-floats", _) if frame.head == BINARY && frame.payload.contains(&0xcb) => Some(Said::default()),
            ("no-signs", _) if frame.head == BINARY && frame.payload.contains(&0xd1) => Some(Said::default()),
            ("strict-members", _) if starts(b"\x83") || data.get("more").is_some() => Some(Said::default()),
            ("strict-answers", "HttpResponse") if message.get("id").is_some() => Some(Said::default()),
            ("strict-auth", "Auth") if message.get("version").is_some() => with("token", "-".into()),
            ("strict-space", "Ping") if is_text && frame.payload.starts_with(b" ") => Some(Said::default()),
            ("strict-escapes", "Ping") if is_text && text().contains("\\u0074") => Some(Said::default()),
            ("whole-statuses", "HttpResponse") if is_text && text().contains("2.01e2") => Some(Said::default()),
            ("drops-fragments", _) if is_message && (frame.head & 0x80 == 0 || frame.head & 0x0F == 0) => {
                Some(Said::default())
            }
            ("drops-binary-fragments", _) if frame.head == 0x02 => Some(ended(frame, 1003)),
            ("shallow", _) if is_text && text().starts_with("[[[[") => Some(ended(frame, 1007)),
            ("frail", _) if is_text && text().starts_with("[[[[") => {
                Some(Said { others: vec![closing(1011, false)], ..Said::default() })
            }
            ("ends-on-empty", _) if frame.head == BINARY && frame.payload.is_empty() && self.has_auth => {
                Some(ended(frame, 1007))
            }
            ("frail-to-bytes", _) if starts(b"\xc1") => {
                Some(Said { others: vec![closing(1011, false)], ..Said::default() })
            }
            ("closes-all", _) if frame.head == CLOSE => {
                Some(Said { onward: vec![frame.clone()], others: vec![closing(1001, false)], ..Said::default() })
            }
            ("asks-again", _) if frame.head == CLOSE => Some(Said {
                onward: vec![frame.clone()],
                others: self.latest.take().into_iter().collect(),
                ..Said::default()
            }),
            _ => None,
        }
    }

    /// To the agent.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let data = &message["data"];
        let with = |name: &str, value: Value| Some(said(Way::Out, &replaced(message, name, value), frame));
        let close = if frame.head == CLOSE { code(frame) } else { 0 };
        let is_request = kind == "HttpRequest";
        if is_request && let Some(id) = data["id"].as_str() {
            self.asked.push(id.to_owned());
            self.asked_at.insert(id.to_owned(), Instant::now());
            self.latest = Some(frame.clone());
        }
        let url = data["url"].as_str().unwrap_or_default();
        let headers = &data["headers"];
        let with_header = |name: &str, value: Value| {
            let mut headers = headers.clone();
            headers[name] = value;
            with("headers", headers)
        };
        let timestamp = data["timestamp"].as_f64().unwrap_or_default();
        match (&*self.flaw, kind) {
            ("no-success", "AuthSuccess") => Some(Said::default()),
            ("one-session", "AuthSuccess") => with("session_id", "the-only-one".into()),
            ("sessions-come-again", "AuthSuccess") if self.number == 52 => {
                with("session_id", SHARED.lock().expect("no panic").get("session").cloned().unwrap_or_default())
            }
            ("sessions-come-again", "AuthSuccess") => {
                SHARED.lock().expect("no panic").insert("session".to_owned(), data["session_id"].clone());
                None
            }
            ("no-reason", "AuthError") => with("error", "".into()),
            ("lets-anybody-in", "AuthError") if self.has_auth => {
                let success = json!({ "type": "AuthSuccess", "data": { "session_id": self.number.to_string() } });
                Some(said(Way::Out, &success, frame))
            }
            ("refused-in-text", "AuthError") if frame.head == BINARY => {
                let onward = Frame { head: TEXT, payload: message.to_string().into_bytes(), ..frame.clone() };
                Some(Said { onward: vec![onward], ..Said::default() })
            }
            ("refused-otherwise", _) if close == 1008 => Some(closed(1000)),
            ("says-nothing-first", "AuthError") if !self.has_auth => Some(Said::default()),
            ("silent-end", "AuthError") if !self.is_heard => Some(Said::default()),
            ("waits-forever", _) if !self.is_heard && (close > 0 || kind == "AuthError") => Some(Said::default()),
            ("pings-count", _) if self.has_pinged && !self.is_heard && (close > 0 || kind == "AuthError") => {
                Some(Said::default())
            }
            ("asks-twice", "HttpRequest") => Some(Said { onward: vec![frame.clone(); 2], ..Said::default() }),
            ("asks-all", "HttpRequest") => {
                Some(Said { onward: vec![frame.clone()], others: vec![frame.clone()], ..Said::default() })
            }
            ("asks-others", "HttpRequest") => Some(Said { others: vec![frame.clone()], ..Said::default() }),
            ("ids-come-again", "HttpRequest") if self.asked.len().is_multiple_of(10) => {
                with("id", self.asked[0].clone().into())
            }
            ("one-id", "HttpRequest") => with("id", "r".into()),
            ("no-bodies", "HttpRequest") => with("body", Value::Null),
            ("no-body-with-delete", "HttpRequest") if data["method"] == "DELETE" => with("body", Value::Null),
            ("no-body-with-get", "HttpRequest") if data["method"] == "GET" => with("body", Value::Null),
            ("capitals", "HttpRequest") => {
                with("method", data["method"].as_str().unwrap_or_default().to_ascii_uppercase().into())
            }
            ("head-is-get", "HttpRequest") if data["method"] == "HEAD" => with("method", "GET".into()),
            ("decodes-blanks", "HttpRequest") => with("url", url.replace("%20", " ").into()),
            ("decodes-slashes", "HttpRequest") => with("url", url.replace("%2F", "/").into()),
            ("capital-hex", "HttpRequest") => with("url", url.replace("%c3", "%C3").into()),
            ("decodes-dots", "HttpRequest") => with("url", url.replace("%2e", ".").into()),
            ("drops-empty-queries", "HttpRequest") => with("url", url.strip_suffix('?').unwrap_or(url).into()),
            ("removes-dots", "HttpRequest") => with("url", url.replace("/./", "/").into()),
            ("climbs", "HttpRequest") => with("url", url.replace("/../..", "").into()),
            ("merges-slashes", "HttpRequest") => with("url", url.replace("//", "/").into()),
            ("plus-is-blank", "HttpRequest") => with("url", url.replace('+', "%20").into()),
            ("drops-parameters", "HttpRequest") => with("url", url.split(';').next().unwrap_or(url).into()),
            ("keeps-tunnel", "HttpRequest") if url == "/tunnel" => Some(Said::default()),
            ("cuts-urls", "HttpRequest") => with("url", url.chars().take(4096).collect::<String>().into()),
            ("absolute", "HttpRequest") if url.starts_with("/absolute") => {
                with("url", format!("http://other.example{url}").into())
            }
            ("names-as-they-came", "HttpRequest") => {
                let lines = headers.as_object().into_iter().flatten();
                with(
                    "headers",
                    lines.map(|(name, value)| (titled(name), value.clone())).collect::<serde_json::Map<_, _>>().into(),
                )
            }
            ("drops-empty-headers", "HttpRequest") if headers["x-empty"] == "" => with_header("x-empty", "-".into()),
            ("joins-lines", "HttpRequest") => with("headers", joined(headers)),
            ("last-line", "HttpRequest") => {
                let last =
                    |value: &Value| value.as_array().and_then(|values| values.last().cloned()).unwrap_or(value.clone());
                let lines = headers.as_object().into_iter().flatten();
                with(
                    "headers",
                    lines.map(|(name, value)| (name.clone(), last(value))).collect::<serde_json::Map<_, _>>().into(),
                )
            }
            ("one-spelling", "HttpRequest") if headers["x-twice"].is_array() => with_header("x-twice", "one".into()),
            ("cuts-headers", "HttpRequest") if !headers["x-long"].is_null() => with_header("x-long", "0123".into()),
            ("passes-te", "HttpRequest") => with_header("te", "trailers".into()),
            ("passes-proxies", "HttpRequest") => with_header("proxy-authorization", "Basic YTpi".into()),
            ("passes-named", "HttpRequest") => with_header("x-private", "secret".into()),
            ("drops-all-x", "HttpRequest") => {
                with_header("x-kept", Value::Null).and_then(|_| with_header("x-kept", "".into()))
            }
            ("passes-framing", "HttpRequest") => with_header("transfer-encoding", "chunked".into()),
            ("passes-trailers", "HttpRequest") => with_header("x-sum", "5".into()),
            ("other-host", "HttpRequest") => with_header("host", "localhost".into()),
            ("text-bodies", "HttpRequest") => with("body", lossy(&data["body"])),
            ("empty-is-nul", "HttpRequest") if data["body"].is_null() && data["method"] == "POST" => {
                with("body", "AA==".into())
            }
            ("cuts-short-bodies", "HttpRequest") if data["body"] == "AA==" => with("body", Value::Null),
            ("chunks-stay", "HttpRequest") if url == "/c" => with("body", BASE64.encode("3e8\r\n0123456789").into()),
            ("another-timestamp", "Pong") => with("timestamp", (timestamp + 1.0).into()),
            ("zero-is-none", "Pong") if timestamp == 0.0 => Some(Said::default()),
            ("whole-timestamps", "Pong") => with("timestamp", timestamp.trunc().into()),
            ("no-fractions", "Pong") if timestamp > 1e12 => with("timestamp", timestamp.trunc().into()),
            ("text-alone", _) if frame.head == BINARY => {
                let onward = Frame { head: TEXT, payload: message.to_string().into_bytes(), ..frame.clone() };
                Some(Said { onward: vec![onward], ..Said::default() })
            }
            ("first-encoding", _) if matches!(frame.head, TEXT | BINARY) => {
                let like = Frame { head: self.first_head, ..frame.clone() };
                Some(said(Way::Out, message, &like))
            }
            ("text-requests", "HttpRequest") if frame.head == BINARY => {
                Some(said(Way::Out, message, &Frame { head: TEXT, ..frame.clone() }))
            }
            ("binary-pongs", "Pong") if frame.head == TEXT && self.first_head == TEXT => {
                Some(said(Way::Out, message, &Frame { head: BINARY, ..frame.clone() }))
            }
            ("string-bodies", "HttpRequest") if frame.head == BINARY => {
                let body = data["body"].as_str().unwrap_or_default();
                let bytes = BASE64.decode(body).unwrap_or_default();
                let find = frame.payload.windows(bytes.len().max(1)).position(|part| part == bytes).unwrap_or(2);
                let mut frame = frame.clone();
                // The body's `bin` becomes a `str` of the same length.
                if let Some(head) = frame.payload.get_mut(find - 2) {
                    *head = if *head == 0xc4 { 0xd9 } else { *head };
                }
                Some(Said { onward: vec![frame], ..Said::default() })
            }
            ("parrot", _) if frame.head == PONG => {
                Some(Said { onward: vec![Frame { payload: b"x".to_vec(), ..frame.clone() }], ..Said::default() })
            }
            ("no-pongs", _) if frame.head == PONG && self.is_heard => Some(Said::default()),
            ("no-close-answer", _) if close > 0 => Some(Said::default()),
            ("violations-pass", _) if matches!(close, 1002 | 1007) => Some(closed(1000)),
            ("too-large-otherwise", _) if close == 1009 => Some(closed(1000)),
            ("stops-otherwise", _) if close == 1001 => Some(closed(1000)),
            ("slow", _) => {
                Some(Said { onward: vec![frame.clone()], delay: Duration::from_millis(40), ..Said::default() })
            }
            _ => None,
        }
    }

    /// How long ago the agent was asked.
    fn age(&self, id: &str) -> Duration {
        self.asked_at.get(id).map(Instant::elapsed).unwrap_or_default()
    }
}

fn packing(way: Way) -> Packing {
    let (from, to) = if way == Way::In { ("agent", "cloud") } else { ("cloud", "agent") };
    let channel = Family::named("tunnel").and_then(|family| family.channel(from, to)).expect("a channel");
    channel.binary.and_then(|binary| binary.packing).expect("MessagePack")
}

/// A message in its JSON form.
fn read(way: Way, frame: &Frame) -> Value {
    match frame.head {
        TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
        BINARY => (packing(way).json)(&frame.payload).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// A message in the encoding of a frame.
fn said(way: Way, message: &Value, like: &Frame) -> Said {
    let payload = match like.head {
        BINARY => (packing(way).pack)(message),
        _ => message.to_string().into_bytes(),
    };
    Said { onward: vec![Frame { payload, ..like.clone() }], ..Said::default() }
}

fn replaced(message: &Value, name: &str, value: Value) -> Value {
    let mut message = message.clone();
    message["data"][name] = value;
    message
}

/// Lines of one name in one, as a careless server has them.
fn joined(headers: &Value) -> Value {
    let join = |value: &Value| match value.as_array() {
        Some(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into(),
        None => value.clone(),
    };
    let lines = headers.as_object().into_iter().flatten();
    lines.map(|(name, value)| (name.clone(), join(value))).collect::<serde_json::Map<_, _>>().into()
}

/// A body that went through a string.
fn lossy(body: &Value) -> Value {
    let bytes = body.as_str().and_then(|text| BASE64.decode(text).ok());
    bytes.map_or(body.clone(), |bytes| BASE64.encode(String::from_utf8_lossy(&bytes).as_bytes()).into())
}

fn titled(name: &str) -> String {
    let (first, rest) = name.split_at(1.min(name.len()));
    first.to_ascii_uppercase() + rest
}

fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
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
