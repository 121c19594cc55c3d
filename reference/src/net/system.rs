//! The operating system's randomness, for the cores.

use tracing::error;

use crate::client::backoff::JitterSource;
use crate::server::entropy::{Entropy, NoEntropy};

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemRandom;

impl Entropy for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|cause| {
            error!(%cause, "the system has no random bytes");
            NoEntropy
        })
    }
}

impl JitterSource for SystemRandom {
    fn next_jitter(&mut self) -> f64 {
        let mut bytes = [0; 4];
        // Without randomness there is no jitter.
        if getrandom::fill(&mut bytes).is_err() {
            return 0.0;
        }
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}
