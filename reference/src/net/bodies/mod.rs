//! Whole HTTP bodies within bounds: the size of one, and the memory of all together.

mod budget;

pub(super) use budget::{BodyBudget, BodyPermit};

use bytes::Bytes;
use hyper::body::{Body, Incoming};

/// The first share of the budget that a body takes, in bytes; later its share doubles.
const STEP: usize = 128 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

#[derive(Debug)]
pub(super) struct BodyBuffer {
    bytes: Vec<u8>,
    permit: BodyPermit,
    /// The bytes that the permit covers.
    taken: usize,
    expected: Option<usize>,
    limit: usize,
}

impl BodyBuffer {
    pub(super) fn of(body: &Incoming, limit: usize) -> Result<Self, TooLarge> {
        if is_too_large(body, limit) {
            return Err(TooLarge);
        }
        let expected = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        Ok(Self { bytes: Vec::new(), permit: BodyPermit::default(), taken: 0, expected, limit })
    }

    pub(super) fn first_need(&self) -> usize {
        self.expected.map_or(STEP, |expected| expected.min(STEP))
    }

    /// The further share that a piece needs, perhaps 0.
    pub(super) fn need(&self, piece: &Bytes) -> Result<usize, TooLarge> {
        let length = self.bytes.len() + piece.len();
        if length > self.limit {
            return Err(TooLarge);
        }
        if length <= self.taken || self.permit.is_unlimited() {
            return Ok(0);
        }
        let left = self.expected.map_or(usize::MAX, |expected| expected.saturating_sub(self.taken));
        Ok((length - self.taken).max(STEP.max(self.taken).min(left)))
    }

    pub(super) fn take(&mut self, bytes: usize, permit: BodyPermit) {
        self.taken += bytes;
        self.permit.add(permit);
        // Exactly what was taken: unused capacity would be memory that the budget does not know of.
        self.bytes.reserve_exact(self.taken - self.bytes.len());
    }

    pub(super) fn add(&mut self, piece: &Bytes) {
        self.bytes.extend_from_slice(piece);
    }

    pub(super) fn done(self) -> (Vec<u8>, BodyPermit) {
        (self.bytes, self.permit)
    }
}

pub(super) fn is_too_large(body: &Incoming, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}
