//! A message in its JSON form, written as MessagePack with all that it says: also members that nobody knows, and what is no message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::packed;

/// The messages that have a body.
const WITH_BODY: [&str; 2] = ["HttpRequest", "HttpResponse"];

/// The bytes of a message. A body in base64 becomes a byte string; what is no base64 stays as it is.
pub(super) fn pack(message: &Value) -> Vec<u8> {
    let has_body = message["type"].as_str().is_some_and(|kind| WITH_BODY.contains(&kind));
    packed::write(&Form { value: message, part: if has_body { Part::Message } else { Part::Other } })
}

/// A value, and what it is of a message.
struct Form<'a> {
    value: &'a Value,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Message,
    Data,
    Body,
    Other,
}

impl Part {
    fn member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Message, "data") => Self::Data,
            (Self::Data, "body") => Self::Body,
            _ => Self::Other,
        }
    }
}

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.part, self.value) {
            (Part::Message | Part::Data, Value::Object(members)) => serializer
                .collect_map(members.iter().map(|(name, value)| (name, Form { value, part: self.part.member(name) }))),
            (Part::Body, Value::String(text)) => match STANDARD.decode(text) {
                Ok(bytes) => serializer.serialize_bytes(&bytes),
                Err(_) => serializer.serialize_str(text),
            },
            _ => self.value.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tunnel::ToAgent;

    #[test]
    fn what_a_message_says_is_written_and_members_that_nobody_knows_too() {
        let request = json!({
            "type": "HttpRequest",
            "data": { "id": "1", "method": "PUT", "url": "/", "headers": {}, "body": "AP8=", "more": "x" },
            "next": [1],
        });
        let bytes = pack(&request);
        let known = ToAgent::decode(&request.to_string()).expect("a message");
        assert_eq!(ToAgent::unpack(&bytes).expect("the same"), known);
        assert_eq!(packed::json_form(&bytes).expect("its form"), request);
        assert!(bytes.windows(4).any(|four| four == b"\xc4\x02\x00\xff"), "the body is a byte string: {bytes:?}");
    }

    #[test]
    fn what_is_no_message_stays_what_it_is() {
        let body = |body: &str| json!({ "type": "HttpRequest", "data": { "body": body } });
        for value in
            [json!(null), json!([1, "a"]), body("no base64!"), json!({ "type": "Auth", "data": { "body": "AP8=" } })]
        {
            assert_eq!(pack(&value), packed::write(&value), "{value}");
        }
        assert_ne!(pack(&body("AP8=")), packed::write(&body("AP8=")));
    }
}
