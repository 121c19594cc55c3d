//! Where the parts of a YAML or JSON document stand, by their paths: for errors that are found after it was read.

use std::collections::HashMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::scenario::Place;

/// The places of a document's parts, by JSON Pointer. A member of a map stands where its key does.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(HashMap<String, Place>);

impl Places {
    /// Reads them. A text that is no YAML has none.
    pub(super) fn of(text: &str) -> Self {
        let mut places = HashMap::new();
        if let Ok(root) = serde_saphyr::from_str::<Node>(text) {
            root.collect(&mut String::new(), &mut places);
        }
        Self(places)
    }

    /// The place of a part, or else of the nearest part around it.
    pub(super) fn of_path(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return *place;
            }
            match path.rfind('/') {
                Some(end) => path = &path[..end],
                None => return Place { line: 1, column: 1 },
            }
        }
    }
}

/// A part of a document.
enum Node {
    Leaf,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Node {
    fn collect(&self, path: &mut String, places: &mut HashMap<String, Place>) {
        let length = path.len();
        match self {
            Self::Leaf => {}
            Self::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    path.push_str(&format!("/{index}"));
                    places.insert(path.clone(), place(element));
                    element.value.collect(path, places);
                    path.truncate(length);
                }
            }
            Self::Map(members) => {
                for (key, member) in members {
                    path.push('/');
                    path.push_str(&escaped(&key.value));
                    places.insert(path.clone(), place(key));
                    member.collect(path, places);
                    path.truncate(length);
                }
            }
        }
    }
}

fn place<T>(spanned: &Spanned<T>) -> Place {
    Place { line: spanned.referenced.line(), column: spanned.referenced.column() }
}

/// A key as a part of a JSON Pointer (RFC 6901, section 3).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;
        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                Node::deserialize(deserializer)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Node::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    members.push((key, map.next_value()?));
                }
                Ok(Node::Map(members))
            }
        }
        deserializer.deserialize_any(AnyNode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_elements_and_the_nearest_part_around() {
        let places =
            Places::of("name: chat\norder:\n  client:\n    rules:\n      - on: { client: hi }\n      - { in: x }\n");
        for (path, line, column) in [
            ("/name", 1, 1),
            ("/order/client/rules", 4, 5),
            ("/order/client/rules/1", 6, 9),
            ("/order/client/rules/0/on/client", 5, 15),
            ("/order/client/rules/0/in", 5, 9),
            ("/nothing/at/all", 1, 1),
        ] {
            assert_eq!(places.of_path(path), Place { line, column }, "{path}");
        }
    }

    #[test]
    fn reads_json_too_and_nothing_from_what_is_broken() {
        assert_eq!(Places::of("{\"a\": {\n \"b/c\": 1}}").of_path("/a/b~1c"), Place { line: 2, column: 2 });
        assert_eq!(Places::of("a: [").of_path("/a"), Place { line: 1, column: 1 });
    }
}
