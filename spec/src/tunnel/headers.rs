//! The headers of a request or a response: lines by name (chapter `tunnel`, "Messages").

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::Text;

/// Header lines, grouped by name; names are in lower case. HTTP's rules for names and values are not checked (TUN-16).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<String>)>);

impl Headers {
    /// Adds a line after those with the same name, in any case.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        let same = self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match same {
            Some((_, values)) => values.push(value.into()),
            None => self.0.push((name.to_ascii_lowercase(), vec![value.into()])),
        }
    }

    /// The values of the lines with this name, in order.
    pub fn of(&self, name: &str) -> impl Iterator<Item = &str> {
        let same = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        same.into_iter().flat_map(|(_, values)| values.iter().map(String::as_str))
    }

    /// All lines: name and value.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Self {
        let mut collector = HeaderCollector::default();
        lines.into_iter().for_each(|(name, value)| collector.add(name.as_ref(), value.into()));
        collector.headers
    }
}

/// The number of names from which a hash map is used: a message of some megabytes may have a million.
const MANY: usize = 32;

#[derive(Default)]
struct HeaderCollector {
    headers: Headers,
    /// The index of each name, once there are many.
    indices: HashMap<String, usize>,
}

impl HeaderCollector {
    fn add(&mut self, name: &str, value: String) {
        let Headers(lines) = &mut self.headers;
        if lines.len() < MANY {
            return self.headers.add(name, value);
        }
        if self.indices.is_empty() {
            self.indices = lines.iter().enumerate().map(|(index, (name, _))| (name.clone(), index)).collect();
        }
        let name = name.to_ascii_lowercase();
        match self.indices.get(&name) {
            Some(index) => lines[*index].1.push(value),
            None => {
                self.indices.insert(name.clone(), lines.len());
                lines.push((name, vec![value]));
            }
        }
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;

        impl<'de> Visitor<'de> for Lines {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut collector = HeaderCollector::default();
                while let Some((Text(name), HeaderValues(values))) = map.next_entry()? {
                    values.into_iter().for_each(|value| collector.add(&name, value));
                }
                Ok(collector.headers)
            }
        }

        deserializer.deserialize_map(Lines)
    }
}

struct HeaderValues(Vec<String>);

impl<'de> Deserialize<'de> for HeaderValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = HeaderValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E>(self, value: &str) -> Result<HeaderValues, E> {
                Ok(HeaderValues(vec![value.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<HeaderValues, A::Error> {
                let mut values = Vec::new();
                while let Some(Text(value)) = items.next_element()? {
                    values.push(value);
                }
                Ok(HeaderValues(values))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

impl JsonSchema for Headers {
    fn schema_name() -> Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": {
                "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_lines_by_name_in_order() {
        let text = r#"{"Set-Cookie":"a=1","accept":["x","y"],"SET-cookie":["b=2","c=3"],"none":[]}"#;
        let headers: Headers = serde_json::from_str(text).expect("headers");
        assert_eq!(headers.of("set-COOKIE").collect::<Vec<_>>(), ["a=1", "b=2", "c=3"]);
        assert_eq!(headers.lines().count(), 5);
        let written = serde_json::to_string(&headers).expect("JSON");
        assert_eq!(written, r#"{"set-cookie":["a=1","b=2","c=3"],"accept":["x","y"]}"#);
        let one: Headers = [("Host", "h")].into_iter().collect();
        assert_eq!(serde_json::to_string(&one).expect("JSON"), r#"{"host":"h"}"#);
    }

    #[test]
    fn reads_a_hundred_thousand_names() {
        let line = |number: usize| (format!("Name-{}", number % 100_000), number.to_string());
        let many: Headers = (0..200_000).map(line).collect();
        assert_eq!(many.of("name-99999").collect::<Vec<_>>(), ["99999", "199999"]);
        let read: Headers = serde_json::from_str(&serde_json::to_string(&many).expect("JSON")).expect("headers");
        assert_eq!(read, many);
    }
}
