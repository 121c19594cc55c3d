//! The layouts of binary messages in words, since no schema can describe them. The chapters are authoritative.

/// The layouts, by family.
const LAYOUTS: &[(&str, &str)] = &[
    (
        "terminal",
        "Bytes of one terminal: a byte with the length of the session id (1 to 255), the session id in UTF-8, and the payload up to \
         the end, which may be empty. Chapter spec/text/terminal.md, Binary messages.",
    ),
    (
        "rpc",
        "Frames follow each other in both directions: 4 bytes with the length of what follows, big-endian; 8 bytes with the \
         request id, big-endian; the bytes 4F 53; 4 bytes with the length of the payload, big-endian; the payload, one message in the \
         layout of bincode 1 (a variant's index as u32 in front, integers of fixed width and little-endian, lengths as u64, an option \
         as 0, or 1 and the value). Chapter spec/text/rpc.md, Frames and Messages.",
    ),
];

/// The layout of a family's binary messages; empty if the schemas describe them.
pub(crate) fn of(family: &str) -> &'static str {
    LAYOUTS.iter().find(|(name, _)| *name == family).map_or("", |(_, layout)| layout)
}

#[cfg(test)]
mod tests {
    use relayspec::family::FAMILIES;

    use super::*;

    #[test]
    fn describes_what_no_schema_can() {
        for family in FAMILIES {
            let has_bytes = family.channels.iter().filter_map(|channel| channel.binary);
            let needs_words = family.is_framed() || has_bytes.into_iter().any(|binary| binary.packing.is_none());
            assert_eq!(needs_words, !of(family.name).is_empty(), "{}", family.name);
        }
    }
}
