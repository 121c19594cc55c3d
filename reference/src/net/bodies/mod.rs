//! Bodies of HTTP, whole and within bounds: how large one may be, and how much all may take together.

mod budget;

pub(super) use budget::{Budget, Room};

use bytes::Bytes;
use hyper::body::{Body, Incoming};

/// For so many bytes room is taken at first; then for as many again as there are.
const STEP: usize = 128 << 10;

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
        Ok(Self { bytes: Vec::new(), room: Room::default(), taken: 0, expected, limit })
    }

    /// How much room the body needs before its first piece is asked for: what comes is kept, and some more behind it.
    pub(super) fn first_need(&self) -> usize {
        self.expected.map_or(STEP, |expected| expected.min(STEP))
    }

    /// How much more room a piece needs; nothing, where there is enough.
    pub(super) fn need(&self, piece: &Bytes) -> Result<usize, TooLarge> {
        let length = self.bytes.len() + piece.len();
        if length > self.limit {
            return Err(TooLarge);
        }
        if length <= self.taken || self.room.is_ahead() {
            return Ok(0);
        }
        let left = self.expected.map_or(usize::MAX, |expected| expected.saturating_sub(self.taken));
        Ok((length - self.taken).max(STEP.max(self.taken).min(left)))
    }

    /// Adds room.
    pub(super) fn take(&mut self, bytes: usize, room: Room) {
        self.taken += bytes;
        self.room.add(room);
        // No more than there is room for: what others gave back is memory that is there, even where nothing is written.
        self.bytes.reserve_exact(self.taken - self.bytes.len());
    }

    /// Adds a piece.
    pub(super) fn add(&mut self, piece: &Bytes) {
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
