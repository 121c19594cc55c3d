//! Opcodes as scenarios write them (RFC 6455, section 5.2).

use serde_json::Value;

use super::step::Opcode;

const NAMES: [(&str, u8); 6] =
    [("continuation", 0), ("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];

impl TryFrom<Value> for Opcode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let named = value.as_str().and_then(|text| NAMES.iter().find(|(name, _)| *name == text)).map(|(_, code)| *code);
        let numbered = value.as_u64().filter(|number| *number < 16).map(|number| number as u8);
        named.or(numbered).map(Self).ok_or_else(|| {
            format!("{value} is no opcode: write continuation, text, binary, close, ping, pong, or a number from 0 to 15")
        })
    }
}

impl From<Opcode> for Value {
    fn from(opcode: Opcode) -> Self {
        match NAMES.iter().find(|(_, code)| *code == opcode.0) {
            Some((name, _)) => (*name).into(),
            None => opcode.0.into(),
        }
    }
}
