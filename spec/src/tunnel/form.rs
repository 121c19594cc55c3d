//! Encodes a message in JSON form as MessagePack, including unknown members and invalid messages.

use serde_json::Value;

use crate::family::Packing;
use crate::packed;

pub(super) const PACKING: Packing = Packing { json: packed::json_form, pack };

const WITH_BODY: [&str; 2] = ["HttpRequest", "HttpResponse"];
const BODY: &[&str] = &["/data/body"];

/// The bytes of a message. A base64 body becomes a byte string; an invalid one stays a string.
fn pack(message: &Value) -> Vec<u8> {
    let has_body = message["type"].as_str().is_some_and(|kind| WITH_BODY.contains(&kind));
    packed::pack(message, if has_body { BODY } else { &[] })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tunnel::ToAgent;

    #[test]
    fn packs_known_and_unknown_members() {
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
    fn leaves_other_values_as_they_are() {
        let body = |body: &str| json!({ "type": "HttpRequest", "data": { "body": body } });
        for value in
            [json!(null), json!([1, "a"]), body("not base64!"), json!({ "type": "Auth", "data": { "body": "AP8=" } })]
        {
            assert_eq!(pack(&value), packed::write(&value), "{value}");
        }
        assert_ne!(pack(&body("AP8=")), packed::write(&body("AP8=")));
    }
}
