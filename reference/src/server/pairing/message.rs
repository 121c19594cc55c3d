//! Parses messages as far as possible without the relay's state, and answers those that need none.
//!
//! `data` is most of a relay's traffic, so it is parsed in one pass and written from the parsed payload; everything else goes through
//! the codec of [`relayspec`]. A received text is never forwarded verbatim.

use std::borrow::Cow;

use relayspec::pairing::{
    Data, Error, ErrorCode, FromHost, FromViewer, Join, JoinCode, Ping, Pong, Register, ToHost, ToViewer,
};
use relayspec::text::Prose;
use relayspec::wire::{DecodeError, Tagged as _};
use serde::Deserialize;

use crate::server::Inbound;

/// The end of a session that a connection is, by its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairingRole {
    /// Connected to `/mac`.
    Host,
    /// Connected to `/browser`.
    Viewer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingMessage {
    Register,
    /// `join` with this code.
    Join(JoinCode),
    /// `data` from a connection without a partner, encoded for the partner.
    Data(String),
}

impl From<String> for PairingMessage {
    fn from(data: String) -> Self {
        Self::Data(data)
    }
}

/// Parses a text message. `data` is encoded again with the payload that was read (PAIR-40); what needs no state is answered at once
/// (PAIR-50, PAIR-60 to PAIR-64).
pub(super) fn read(role: PairingRole, text: &str) -> Inbound<PairingMessage> {
    if let Some(payload) = data_payload(text) {
        return Inbound::Direct(data(payload));
    }
    match role {
        PairingRole::Host => match FromHost::decode(text) {
            Ok(FromHost::Register(Register { .. })) => Inbound::Request(PairingMessage::Register),
            Ok(FromHost::Data(Data { payload })) => Inbound::Direct(data(Cow::Owned(payload))),
            Ok(FromHost::Ping(Ping { ts })) => Inbound::Reply(ToHost::from(Pong { ts }).encode()),
            Err(why) => refused(role, &why),
        },
        PairingRole::Viewer => match FromViewer::decode(text) {
            Ok(FromViewer::Join(Join { code })) => Inbound::Request(PairingMessage::Join(code)),
            Ok(FromViewer::Data(Data { payload })) => Inbound::Direct(data(Cow::Owned(payload))),
            Ok(FromViewer::Ping(Ping { ts })) => Inbound::Reply(ToViewer::from(Pong { ts }).encode()),
            Err(why) => refused(role, &why),
        },
    }
}

/// Any binary message (PAIR-63).
pub(super) fn binary(role: PairingRole) -> Inbound<PairingMessage> {
    Inbound::Reply(error(role, ErrorCode::InvalidMessage, "The pairing family has no binary messages."))
}

fn refused(role: PairingRole, why: &DecodeError) -> Inbound<PairingMessage> {
    // Truncated: an error may quote a value of any length.
    let why: String = why.to_string().chars().take(200).collect();
    Inbound::Reply(error(role, ErrorCode::InvalidMessage, &format!("Invalid message: {why}")))
}

pub(super) fn error(role: PairingRole, code: ErrorCode, explanation: &str) -> String {
    let message = Prose::new(explanation).expect("an explanation is not empty"); // PAIR-65
    match role {
        PairingRole::Host => ToHost::from(Error { code, message }).encode(),
        PairingRole::Viewer => ToViewer::from(Error { code, message }).encode(),
    }
}

pub(super) fn explanation(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidCode => "No session has this code. Check it for a typing error.",
        ErrorCode::ExpiredCode => "This code has expired. Ask for a new one.",
        ErrorCode::AlreadyJoined => "This code or this connection is already in use.",
        ErrorCode::NotFound => "There is no session to send data to. Join one first.",
        ErrorCode::MacDisconnected => "The host has disconnected.",
        ErrorCode::InvalidMessage => "The message is invalid.",
    }
}

#[derive(Deserialize)]
struct DataRef<'a> {
    #[serde(borrow, rename = "type")]
    tag: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// The payload of a `data` message; borrowed if it has no escapes.
fn data_payload(text: &str) -> Option<Cow<'_, str>> {
    // A derived deserializer also accepts arrays, which are not messages.
    let is_object = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    let message: DataRef<'_> = is_object.then(|| serde_json::from_str(text).ok())??;
    (message.tag == Data::TYPE).then_some(message.payload)
}

fn data(payload: Cow<'_, str>) -> String {
    const HEAD: &str = r#"{"type":"data","payload":""#;
    const TAIL: &str = r#""}"#;
    match payload {
        // What was read without escapes needs none when written.
        Cow::Borrowed(payload) => {
            let mut text = String::with_capacity(HEAD.len() + payload.len() + TAIL.len());
            text.push_str(HEAD);
            text.push_str(payload);
            text.push_str(TAIL);
            text
        }
        Cow::Owned(payload) => ToHost::from(Data { payload }).encode(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(text: &str) -> Option<String> {
        match ToViewer::decode(text) {
            Ok(ToViewer::Data(Data { payload })) => Some(payload),
            _ => None,
        }
    }

    #[test]
    fn reads_only_valid_data_as_data() {
        for text in [
            r#"["data","x"]"#,
            r#"{"type":"data"}"#,
            r#"{"type":"data","payload":1}"#,
            r#"{"type":"data","payload":"\ud800"}"#,
            r#"{"type":"data","payload":"x"} {}"#,
            r#"{"type":"data","payload":"x","payload":"y"}"#,
            r#"{"type":"ping","payload":"x"}"#,
            "{\"type\":\"data\",\"payload\":\"\n\"}",
        ] {
            assert_eq!(data_payload(text), None, "{text}");
            assert!(matches!(read(PairingRole::Host, text), Inbound::Reply(_)), "{text}");
        }
    }

    #[test]
    fn refusals_are_short_whatever_they_quote() {
        let text = format!(r#"{{"type":"ping","ts":"{}"}}"#, "x".repeat(1 << 20));
        let Inbound::Reply(answer) = read(PairingRole::Viewer, &text) else { panic!("not refused") };
        assert!(answer.len() < 400, "{} bytes", answer.len());
    }

    proptest! {
        #[test]
        fn writes_data_like_the_codec(payload: String, spaced: bool, swapped: bool) {
            let value = serde_json::to_string(&payload).expect("a string");
            let (tag, payload_member) = (r#""type":"data""#.to_owned(), format!(r#""payload":{value}"#));
            let members = if swapped { [payload_member, tag] } else { [tag, payload_member] };
            let text = format!("{{{}}}", members.join(if spaced { "\n , " } else { "," }));
            for role in [PairingRole::Host, PairingRole::Viewer] {
                let Inbound::Direct(written) = read(role, &text) else { panic!("not data: {text}") };
                prop_assert!(written.len() <= text.len(), "longer than the original");
                prop_assert_eq!(decoded(&written), Some(payload.clone()));
                prop_assert_eq!(written, ToHost::from(Data { payload: payload.clone() }).encode());
            }
        }

        #[test]
        fn the_fast_path_and_the_codec_agree(text in r#" ?[\[{]"type":"(data|d\\u0061ta|ping)",("x":[1,{}],)?"payload":("[a\\n\\u0041ü]{0,4}"|7)[}\]]"#) {
            prop_assert_eq!(data_payload(&text).map(Cow::into_owned), decoded(&text));
        }
    }
}
