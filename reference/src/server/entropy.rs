//! Codes and ids, drawn from an entropy source that the shell provides (PAIR-14, PAIR-20, TERM-06).

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

/// A text of so many characters of an alphabet of ASCII.
pub(crate) fn draw_text(entropy: &mut impl Entropy, alphabet: &str, length: usize) -> Result<String, NoEntropy> {
    let alphabet = alphabet.as_bytes();
    // Bytes from this on are drawn again: the number of those below it is a multiple of the alphabet's length, so that the
    // remainder favours no character.
    let unbiased = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 16];
    loop {
        entropy.fill(&mut bytes)?;
        for byte in bytes.into_iter().map(usize::from).filter(|byte| *byte < unbiased) {
            if text.len() == length {
                return Ok(text);
            }
            text.push(char::from(alphabet[byte % alphabet.len()]));
        }
    }
}

/// A random UUID, version 4 (RFC 9562, section 5.4).
pub(crate) fn draw_uuid(entropy: &mut impl Entropy) -> Result<Uuid, NoEntropy> {
    loop {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
        if let Some(uuid) = Uuid::new(uuid.hyphenated().to_string()) {
            return Ok(uuid);
        }
    }
}
