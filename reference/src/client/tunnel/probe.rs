//! Reads the id of a malformed message, if possible (TUN-17).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The deepest nesting that is read, as in `serde_json`.
const DEEPEST: usize = 128;

/// The string `data.id` of a text message, whatever else is wrong with it.
pub(super) fn id_in_text(text: &str) -> Option<String> {
    Member("data", Member("id", Text)).deserialize(&mut serde_json::Deserializer::from_str(text)).ok().flatten()
}

pub(super) fn id_in_binary(bytes: &[u8]) -> Option<String> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    reader.set_max_depth(DEEPEST);
    Member("data", Member("id", Text)).deserialize(&mut reader).ok().flatten()
}

/// Looks for a member of an object; `None` in any other value.
#[derive(Clone, Copy)]
struct Member<S>(&'static str, S);

/// Looks for a string; `None` in any other value.
#[derive(Clone, Copy)]
struct Text;

macro_rules! nothing_else {
    ($($visit:ident($type:ty)),+) => {
        $(fn $visit<E>(self, _: $type) -> Result<Option<String>, E> {
            Ok(None)
        })+

        fn visit_unit<E>(self) -> Result<Option<String>, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<String>, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

impl<'de, S: DeserializeSeed<'de, Value = Option<String>> + Copy> DeserializeSeed<'de> for Member<S> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = Option<String>> + Copy> Visitor<'de> for Member<S> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<String>, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key_seed(Text)? {
            if name.as_deref() == Some(self.0) {
                found = members.next_value_seed(self.1)?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    nothing_else!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64),
        visit_str(&str),
        visit_bytes(&[u8])
    );
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<String>, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<String>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    nothing_else!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_bytes(&[u8]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_id_if_any() {
        for (text, id) in [
            (r#"{"type":"HttpRequest","data":{"id":"r1","method":7}}"#, Some("r1")),
            (r#"{"data":{"x":[1,{"id":"no"}],"id":""},"type":[]}"#, Some("")),
            (r#"{"type":"Unknown","data":{"id":"r2"}}"#, Some("r2")),
            (r#"{"type":"HttpRequest","data":{"id":7}}"#, None),
            (r#"{"type":"HttpRequest","data":{"id":["r1"]}}"#, None),
            (r#"{"type":"HttpRequest","data":["id","r1"]}"#, None),
            (r#"{"id":"r1"}"#, None),
            (r#""r1""#, None),
            (r#"{"data":{"id":"r1""#, None),
            ("", None),
        ] {
            assert_eq!(id_in_text(text).as_deref(), id, "{text}");
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
                let packed = rmp_serde::to_vec_named(&value).expect("packed");
                assert_eq!(id_in_binary(&packed).as_deref(), id, "{text}");
            }
        }
        assert_eq!(id_in_text(&"[".repeat(100_000)), None);
        assert_eq!(id_in_binary(&[0x91; 100_000]), None);
        assert_eq!(id_in_binary(&[0xC1]), None);
    }
}
