//! What each flaw does to an agent's connection. One flaw is one deviation from what the reference says and hears.

use std::collections::VecDeque;
use std::net::TcpStream;

use relayspec::family::Family;
use serde_json::{Value, json};

use crate::support::middleman::{self, Frame, House, Said, Way};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;

/// One connection of an agent.
#[derive(Debug)]
pub(super) struct Link {
    flaw: String,
    number: usize,
    has_opened: bool,
    has_succeeded: bool,
    /// Requests that wait for the answer to another.
    waiting: VecDeque<Frame>,
    is_busy: bool,
    /// The timestamp of the agent's last Ping.
    pinged: Value,
    cookie: Option<Value>,
    answers: usize,
    stats: usize,
}

impl middleman::Link for Link {
    const PATH: &'static str = "/tunnel";

    fn new(flaw: &str, number: usize) -> Self {
        Self {
            flaw: flaw.to_owned(),
            number,
            has_opened: false,
            has_succeeded: false,
            waiting: VecDeque::new(),
            is_busy: false,
            pinged: Value::Null,
            cookie: None,
            answers: 0,
            stats: 0,
        }
    }

    fn hides_end(&self, way: Way) -> bool {
        way == Way::Out && self.flaw == "never-told"
    }

    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        let message: Value = match frame.head {
            TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
            BINARY => json_form(&frame.payload).unwrap_or_default(),
            _ => Value::Null,
        };
        let kind = message["type"].as_str().unwrap_or_default().to_owned();
        let deviates = match way {
            Way::In => self.heard(&kind, &message, &frame),
            Way::Out => self.told(&kind, &message, &frame),
        };
        self.has_opened |= way == Way::In;
        self.has_succeeded |= kind == "AuthSuccess";
        deviates.unwrap_or_else(|| passed(&frame))
    }
}

impl Link {
    /// From the agent.
    fn heard(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let data = &message["data"];
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        if kind == "Ping" {
            self.pinged = data["timestamp"].clone();
        }
        self.answers += usize::from(kind == "HttpResponse");
        self.stats += usize::from(kind == "Stats");
        Some(match (&*self.flaw, kind) {
            ("ping-first", _) if !self.has_opened => {
                Said { onward: vec![said(&ping(1), frame), frame.clone()], ..Said::default() }
            }
            ("opens-otherwise", _) if !self.has_opened => {
                let data = json!({ "id": "r", "status": 200, "status_text": "OK", "headers": {}, "body": null });
                one(&json!({ "type": "HttpResponse", "data": data }), frame)
            }
            ("answers-twice", "HttpResponse") => Said { onward: vec![frame.clone(); 2], ..Said::default() },
            ("loses-the-97th", "HttpResponse") if self.answers == 97 => Said::default(),
            ("one-at-a-time", "HttpResponse" | "Error") => {
                let next = self.waiting.pop_front();
                self.is_busy = next.is_some();
                Said { onward: vec![frame.clone()], back: next.into_iter().collect(), ..Said::default() }
            }
            ("joins-cookies", "HttpResponse") => {
                let mut headers = data["headers"].clone();
                headers.as_object_mut()?.values_mut().for_each(join);
                with("headers", headers)
            }
            ("capital-headers", "HttpResponse") => {
                let upper =
                    data["headers"].as_object()?.iter().map(|(name, value)| (name.to_uppercase(), value.clone()));
                with("headers", upper.collect())
            }
            ("invents-a-server", "HttpResponse") => {
                with("headers", added(&data["headers"], "server", "agent/1".into()))
            }
            ("keeps-hop-by-hop", "HttpResponse") => {
                with("headers", added(&data["headers"], "keep-alive", "timeout=5".into()))
            }
            ("text-bodies", "HttpResponse") => with("body", lossy(&data["body"])),
            ("no-reason", "HttpResponse") => with("status_text", "".into()),
            ("ok-for-all", "HttpResponse") => with("status", 200.into()),
            ("follows", "HttpResponse") if data["status"] == 302 => with("status", 200.into()),
            ("unzips", "HttpResponse") if data["headers"]["content-encoding"] == "gzip" => {
                let mut headers = data["headers"].clone();
                headers.as_object_mut()?.shift_remove("content-encoding");
                with("headers", headers)
            }
            ("keeps-cookies", "HttpResponse") => {
                self.cookie = data["headers"].get("set-cookie").cloned().or(self.cookie.take());
                passed(frame)
            }
            ("500-for-502", "Error") if data["code"] == 502 => with("code", 500.into()),
            ("502-for-504", "Error") if data["code"] == 504 => with("code", 502.into()),
            ("halves-are-answers", "Error") if data["code"] == 502 => {
                let data = json!({ "id": data["request_id"], "status": 200, "status_text": "OK", "headers": {}, "body": null });
                one(&json!({ "type": "HttpResponse", "data": data }), frame)
            }
            ("404-for-400", "Error") if data["code"] == 400 => with("code", 404.into()),
            ("without-ids", "Error") if data["code"] == 400 => with("request_id", Value::Null),
            ("ignores-malformed", "Error") if data["code"] == 400 => Said::default(),
            ("ignores-duplicates", "Error") if data["code"] == 409 => Said::default(),
            ("other-time", "Pong") => with("timestamp", json!(data["timestamp"].as_f64()? + 1.0)),
            ("whole-times", "Pong") => with("timestamp", json!(data["timestamp"].as_f64()?.trunc())),
            ("no-pongs", "Pong") => Said::default(),
            ("no-pings", "Ping") => Said { back: vec![unmasked(said(&pong(&self.pinged), frame))], ..Said::default() },
            ("never-drops", "Ping") => {
                let back = vec![unmasked(said(&pong(&self.pinged), frame))];
                Said { onward: vec![frame.clone()], back, ..Said::default() }
            }
            ("one-time", "Ping") => with("timestamp", 5.into()),
            ("no-stats", "Stats") => Said::default(),
            ("counts-one-more", "Stats") => with("requests_processed", json!(data["requests_processed"].as_u64()? + 1)),
            ("counts-base64", "Stats") => with("bytes_transferred", json!(data["bytes_transferred"].as_u64()? * 4 / 3)),
            ("counts-fall", "Stats") if self.stats > 1 => with("requests_processed", 0.into()),
            ("starts-anew", "Stats") if self.number > 1 => with("requests_processed", 0.into()),
            ("always-text", _) if frame.head == BINARY => {
                let payload = message.to_string().into_bytes();
                Said { onward: vec![Frame { head: TEXT, payload, ..frame.clone() }], ..Said::default() }
            }
            ("strings-for-bytes", "HttpResponse") if frame.head == BINARY => {
                let mut payload = frame.payload.clone();
                // `bin 8` becomes `str 8`.
                payload.iter_mut().filter(|byte| **byte == 0xc4).for_each(|byte| *byte = 0xd9);
                Said { onward: vec![Frame { payload, ..frame.clone() }], ..Said::default() }
            }
            _ => return None,
        })
    }

    /// To the agent.
    fn told(&mut self, kind: &str, message: &Value, frame: &Frame) -> Option<Said> {
        let data = &message["data"];
        let with = |name: &str, value: Value| replaced(message, name, value, frame);
        let url = data["url"].as_str().unwrap_or_default();
        Some(match (&*self.flaw, kind) {
            ("answers-early", "Ping") if !self.has_succeeded => {
                Said { back: vec![masked(said(&pong(&data["timestamp"]), frame))], ..Said::default() }
            }
            ("never-told", "AuthError") => Said::default(),
            ("never-told", _) if frame.head == CLOSE => Said::default(),
            ("tries-again", "AuthError") => Said { ends: true, ..Said::default() },
            ("one-at-a-time", "HttpRequest") if std::mem::replace(&mut self.is_busy, true) => {
                self.waiting.push_back(frame.clone());
                Said::default()
            }
            ("normalises", "HttpRequest") => with("url", url.replace("/./", "/").into()),
            ("merges-slashes", "HttpRequest") if url.starts_with('/') => {
                with("url", format!("/{}", url[1..].replace("//", "/")).into())
            }
            ("decodes", "HttpRequest") => with("url", url.replace("%2F", "/").into()),
            ("loses-a-mark", "HttpRequest") => with("url", url.strip_suffix('?').unwrap_or(url).into()),
            ("short-targets", "HttpRequest") => with("url", url.chars().take(8192).collect::<String>().into()),
            ("encodes-spaces", "HttpRequest") => with("url", url.replace(' ', "%20").into()),
            ("cuts-fragments", "HttpRequest") => with("url", url.split('#').next()?.into()),
            ("loud-methods", "HttpRequest") => with("method", data["method"].as_str()?.to_uppercase().into()),
            ("joins-lines", "HttpRequest") => {
                let mut headers = data["headers"].clone();
                headers.as_object_mut()?.values_mut().for_each(join);
                with("headers", headers)
            }
            ("invents-a-name", "HttpRequest") => {
                with("headers", added(&data["headers"], "user-agent", "agent/1".into()))
            }
            ("loses-trailers", "HttpRequest") => with("headers", added(&data["headers"], "x-kept", Value::Null)),
            ("cleans-values", "HttpRequest") => {
                let mut headers = data["headers"].clone();
                for value in headers.as_object_mut()?.values_mut() {
                    let cleaned = value.as_str().map(|text| text.replace(['\r', '\n', '\0'], " "));
                    if let Some(cleaned) = cleaned {
                        *value = cleaned.into();
                    }
                }
                with("headers", headers)
            }
            ("text-requests", "HttpRequest") => with("body", lossy(&data["body"])),
            ("keeps-cookies", "HttpRequest") if self.cookie.is_some() => {
                with("headers", added(&data["headers"], "cookie", "seen=1".into()))
            }
            ("goes-anywhere", "HttpRequest") if url.starts_with("http://127.0.0.2:") => {
                let authority = url.trim_start_matches("http://").split('/').next()?;
                drop(TcpStream::connect(authority));
                passed(frame)
            }
            ("closes-on-malformed", "") if frame.head == TEXT => ended(frame, 1002),
            ("second-wins", "HttpRequest") if url == "/second" => with("id", "another".into()),
            ("any-pong" | "one-time", "Pong") => with("timestamp", self.pinged.clone()),
            ("no-patience", "Pong") => Said::default(),
            ("late-answers", "AuthSuccess") if self.number > 1 => {
                let data = json!({ "id": "r1", "status": 200, "status_text": "OK", "headers": {}, "body": null });
                let late = masked(said(&json!({ "type": "HttpResponse", "data": data }), frame));
                Said { onward: vec![frame.clone()], back: vec![late], ..Said::default() }
            }
            ("deaf-to-messagepack", _) if frame.head == BINARY && self.has_succeeded => Said::default(),
            ("repeats-errors", "Error") => {
                Said { onward: vec![frame.clone()], back: vec![masked(said(message, frame))], ..Said::default() }
            }
            _ => return None,
        })
    }
}

/// The JSON form of a binary message.
fn json_form(bytes: &[u8]) -> Option<Value> {
    let channel = Family::named("tunnel")?.channel("agent", "cloud")?;
    (channel.binary?.packing?.json)(bytes).ok()
}

fn ping(timestamp: u64) -> Value {
    json!({ "type": "Ping", "data": { "timestamp": timestamp } })
}

fn pong(timestamp: &Value) -> Value {
    json!({ "type": "Pong", "data": { "timestamp": timestamp } })
}

/// Several lines become one.
fn join(value: &mut Value) {
    if let Value::Array(values) = value {
        let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        *value = texts.join(", ").into();
    }
}

fn added(headers: &Value, name: &str, value: Value) -> Value {
    let mut headers = headers.clone();
    match value {
        Value::Null => drop(headers.as_object_mut().map(|headers| headers.shift_remove(name))),
        value => headers[name] = value,
    }
    headers
}

/// A body that was taken for text on the way.
fn lossy(body: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    match body.as_str().and_then(|text| STANDARD.decode(text).ok()) {
        Some(bytes) => STANDARD.encode(String::from_utf8_lossy(&bytes).as_bytes()).into(),
        None => body.clone(),
    }
}

fn passed(frame: &Frame) -> Said {
    Said { onward: vec![frame.clone()], ..Said::default() }
}

/// A message in the place of a frame, as text.
fn said(message: &Value, like: &Frame) -> Frame {
    Frame { head: TEXT, payload: message.to_string().into_bytes(), ..like.clone() }
}

fn one(message: &Value, like: &Frame) -> Said {
    Said { onward: vec![said(message, like)], ..Said::default() }
}

fn replaced(message: &Value, name: &str, value: Value, like: &Frame) -> Said {
    let mut message = message.clone();
    message["data"][name] = value;
    one(&message, like)
}

fn masked(frame: Frame) -> Frame {
    Frame { masked: true, ..frame }
}

fn unmasked(frame: Frame) -> Frame {
    Frame { masked: false, ..frame }
}

/// The connection ends, instead of passing a frame on.
fn ended(frame: &Frame, code: u16) -> Said {
    let closing = |masked| Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() };
    Said { onward: vec![closing(frame.masked)], back: vec![closing(!frame.masked)], ends: true, ..Said::default() }
}
