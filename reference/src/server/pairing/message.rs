//! Texts in, texts out: what a text is for the relay, and the answers that need no state.
//!
//! `data` is most of what a relay sees, so it is read in one pass and written anew from what was read; all else goes through
//! the codec of [`relayspec`]. A text is never passed on as it came.

use std::borrow::Cow;

use relayspec::pairing::{
    Data, Error, ErrorCode, FromHost, FromViewer, Join, JoinCode, Ping, Pong, Register, ToHost, ToViewer,
};
use relayspec::text::Prose;
use relayspec::wire::{DecodeError, Message as _};
use serde::Deserialize;

use crate::server::Inbound;

/// Which end of a session a connection is, by the endpoint that it was made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Connected to `/mac`.
    Host,
    /// Connected to `/browser`.
    Viewer,
}

/// What is for the relay to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// `register`.
    Register,
    /// `join` with this code.
    Join(JoinCode),
    /// `data` of a connection without partner; this text would be for the partner.
    Data(String),
}

impl From<String> for Message {
    fn from(data: String) -> Self {
        Self::Data(data)
    }
}

/// Reads the text message of a host or a viewer. Of `data` the text for the partner has the payload that was read (PAIR-40); what
/// needs no state is answered at once (PAIR-50, PAIR-60 to PAIR-64).
pub(super) fn read(role: Role, text: &str) -> Inbound<Message> {
    if let Some(payload) = data_payload(text) {
        return Inbound::Direct(data(payload));
    }
    match role {
        Role::Host => match FromHost::decode(text) {
            Ok(FromHost::Register(Register { .. })) => Inbound::Asked(Message::Register),
            Ok(FromHost::Data(Data { payload })) => Inbound::Direct(data(Cow::Owned(payload))),
            Ok(FromHost::Ping(Ping { ts })) => Inbound::Answered(ToHost::from(Pong { ts }).encode()),
            Err(why) => refused(role, &why),
        },
        Role::Viewer => match FromViewer::decode(text) {
            Ok(FromViewer::Join(Join { code })) => Inbound::Asked(Message::Join(code)),
            Ok(FromViewer::Data(Data { payload })) => Inbound::Direct(data(Cow::Owned(payload))),
            Ok(FromViewer::Ping(Ping { ts })) => Inbound::Answered(ToViewer::from(Pong { ts }).encode()),
            Err(why) => refused(role, &why),
        },
    }
}

/// A binary message, whatever it holds (PAIR-63).
pub(super) fn binary(role: Role) -> Inbound<Message> {
    Inbound::Answered(error(role, ErrorCode::InvalidMessage, "This family has no binary messages."))
}

fn refused(role: Role, why: &DecodeError) -> Inbound<Message> {
    // Cut: an error may quote a value of any length.
    let why: String = why.to_string().chars().take(200).collect();
    Inbound::Answered(error(role, ErrorCode::InvalidMessage, &format!("This is no message for the relay: {why}")))
}

/// An `error` message.
pub(super) fn error(role: Role, code: ErrorCode, explanation: &str) -> String {
    let message = Prose::new(explanation).expect("an explanation is not empty"); // PAIR-65
    match role {
        Role::Host => ToHost::from(Error { code, message }).encode(),
        Role::Viewer => ToViewer::from(Error { code, message }).encode(),
    }
}

/// What an error code means, for a person.
pub(super) fn explanation(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidCode => "No session has this code. Look for a typing error.",
        ErrorCode::ExpiredCode => "This code has expired. Ask for a new one.",
        ErrorCode::AlreadyJoined => "This code or this connection is in use already.",
        ErrorCode::NotFound => "There is no session to carry the data. Join one first.",
        ErrorCode::MacDisconnected => "The host has disconnected.",
        ErrorCode::InvalidMessage => "This is no message for the relay.",
    }
}

#[derive(Deserialize)]
struct DataRef<'a> {
    #[serde(borrow, rename = "type")]
    tag: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// The payload, if the text is a `data` message. It is borrowed if it was written without escapes.
fn data_payload(text: &str) -> Option<Cow<'_, str>> {
    // A derived reader also takes arrays, which are no messages.
    let is_object = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    let message: DataRef<'_> = is_object.then(|| serde_json::from_str(text).ok())??;
    (message.tag == Data::TYPE).then_some(message.payload)
}

/// Writes a `data` message.
fn data(payload: Cow<'_, str>) -> String {
    const HEAD: &str = r#"{"type":"data","payload":""#;
    const TAIL: &str = r#""}"#;
    match payload {
        // What was read from a JSON string without any escape needs none in another.
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
    fn what_is_no_data_is_not_read_as_data() {
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
            assert!(matches!(read(Role::Host, text), Inbound::Answered(_)), "{text}");
        }
    }

    #[test]
    fn refusals_are_short_whatever_they_quote() {
        let text = format!(r#"{{"type":"ping","ts":"{}"}}"#, "x".repeat(1 << 20));
        let Inbound::Answered(answer) = read(Role::Viewer, &text) else { panic!("not refused") };
        assert!(answer.len() < 400, "{} bytes", answer.len());
    }

    proptest! {
        #[test]
        fn data_is_written_as_the_codec_writes_it(payload: String, spaced: bool, swapped: bool) {
            let value = serde_json::to_string(&payload).expect("a string");
            let (tag, payload_member) = (r#""type":"data""#.to_owned(), format!(r#""payload":{value}"#));
            let members = if swapped { [payload_member, tag] } else { [tag, payload_member] };
            let text = format!("{{{}}}", members.join(if spaced { "\n , " } else { "," }));
            for role in [Role::Host, Role::Viewer] {
                let Inbound::Direct(written) = read(role, &text) else { panic!("no data: {text}") };
                prop_assert!(written.len() <= text.len(), "longer than what came");
                prop_assert_eq!(decoded(&written), Some(payload.clone()));
                prop_assert_eq!(written, ToHost::from(Data { payload: payload.clone() }).encode());
            }
        }

        #[test]
        fn the_short_cut_and_the_codec_agree(text in r#" ?[\[{]"type":"(data|d\\u0061ta|ping)",("x":[1,{}],)?"payload":("[a\\n\\u0041ü]{0,4}"|7)[}\]]"#) {
            prop_assert_eq!(data_payload(&text).map(Cow::into_owned), decoded(&text));
        }
    }
}
