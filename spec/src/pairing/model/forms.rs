//! Parts of messages that several operations share.

use serde_json::{Value, json};

use crate::model::Op;

pub(super) const NO_UUIDS: [&str; 9] = [
    "laptop",
    "",
    "0b0e5a0e4d1c4a579d0b2f6c8f7f1c11",
    "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c1g",
    "{0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11}",
    "urn:uuid:0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11",
    "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11 ",
    "0b0e5a0e-4d1c-4a579-d0b-2f6c8f7f1c11",
    "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c1",
];

pub(super) fn error(code: &str) -> Value {
    json!({ "type": "error", "code": code })
}

/// Variants of an operation that repeats something, each time in another variant.
pub(super) fn row(op: &Op, ways: u32) -> impl Iterator<Item = u32> + use<> {
    let (first, count) = (op.how, op.size % 6 + 1);
    (first..first + count).map(move |how| how % ways)
}

pub(super) fn no_uuid(how: u32) -> &'static str {
    NO_UUIDS[how as usize % NO_UUIDS.len()]
}
