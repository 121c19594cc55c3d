//! The PIN of a sync server.

use std::fmt;

/// The length of a PIN, in digits.
pub const PIN_LENGTH: usize = 6;

/// The PIN of a server: 6 digits. It is a secret, which `Debug` hides.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// The PIN, if it has 6 digits.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let is_pin = text.len() == PIN_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
        is_pin.then_some(Self(text))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_have_six_digits_and_stay_hidden() {
        for text in ["000042", "999999"] {
            assert_eq!(Pin::new(text).as_ref().map(Pin::as_str), Some(text));
        }
        for text in ["", "42", "0000042", "00004x", "٠٠٠٠٤٢", " 00042"] {
            assert_eq!(Pin::new(text), None, "{text}");
        }
        assert!(!format!("{:?}", Pin::new("000042")).contains("42"));
    }
}
