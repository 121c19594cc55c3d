//! Bodies of HTTP, whole and within bounds: how large one may be, and how much all may take together.

mod budget;

pub(super) use budget::{Budget, Room};

use bytes::Bytes;
use hyper::body::{Body, Incoming};

/// For so many bytes room is taken at a time.
const STEP: usize = 256 << 10;

/// The body is larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// A body that is gathered piece by piece.
#[derive(Debug)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    room: Room,
    /// For so many bytes there is room.
    taken: usize,
    expected: Option<usize>,
    limit: usize,
}

impl Gathered {
    /// Nothing of a body so far.
    pub(super) fn of(body: &Incoming, limit: usize) -> Result<Self, TooLarge> {
        if is_too_large(body, limit) {
            return Err(TooLarge);
        }
        let expected = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        Ok(Self { bytes: Vec::new(), room: Room::none(), taken: 0, expected, limit })
    }

    /// How much room the beginning needs.
    pub(super) fn first(&self) -> usize {
        self.expected.map_or(STEP, |expected| expected.min(STEP))
    }

    /// How much more room a piece needs; nothing, where there is enough.
    pub(super) fn need(&self, piece: &Bytes) -> Result<usize, TooLarge> {
        let length = self.bytes.len() + piece.len();
        if length > self.limit {
            return Err(TooLarge);
        }
        if length <= self.taken {
            return Ok(0);
        }
        let left = self.expected.map_or(STEP, |expected| expected.saturating_sub(self.taken));
        Ok((length - self.taken).max(STEP.min(left)))
    }

    /// Adds room.
    pub(super) fn take(&mut self, bytes: usize, room: Room) {
        self.taken += bytes;
        self.room.add(room);
    }

    /// Adds a piece.
    pub(super) fn add(&mut self, piece: &Bytes) {
        let length = self.bytes.len() + piece.len();
        // All that is to come, at once: the system gives memory only where something is written.
        self.bytes.reserve(self.expected.unwrap_or(length).max(length) - self.bytes.len());
        self.bytes.extend_from_slice(piece);
    }

    /// The whole body, and the room that it takes.
    pub(super) fn done(self) -> (Vec<u8>, Room) {
        (self.bytes, self.room)
    }
}

/// What is said of a body suffices to refuse it.
pub(super) fn is_too_large(body: &Incoming, limit: usize) -> bool {
    body.size_hint().lower() > limit as u64
}
