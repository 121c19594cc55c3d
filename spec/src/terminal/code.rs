//! Session codes and close codes of terminal.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::formed_string;

/// The 31 characters of a session code (chapter `terminal`, "Messages").
pub const ALPHABET: &str = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// The number of characters of a session code.
pub const CODE_LENGTH: usize = 6;

/// The close code after `auth_failed` (TERM-03; RFC 6455, section 7.4.1).
pub const CLOSE_REFUSED: u16 = 1008;

/// The close code for the viewers of a lost host (TERM-40; RFC 6455, section 7.4.1).
pub const CLOSE_HOST_LOST: u16 = 1000;

formed_string! {
    /// A session code: 6 characters of [`ALPHABET`] (TERM-06).
    SessionCode,
    expected "a session code of 6 characters of ABCDEFGHJKMNPQRSTUVWXYZ23456789",
    valid |text| text.len() == CODE_LENGTH && text.chars().all(|c| ALPHABET.contains(c)),
    schema {
        "type": "string",
        "maxLength": 6, // `$` of some regular expressions also matches before a line feed at the end
        "pattern": "^[ABCDEFGHJKMNPQRSTUVWXYZ23456789]{6}$"
    }
}

formed_string! {
    /// What a viewer sends as a code: any string. The relay decides whether it is a code (TERM-03).
    ViewerCode,
    expected "a string",
    valid |_| true,
    schema { "type": "string" }
}

impl ViewerCode {
    /// The session code in upper case; `None` if it is not one in either case (TERM-02).
    pub fn session_code(&self) -> Option<SessionCode> {
        SessionCode::new(self.as_str().to_ascii_uppercase())
    }

    /// Whether two codes are equal apart from the case of the letters A to Z (TERM-V1).
    pub fn is_same(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(code: &str) -> ViewerCode {
        ViewerCode::new(code).expect("any string")
    }

    #[test]
    fn viewers_may_type_lower_case() {
        for code in ["K7QXM2", "k7qxm2", "k7QxM2"] {
            assert_eq!(viewer(code).session_code(), SessionCode::new("K7QXM2"), "{code}");
        }
        assert!(viewer("K7QXM2").is_same(&viewer("k7qxm2")) && viewer("ſ").is_same(&viewer("ſ")));
    }

    #[test]
    fn only_the_case_of_ascii_letters_is_ignored() {
        // Unicode case folding maps `ſ` to S and the Kelvin sign to k.
        for code in [
            "",
            "K7QXM",
            "K7QXM22",
            " K7QXM2",
            "K7QXMſ",
            "\u{212a}7QXM2",
            "K7QXM0",
            "K7QXML",
            "K7QXMI",
            "K7QXMO",
            "K7QXM1",
        ] {
            assert_eq!(viewer(code).session_code(), None, "{code}");
        }
        assert!(!viewer("K7QXM2").is_same(&viewer("\u{212a}7QXM2")));
    }
}
