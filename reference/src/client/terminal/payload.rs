//! What a driver may send (chapter `driver`, "Commands"): text for the first session, text or bytes for a given one, or a control message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use relayspec::terminal::SessionId;
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// For the first session.
    Text(String),
    /// For this session.
    Bytes(SessionId, Vec<u8>),
    /// A control message, as JSON text.
    Control(String),
}

impl Payload {
    pub(super) fn read(payload: Value) -> Result<Self, &'static str> {
        let members = match payload {
            Value::String(text) => return Ok(Self::Text(text)),
            Value::Object(members) => members,
            _ => return Err("The `payload` of a `send` must be a string or an object: this was not sent."),
        };
        if members.contains_key("type") {
            return Ok(Self::Control(Value::Object(members).to_string()));
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let id = text("session_id").and_then(SessionId::new);
        let id = id.ok_or("A `session_id` must be a string of 1 to 255 bytes: this was not sent.")?;
        let bytes = match (text("data"), text("base64")) {
            (Some(data), None) => Some(data.as_bytes().to_vec()),
            (None, Some(base64)) => STANDARD.decode(base64).ok(),
            _ => None,
        };
        bytes.map(|bytes| Self::Bytes(id, bytes)).ok_or("Expected either `data` or `base64`: this was not sent.")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_form_and_nothing_else() {
        let bytes = |bytes: &[u8]| Ok(Payload::Bytes(SessionId::new("1").expect("an id"), bytes.to_vec()));
        assert_eq!(Payload::read(json!("ls\n")), Ok(Payload::Text("ls\n".to_owned())));
        assert_eq!(Payload::read(json!({ "session_id": "1", "data": "ä" })), bytes("ä".as_bytes()));
        assert_eq!(Payload::read(json!({ "session_id": "1", "base64": "/wA=" })), bytes(&[255, 0]));
        let control = Payload::Control(r#"{"type":"create_session"}"#.to_owned());
        assert_eq!(Payload::read(json!({ "type": "create_session" })), Ok(control));
        for wrong in [
            json!(null),
            json!(["ls"]),
            json!({}),
            json!({ "session_id": "1" }),
            json!({ "session_id": "", "data": "x" }),
            json!({ "session_id": "x".repeat(256), "data": "x" }),
            json!({ "session_id": "1", "data": "x", "base64": "eA==" }),
            json!({ "session_id": "1", "base64": "?" }),
        ] {
            assert!(Payload::read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
