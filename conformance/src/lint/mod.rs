//! Lint: checks every frame of the subject against RFC 6455, the schema of its direction, and the order rules of its connection.
//!
//! It sees one connection at a time and knows no scenario; its caller passes it the frames.

mod own;
mod schema;

use std::sync::Arc;

use relayspec::family::{Channel, Family, Packing};
use relayspec::protocol::order::{Observed, Observer, OrderViolation, Sender};
use serde_json::Value;

use own::{OwnMessage, OwnMessages};
pub use schema::Schemas;

use crate::outcome::Finding;
use crate::protocol;
use crate::transport::{Arrival, FrameSplitter, OutFrame, Side};

/// The lint of one connection between the runner and a subject.
pub struct ConnectionLint {
    /// The order rules; none if the protocol has none.
    order: Option<Observer>,
    schemas: Arc<Schemas>,
    family: &'static Family,
    /// The side that the runner takes.
    side: Side,
    /// The messages of the subject; none if its role is unknown.
    channel: Option<&'static Channel>,
    /// The messages of the runner.
    own_channel: Option<&'static Channel>,
    own: OwnMessages,
    /// Splits what the runner sends, if messages travel as length-prefixed frames.
    frames: Option<FrameSplitter>,
    /// Whether the runner has sent text that is not JSON: how the subject interprets it is unknown, so order is no longer checked.
    order_unknown: bool,
}

impl ConnectionLint {
    /// The lint of a new connection with a client of this role, on which the runner takes this side. If the family does not know the
    /// role, no order and schema rules apply.
    #[must_use]
    pub fn new(family: &'static Family, client: &str, side: Side, schemas: Arc<Schemas>) -> Self {
        let (up, down) = (family.channel(client, family.server), family.channel(family.server, client));
        let (channel, own_channel) = if side == Side::Client { (down, up) } else { (up, down) };
        let order = protocol::of_name(family.name).ok().map(|protocol| protocol.observer(client));
        let (own, frames) = (OwnMessages::default(), family.is_framed().then(FrameSplitter::default));
        Self { order, schemas, family, side, channel, own_channel, own, frames, order_unknown: false }
    }

    /// The runner sends a frame; the messages that it completes, in JSON, if any.
    pub fn sent(&mut self, frame: &OutFrame) -> Vec<Value> {
        let mut whole = Vec::new();
        match &mut self.frames {
            Some(frames) => frames.feed(&frame.payload, &mut |arrival| {
                if let Arrival::Binary(bytes) = arrival {
                    whole.push(OwnMessage::Binary(bytes.to_vec()));
                }
            }),
            None => whole.extend(self.own.sent(frame)),
        }
        whole.into_iter().filter_map(|message| self.completed(&message)).collect()
    }

    fn completed(&mut self, message: &OwnMessage) -> Option<Value> {
        match message {
            OwnMessage::Text(text) => match serde_json::from_str::<Value>(text) {
                // Violations by the runner are deliberate.
                Ok(message) => {
                    drop(self.advance(self.side, Some(&message)));
                    return Some(message);
                }
                Err(_) => self.order_unknown = true,
            },
            OwnMessage::Binary(bytes) => match self.outgoing_packing().map(|packing| (packing.json)(bytes)) {
                Some(Ok(message)) => {
                    drop(self.advance(self.side, Some(&message)));
                    return Some(message);
                }
                _ => drop(self.advance(self.side, None)),
            },
        }
        None
    }

    /// How the subject's binary messages map to JSON, if they do.
    #[must_use]
    pub fn incoming_packing(&self) -> Option<Packing> {
        self.channel?.binary?.packing
    }

    /// The same for the runner's own messages.
    #[must_use]
    pub fn outgoing_packing(&self) -> Option<Packing> {
        self.own_channel?.binary?.packing
    }

    /// The other peer, which is not checked here, sent something.
    pub fn peer_sent(&mut self, arrival: &Arrival) {
        let message = match arrival {
            Arrival::Text(text) => serde_json::from_str::<Value>(text).map_err(drop),
            Arrival::Binary(bytes) => match self.outgoing_packing() {
                Some(packing) => (packing.json)(bytes).map_err(drop),
                None => return drop(self.advance(self.side, None)),
            },
            _ => return,
        };
        match message {
            Ok(message) => drop(self.advance(self.side, Some(&message))),
            Err(()) => self.order_unknown = true,
        }
    }

    /// A side has sent a message, in its JSON form if it has one.
    fn advance(&mut self, by: Side, json: Option<&Value>) -> Result<(), OrderViolation> {
        let by = if by == Side::Client { Sender::Client } else { Sender::Server };
        let name = json.and_then(|message| (self.family.naming.name)(message));
        self.order.as_mut().map_or(Ok(()), |order| order.observe(&Observed { by, name, json }))
    }

    /// The same for a message that was already parsed.
    pub fn peer_sent_message(&mut self, message: &Value) {
        drop(self.advance(self.side, Some(message)));
    }

    /// The subject sent something: what is wrong with it.
    pub fn received(&mut self, arrival: &Arrival) -> Vec<Finding> {
        self.check(arrival).0
    }

    /// The same, and the message, if it is a text message.
    pub fn check(&mut self, arrival: &Arrival) -> (Vec<Finding>, Option<Value>) {
        let findings = match arrival {
            Arrival::Text(text) => return self.message(text),
            Arrival::Binary(bytes) => self.binary(bytes),
            Arrival::Breach { section, what } => vec![finding(
                "WIRE-01",
                &format!("a violation of RFC 6455, section {section}"),
                "frames as defined by RFC 6455",
                what.clone(),
            )],
            Arrival::Ping(_) | Arrival::Pong(_) | Arrival::Close { .. } | Arrival::End(_) => Vec::new(),
        };
        (findings, None)
    }

    fn binary(&mut self, bytes: &[u8]) -> Vec<Finding> {
        let Some(channel) = self.channel else { return Vec::new() };
        let got = || excerpt(bytes);
        let Some(binary) = channel.binary else {
            return vec![finding(
                self.family.violated_by(channel, None),
                "a binary message in a direction that has none",
                "a text message",
                got(),
            )];
        };
        let malformed =
            |error| vec![finding(binary.rule, &format!("a malformed binary message: {error}"), "a valid one", got())];
        let Some(packing) = binary.packing else {
            return match (binary.canonical)(bytes) {
                Ok(_) => self.ordered(None, got),
                Err(error) => malformed(error),
            };
        };
        match (packing.json)(bytes) {
            Err(error) => malformed(error),
            Ok(message) => {
                let findings = self.check_message(channel, &message, &message.to_string());
                match (binary.canonical)(bytes) {
                    // What the schema of the JSON form cannot express, such as a string in place of bytes.
                    Err(error) if findings.is_empty() => malformed(error),
                    _ => findings,
                }
            }
        }
    }

    fn ordered(&mut self, json: Option<&Value>, got: impl FnOnce() -> String) -> Vec<Finding> {
        let subject = if self.side == Side::Client { Side::Server } else { Side::Client };
        match self.advance(subject, json) {
            Err(breach) if !self.order_unknown => {
                vec![finding(&breach.requirement, &breach.why, "messages in the required order", got())]
            }
            _ => Vec::new(),
        }
    }

    fn message(&mut self, text: &str) -> (Vec<Finding>, Option<Value>) {
        let Some(channel) = self.channel else { return (Vec::new(), None) };
        let wrong = |what: &str| {
            let rule = self.family.violated_by(channel, None);
            (vec![finding(rule, what, "a JSON object", shorten(text))], None)
        };
        match serde_json::from_str::<Value>(text) {
            Ok(message) if message.is_object() => (self.check_message(channel, &message, text), Some(message)),
            Ok(_) => wrong("a message that is not a JSON object"),
            Err(error) => wrong(&format!("a message that is not JSON: {error}")),
        }
    }

    fn check_message(&mut self, channel: &Channel, message: &Value, text: &str) -> Vec<Finding> {
        let mut findings = self.schemas.check(self.family, channel, message);
        for finding in &mut findings {
            finding.requirement = Some(self.family.violated_by(channel, finding.requirement.as_deref()).to_owned());
        }
        findings.extend(self.ordered(Some(message), || shorten(text)));
        findings
    }
}

fn finding(requirement: &str, what: &str, expected: &str, got: String) -> Finding {
    Finding::new(what.to_owned()).violating(requirement.to_owned()).expected(expected.to_owned()).got(got)
}

/// A text that is short enough to show; invalid UTF-8 is replaced.
#[must_use]
pub fn shorten(text: &(impl AsRef<[u8]> + ?Sized)) -> String {
    const LONGEST: usize = 600;
    const LONGEST_CHAR: usize = 4;
    let whole = text.as_ref();
    // The rest of a long text is not even decoded.
    let head = String::from_utf8_lossy(&whole[..whole.len().min((LONGEST + 1) * LONGEST_CHAR)]);
    match head.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} bytes)", &head[..at], whole.len()),
        None => head.into_owned(),
    }
}

/// The length of bytes, and their beginning.
#[must_use]
pub fn excerpt(bytes: &[u8]) -> String {
    const LONGEST: usize = 60;
    let shown = &bytes[..bytes.len().min(LONGEST)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!("{} bytes \"{}{more}\"", bytes.len(), shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use relayspec::family::FAMILIES;

    #[test]
    fn shortens_long_texts() {
        assert_eq!(shorten("kurz 😀"), "kurz 😀");
        assert_eq!(shorten(&b"not \xff UTF-8"[..]), "not \u{fffd} UTF-8");
        for (each, bytes) in [("a", 700), ("😀", 2800)] {
            assert_eq!(shorten(&each.repeat(700)), format!("{}… ({bytes} bytes)", each.repeat(600)));
            assert_eq!(shorten(&each.repeat(600)), each.repeat(600));
        }
    }

    fn requirements(client: &str, sent: &[&str], received: &[&str]) -> Vec<String> {
        let mut lint = ConnectionLint::new(&FAMILIES[0], client, Side::Client, Arc::default());
        for text in sent {
            for frame in OutFrame::fragments(crate::transport::encode::TEXT, text.as_bytes(), 3) {
                lint.sent(&frame);
            }
        }
        let findings = received.iter().flat_map(|text| lint.received(&Arrival::Text((*text).to_owned())));
        findings.filter_map(|finding| finding.requirement).collect()
    }

    #[test]
    fn reports_violations_of_each_rule() {
        let registered = r#"{"type":"registered","code":"K7QX4M","expiresAt":1760000300000}"#;
        let ping = r#"{"type":"ping","ts":1.0}"#;
        for (client, sent, received, violated) in [
            ("host", vec![ping], vec![registered, r#"{"type":"pong","ts":1,"more":[]}"#], vec![]),
            ("host", vec![], vec![r#"{"type":"registered","code":"K7QX4O","expiresAt":1}"#], vec!["PAIR-11"]),
            ("host", vec![], vec![r#"{"type":"registered","code":"K7QX4M","expiresAt":"1"}"#], vec!["PAIR-12"]),
            ("host", vec![], vec![r#"{"type":"registered","code":"K7QX4M"}"#], vec!["PAIR-10"]),
            ("host", vec![], vec![registered, r#"{"type":"error","code":"NOT_FOUND","message":""}"#], vec!["PAIR-65"]),
            ("host", vec![], vec![registered, r#"{"type":"joined","sessionId":"x"}"#], vec!["WIRE-01"]),
            ("host", vec![], vec![registered, r#"{"type":"pong","ts":1}"#], vec!["PAIR-50"]),
            ("host", vec![], vec![registered, "[]"], vec!["WIRE-01"]),
            ("host", vec![], vec![registered, "{"], vec!["WIRE-01"]),
            ("host", vec![], vec![registered, "{}"], vec!["WIRE-01"]),
            (
                "host",
                vec![r#"{"type":"ping","ts":1,"more":1e999}"#],
                vec![registered, r#"{"type":"pong","ts":1}"#],
                vec![],
            ),
            (
                "viewer",
                vec![r#"{"type":"join","code":"K7QX4M"}"#],
                vec![r#"{"type":"joined","sessionId":"x"}"#],
                vec!["PAIR-20"],
            ),
        ] {
            assert_eq!(requirements(client, &sent, &received), violated, "{client} {received:?}");
        }
        let mut lint = ConnectionLint::new(&FAMILIES[0], "host", Side::Client, Arc::default());
        assert_eq!(lint.received(&Arrival::Binary(vec![1].into())).len(), 1);
        assert_eq!(lint.received(&Arrival::Breach { section: "5.1", what: "a mask".into() }).len(), 1);
    }
}
