//! Codes and session ids, drawn from an entropy source that the shell provides (PAIR-13, PAIR-14, PAIR-20).

use std::collections::HashMap;

use relayspec::pairing::{ALPHABET, CODE_LENGTH, SessionCode};
use relayspec::text::Uuid;

/// A source of bytes that nobody can predict: the operating system's, outside of tests.
pub trait Entropy {
    /// Fills the slice with random bytes.
    ///
    /// # Errors
    /// Where the source has none to give; the slice is then not to be used.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The entropy source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the source of entropy failed")]
pub struct NoEntropy;

/// Bytes from this on are drawn again: the number of those below it is a multiple of the alphabet's length, so that the
/// remainder favours no character.
const UNBIASED: usize = 256 - 256 % ALPHABET.len();

/// A code that is neither live nor retained.
pub(super) fn draw_code<T>(
    entropy: &mut impl Entropy,
    taken: &HashMap<SessionCode, T>,
) -> Result<SessionCode, NoEntropy> {
    let mut bytes = [0; 2 * CODE_LENGTH];
    loop {
        entropy.fill(&mut bytes)?;
        let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < UNBIASED);
        let text: String =
            fair.take(CODE_LENGTH).map(|byte| char::from(ALPHABET.as_bytes()[byte % ALPHABET.len()])).collect();
        if let Some(code) = SessionCode::new(text).filter(|code| !taken.contains_key(code)) {
            return Ok(code);
        }
    }
}

/// A random UUID, version 4 (RFC 9562, section 5.4).
pub(super) fn draw_uuid(entropy: &mut impl Entropy) -> Result<Uuid, NoEntropy> {
    loop {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
        if let Some(uuid) = Uuid::new(uuid.hyphenated().to_string()) {
            return Ok(uuid);
        }
    }
}
