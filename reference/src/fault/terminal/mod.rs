//! Faults of the terminal family.

pub(super) mod host;
pub(super) mod relay;
pub(super) mod viewer;

/// The payload of a binary message, behind its session id; nothing where it has none, as the chapter has it.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first()?;
    let (id, payload) = rest.split_at_checked(usize::from(*length))?;
    (!id.is_empty() && std::str::from_utf8(id).is_ok()).then_some(payload)
}

/// Whether a binary message is a whole one.
fn is_whole(bytes: &[u8]) -> bool {
    payload(bytes).is_some()
}
