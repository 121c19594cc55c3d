//! Random codes and ids, from an entropy source that the shell provides (PAIR-14, PAIR-20, TERM-06).

use relayspec::text::Uuid;

/// A source of unpredictable bytes: the operating system, outside of tests.
pub trait Entropy {
    /// Fills the slice with random bytes.
    ///
    /// # Errors
    /// If the source fails; the content of the slice is then unusable.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The entropy source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entropy source failed")]
pub struct NoEntropy;

/// A random text of this length over an ASCII alphabet.
pub(crate) fn draw_text(entropy: &mut impl Entropy, alphabet: &str, length: usize) -> Result<String, NoEntropy> {
    let alphabet = alphabet.as_bytes();
    // Rejection sampling: only bytes below a multiple of the alphabet's length are used, so that no character is favoured.
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

/// Predictable random bytes (splitmix64).
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct TestEntropy {
    pub(crate) state: u64,
    pub(crate) fails: bool,
}

#[cfg(test)]
impl TestEntropy {
    pub(crate) fn new() -> Self {
        Self { state: 7, fails: false }
    }
}

#[cfg(test)]
impl Entropy for TestEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in bytes {
            self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (mixed >> 32) as u8;
        }
        if self.fails { Err(NoEntropy) } else { Ok(()) }
    }
}
