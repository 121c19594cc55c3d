//! The latest output of a host, for late viewers (TERM-30, TERM-31).
//!
//! All messages are in one ring of bytes, so that neither their number nor dropping old ones costs much. Messages of a closed session are not
//! searched for; they are skipped on replay and drop out with time.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use relayspec::terminal::SCROLLBACK_BYTES;

use crate::server::Frames;

#[derive(Debug, Default)]
pub(super) struct Scrollback {
    bytes: VecDeque<u8>,
    messages: VecDeque<BufferedMessage>,
    /// By hash of the id, since there may be a million sessions with a message each. The hasher's key is random, so that ids with the same
    /// hash cannot be chosen.
    sessions: HashMap<u64, BufferedSession>,
    hasher: RandomState,
    last_serial: u32,
}

#[derive(Debug, Clone, Copy)]
struct BufferedMessage {
    length: u32,
    /// The session's serial.
    serial: u32,
}

#[derive(Debug)]
struct BufferedSession {
    /// Never reused, even for the same id.
    serial: u32,
    /// Its buffered messages.
    count: u32,
}

impl Scrollback {
    /// Adds a message, and drops the oldest ones as long as enough remain.
    pub(super) fn push(&mut self, id: &str, message: &[u8]) {
        let hash = self.hasher.hash_one(id);
        let last_serial = &mut self.last_serial;
        let session = self.sessions.entry(hash).or_insert_with(|| {
            *last_serial = last_serial.wrapping_add(1);
            BufferedSession { serial: *last_serial, count: 0 }
        });
        session.count += 1;
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        self.messages.push_back(BufferedMessage { length, serial: session.serial });
        self.bytes.extend(message);
        while let Some(oldest) =
            self.messages.front().filter(|kept| self.bytes.len() - kept.length as usize >= SCROLLBACK_BYTES)
        {
            self.drop_oldest(*oldest);
        }
    }

    /// Forgets the messages of a session (TERM-31).
    pub(super) fn forget(&mut self, id: &str) {
        self.sessions.remove(&self.hasher.hash_one(id));
    }

    pub(super) fn frames(&self) -> Frames {
        let live: std::collections::HashSet<u32> = self.sessions.values().map(|session| session.serial).collect();
        let mut frames = Frames::default();
        let (front, back) = self.bytes.as_slices();
        let mut at = 0;
        for kept in &self.messages {
            let (from, to) = (at, at + kept.length as usize);
            at = to;
            if live.contains(&kept.serial) {
                let split = front.len();
                let pieces =
                    [&front[from.min(split)..to.min(split)], &back[from.max(split) - split..to.max(split) - split]];
                frames.push(pieces);
            }
        }
        frames
    }

    fn drop_oldest(&mut self, kept: BufferedMessage) {
        let message: Vec<u8> = self.bytes.drain(..kept.length as usize).take(1 + usize::from(u8::MAX)).collect();
        self.messages.pop_front();
        let Some(id) = session_id(&message) else { return };
        let hash = self.hasher.hash_one(id);
        if let Some(session) = self.sessions.get_mut(&hash).filter(|session| session.serial == kept.serial) {
            session.count -= 1;
            if session.count == 0 {
                self.sessions.remove(&hash);
            }
        }
    }
}

/// The session id of a binary message; `None` if it is malformed (TERM-41).
pub(super) fn session_id(message: &[u8]) -> Option<&str> {
    let (length, rest) = message.split_first()?;
    let id = rest.get(..usize::from(*length)).filter(|id| !id.is_empty())?;
    str::from_utf8(id).ok()
}

#[cfg(test)]
mod tests {
    use relayspec::terminal::TerminalFrame;

    use super::*;

    fn message(id: &str, payload: &[u8]) -> Vec<u8> {
        [&[id.len() as u8], id.as_bytes(), payload].concat()
    }

    fn all(scrollback: &Scrollback) -> Vec<Vec<u8>> {
        scrollback.frames().iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn keeps_the_latest_mebibyte_of_whole_messages() {
        let mut scrollback = Scrollback::default();
        let mut sent = Vec::new();
        for number in 0..5000_usize {
            let message = message("1", &vec![number as u8; number * 37 % 3000]);
            scrollback.push("1", &message);
            sent.push(message);
        }
        let kept = all(&scrollback);
        assert!(sent.ends_with(&kept), "in order and whole");
        let bytes: usize = kept.iter().map(Vec::len).sum();
        assert!((SCROLLBACK_BYTES..SCROLLBACK_BYTES + 4000).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn keeps_one_message_larger_than_the_limit() {
        let mut scrollback = Scrollback::default();
        scrollback.push("1", &message("1", b"small"));
        let large = message("1", &vec![7; SCROLLBACK_BYTES]);
        scrollback.push("1", &large);
        assert_eq!(all(&scrollback), std::slice::from_ref(&large));
        scrollback.push("1", &message("1", b"small"));
        assert_eq!(all(&scrollback).len(), 2, "without the large one less than a mebibyte would remain");
    }

    #[test]
    fn bounds_a_million_empty_payloads() {
        let mut scrollback = Scrollback::default();
        for number in 0..1_000_000_u32 {
            let id = char::from_u32(0x21 + number % 90).expect("ASCII").to_string();
            scrollback.push(&id, &message(&id, b""));
        }
        assert_eq!((scrollback.bytes.len(), scrollback.messages.len()), (SCROLLBACK_BYTES, SCROLLBACK_BYTES / 2));
        assert!(scrollback.bytes.capacity() + 8 * scrollback.messages.capacity() <= 10 * SCROLLBACK_BYTES);
        assert_eq!(scrollback.sessions.len(), 90);
        for number in 0..400_000_u32 {
            let id = format!("{number:05}");
            scrollback.push(&id, &message(&id, b""));
        }
        assert_eq!(scrollback.sessions.len(), scrollback.messages.len(), "sessions without messages are dropped");
    }

    #[test]
    fn does_not_replay_a_closed_session_but_a_later_one_of_the_same_id() {
        let mut scrollback = Scrollback::default();
        for (id, payload) in [("1", "a"), ("2", "b"), ("1", "c")] {
            scrollback.push(id, &message(id, payload.as_bytes()));
        }
        scrollback.forget("1");
        assert_eq!(all(&scrollback), [message("2", b"b")]);
        scrollback.push("1", &message("1", b"d"));
        assert_eq!(all(&scrollback), [message("2", b"b"), message("1", b"d")]);
        for _ in 0..20 {
            scrollback.push("2", &message("2", &[0; 100_000]));
        }
        assert!(all(&scrollback).iter().all(|message| message[..2] == [1, b'2']));
        scrollback.forget("2");
        assert!(scrollback.frames().is_empty() && scrollback.sessions.is_empty());
    }

    #[test]
    fn agrees_with_the_codec_about_malformed_messages() {
        for bytes in [&b""[..], b"\0", b"\0x", b"\x01", b"\x021", b"\x01\xFF", b"\x011", b"\x021x", b"\x02\xC3\xA4y"] {
            let id = TerminalFrame::decode(bytes).ok().map(|frame| frame.session_id.to_string());
            assert_eq!(session_id(bytes), id.as_deref(), "{bytes:?}");
        }
    }
}
