//! Sizes in bytes, written as `64 KiB`, `1 MiB` or `512`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// An invalid size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid size `{0}`: expected an integer and B, KiB, MiB or GiB, such as `64 KiB`")]
pub struct SizeError(String);

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let wrong = || SizeError(text.to_owned());
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = if unit.trim().is_empty() { "B" } else { unit.trim() };
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(*factor).filter(|bytes| *bytes <= 1 << 50).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor));
        let (name, factor) = whole.unwrap_or(&("B", 1));
        write!(f, "{} {name}", self.0 / factor)
    }
}

impl TryFrom<String> for Size {
    type Error = SizeError;

    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)?$",
            "description": "A number of bytes: an integer and B, KiB, MiB or GiB."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes) in [("512 B", 512), ("64 KiB", 65_536), ("1 MiB", 1 << 20), ("3 GiB", 3 << 30), ("0 B", 0)] {
            assert_eq!(text.parse::<Size>().map(|size| size.0), Ok(bytes));
            assert_eq!(Size(bytes).to_string(), text);
        }
        assert_eq!("2MiB".parse(), Ok(Size(2 << 20)));
        assert_eq!("7".parse(), Ok(Size(7)));
        for text in ["", "MiB", "1 MB", "-1 B", "1.5 KiB", "99999999999999999999", "9999999 GiB"] {
            assert!(text.parse::<Size>().is_err(), "`{text}` is accepted");
        }
    }
}
