//! Whether bytes are one value that JSON can say, before anybody reads them.
//!
//! Readers made with serde take more than messages may hold: numbers for names, strings that are no UTF-8 for byte strings, and depths that
//! a stack does not bear. None of that gets past this. Which members a message has is not looked at.

/// As deep as a value may nest, as in JSON here.
const DEEPEST: usize = 128;

/// Where bytes are not what they should be, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) cause: &'static str,
    pub(super) at: usize,
}

/// Whether the bytes are one value that JSON can say, apart from byte strings.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let mut walk = Walk { bytes, at: 0 };
    let mut open: Vec<Open> = Vec::new();
    loop {
        let start = walk.at;
        let flaw = |cause| Flaw { cause, at: start };
        let is_name = open.last().is_some_and(|open| open.is_map && open.left % 2 == 0);
        let value = walk.value()?;
        if is_name && !matches!(value, Value::Text) {
            return Err(flaw("a name that is no string"));
        }
        if let Value::Within(inner) = value {
            if open.len() == DEEPEST {
                return Err(flaw("nested too deep"));
            }
            open.push(inner);
        } else if let Some(outer) = open.last_mut() {
            outer.left -= 1;
        }
        while open.last().is_some_and(|open| open.left == 0) {
            open.pop();
            open.last_mut().into_iter().for_each(|outer| outer.left -= 1);
        }
        if open.is_empty() {
            let is_all = walk.at == bytes.len();
            return if is_all { Ok(()) } else { Err(Flaw { cause: "bytes behind the message", at: walk.at }) };
        }
    }
}

/// An array or a map whose end is not reached.
struct Open {
    /// How many values are to come; names count too.
    left: u64,
    is_map: bool,
}

enum Value {
    Text,
    Within(Open),
    Other,
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// The next value, or the head of an array or map.
    fn value(&mut self) -> Result<Value, Flaw> {
        let start = self.at;
        let flaw = |cause| Err(Flaw { cause, at: start });
        let marker = self.take(1)?[0];
        let value = match marker {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Value::Other,
            0x80..=0x8f => map(u64::from(marker & 0x0f)),
            0xde | 0xdf => map(self.length(marker - 0xdd)?),
            0x90..=0x9f => array(u64::from(marker & 0x0f)),
            0xdc | 0xdd => array(self.length(marker - 0xdb)?),
            0xa0..=0xbf => self.text(u64::from(marker & 0x1f))?,
            0xd9..=0xdb => {
                let length = self.length(marker - 0xd9)?;
                self.text(length)?
            }
            0xc4..=0xc6 => {
                let length = self.length(marker - 0xc4)?;
                self.take(length)?;
                Value::Other
            }
            0xca | 0xcb => {
                let float = self.take(4 << (marker - 0xca))?;
                let is_finite = match *float {
                    [a, b, c, d] => f32::from_be_bytes([a, b, c, d]).is_finite(),
                    [a, b, c, d, e, f, g, h] => f64::from_be_bytes([a, b, c, d, e, f, g, h]).is_finite(),
                    _ => false,
                };
                if !is_finite {
                    return flaw("a number that JSON has not");
                }
                Value::Other
            }
            0xcc..=0xcf => self.take(1 << (marker - 0xcc)).map(|_| Value::Other)?,
            0xd0..=0xd3 => self.take(1 << (marker - 0xd0)).map(|_| Value::Other)?,
            0xc7..=0xc9 | 0xd4..=0xd8 => return flaw("an ext, which JSON has not"),
            0xc1 => return flaw("the byte c1, which means nothing"),
        };
        Ok(value)
    }

    fn text(&mut self, length: u64) -> Result<Value, Flaw> {
        let start = self.at;
        let flaw = |_| Flaw { cause: "a string that is no UTF-8", at: start };
        std::str::from_utf8(self.take(length)?).map(|_| Value::Text).map_err(flaw)
    }

    /// A length in as many bytes as 2 to the given power.
    fn length(&mut self, power: u8) -> Result<u64, Flaw> {
        let bytes = self.take(1 << power)?;
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Flaw> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(Flaw { cause: "the message ends too early", at: self.bytes.len() })?;
        self.at += taken.len();
        Ok(taken)
    }
}

fn map(members: u64) -> Value {
    Value::Within(Open { left: 2 * members, is_map: true })
}

fn array(left: u64) -> Value {
    Value::Within(Open { left, is_map: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_that_json_can_say_passes_and_nothing_else() {
        let deep = |count| [vec![0x91; count], vec![0xc0]].concat();
        for (bytes, cause) in [
            (&b"\x05"[..], None),
            (b"\x80", None),
            (b"\x90", None),
            (b"\x82\xa1a\x91\xc4\x01\xff\xa1b\xca\0\0\0\0", None),
            (b"\xde\0\x01\xd9\x01a\xdc\0\x02\xc2\xdd\0\0\0\0", None),
            (&deep(DEEPEST), None),
            (&deep(DEEPEST + 1), Some("nested too deep")),
            (b"", Some("the message ends too early")),
            (b"\x81\xa1a", Some("the message ends too early")),
            (b"\xdd\xff\xff\xff\xff\x01", Some("the message ends too early")),
            (b"\xc6\xff\xff\xff\xff\x01", Some("the message ends too early")),
            (b"\x05\x05", Some("bytes behind the message")),
            (b"\x80\xc1", Some("bytes behind the message")),
            (b"\x81\x01\x01", Some("a name that is no string")),
            (b"\x81\xc4\x01a\x01", Some("a name that is no string")),
            (b"\x81\x80\x01", Some("a name that is no string")),
            (b"\x82\xa1a\x01\x02\x03", Some("a name that is no string")),
            (b"\xa1\xff", Some("a string that is no UTF-8")),
            (b"\xd6\xff\0\0\0\x01", Some("an ext, which JSON has not")),
            (b"\x91\xc1", Some("the byte c1, which means nothing")),
            (b"\xca\x7f\x80\0\0", Some("a number that JSON has not")),
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", Some("a number that JSON has not")),
        ] {
            assert_eq!(check(bytes).err().map(|flaw| flaw.cause), cause, "{bytes:x?}");
        }
    }

    #[test]
    fn flaws_name_their_place() {
        assert_eq!(check(b"\x82\xa1a\x01\x02\x03").err().map(|flaw| flaw.at), Some(4));
        assert_eq!(check(b"\x05\x05").err().map(|flaw| flaw.at), Some(1));
        assert_eq!(check(b"\x92\x05").err().map(|flaw| flaw.at), Some(2));
    }
}
