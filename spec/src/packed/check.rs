//! Checks that bytes are one MessagePack value that JSON can represent, before anything deserializes them.
//!
//! serde accepts more than messages may contain: numbers as names, invalid UTF-8 as byte strings, and nesting that overflows the stack. Which
//! members a message has is not checked here.

/// The nesting limit, the same as for JSON.
const DEEPEST: usize = 128;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessagePackError {
    pub(super) cause: &'static str,
    pub(super) at: usize,
}

/// Checks that the bytes are one value that JSON can represent, apart from byte strings.
pub(super) fn check(bytes: &[u8]) -> Result<(), MessagePackError> {
    let mut reader = MessagePackReader { bytes, at: 0 };
    let mut open: Vec<Container> = Vec::new();
    loop {
        let start = reader.at;
        let error = |cause| MessagePackError { cause, at: start };
        let is_name = open.last().is_some_and(|open| open.is_map && open.left % 2 == 0);
        let value = reader.value()?;
        if is_name && !matches!(value, Item::Text) {
            return Err(error("a name that is not a string"));
        }
        if let Item::Within(inner) = value {
            if open.len() == DEEPEST {
                return Err(error("nested too deep"));
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
            let is_all = reader.at == bytes.len();
            return if is_all {
                Ok(())
            } else {
                Err(MessagePackError { cause: "bytes after the message", at: reader.at })
            };
        }
    }
}

struct Container {
    /// The number of values still to come, names included.
    left: u64,
    is_map: bool,
}

enum Item {
    Text,
    Within(Container),
    Other,
}

struct MessagePackReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> MessagePackReader<'a> {
    /// The next value, or the header of an array or map.
    fn value(&mut self) -> Result<Item, MessagePackError> {
        let start = self.at;
        let error = |cause| Err(MessagePackError { cause, at: start });
        let marker = self.take(1)?[0];
        let value = match marker {
            0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => Item::Other,
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
                Item::Other
            }
            0xca | 0xcb => {
                let float = self.take(4 << (marker - 0xca))?;
                let is_finite = match *float {
                    [a, b, c, d] => f32::from_be_bytes([a, b, c, d]).is_finite(),
                    [a, b, c, d, e, f, g, h] => f64::from_be_bytes([a, b, c, d, e, f, g, h]).is_finite(),
                    _ => false,
                };
                if !is_finite {
                    return error("a number that JSON does not have");
                }
                Item::Other
            }
            0xcc..=0xcf => self.take(1 << (marker - 0xcc)).map(|_| Item::Other)?,
            0xd0..=0xd3 => self.take(1 << (marker - 0xd0)).map(|_| Item::Other)?,
            0xc7..=0xc9 | 0xd4..=0xd8 => return error("an ext, which JSON does not have"),
            0xc1 => return error("the byte c1, which is never used"),
        };
        Ok(value)
    }

    fn text(&mut self, length: u64) -> Result<Item, MessagePackError> {
        let start = self.at;
        let error = |_| MessagePackError { cause: "a string that is not UTF-8", at: start };
        std::str::from_utf8(self.take(length)?).map(|_| Item::Text).map_err(error)
    }

    /// A length of 2 to the given power bytes.
    fn length(&mut self, power: u8) -> Result<u64, MessagePackError> {
        let bytes = self.take(1 << power)?;
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], MessagePackError> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(MessagePackError { cause: "the message ends too early", at: self.bytes.len() })?;
        self.at += taken.len();
        Ok(taken)
    }
}

fn map(members: u64) -> Item {
    Item::Within(Container { left: 2 * members, is_map: true })
}

fn array(left: u64) -> Item {
    Item::Within(Container { left, is_map: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_exactly_one_json_value() {
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
            (b"\x05\x05", Some("bytes after the message")),
            (b"\x80\xc1", Some("bytes after the message")),
            (b"\x81\x01\x01", Some("a name that is not a string")),
            (b"\x81\xc4\x01a\x01", Some("a name that is not a string")),
            (b"\x81\x80\x01", Some("a name that is not a string")),
            (b"\x82\xa1a\x01\x02\x03", Some("a name that is not a string")),
            (b"\xa1\xff", Some("a string that is not UTF-8")),
            (b"\xd6\xff\0\0\0\x01", Some("an ext, which JSON does not have")),
            (b"\x91\xc1", Some("the byte c1, which is never used")),
            (b"\xca\x7f\x80\0\0", Some("a number that JSON does not have")),
            (b"\xcb\x7f\xf8\0\0\0\0\0\0", Some("a number that JSON does not have")),
        ] {
            assert_eq!(check(bytes).err().map(|error| error.cause), cause, "{bytes:x?}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        assert_eq!(check(b"\x82\xa1a\x01\x02\x03").err().map(|error| error.at), Some(4));
        assert_eq!(check(b"\x05\x05").err().map(|error| error.at), Some(1));
        assert_eq!(check(b"\x92\x05").err().map(|error| error.at), Some(2));
    }
}
