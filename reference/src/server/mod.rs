//! The sans-I/O cores of the servers: what a relay decides, without sockets, clocks or tasks.
//!
//! A core is told of connections that open, messages that come, and losses, with the time; actions come out, to be done in their order.
//! One shell serves them all.

pub mod entropy;
pub mod heartbeat;
pub mod pairing;
pub mod rpc;
pub mod terminal;
pub mod tunnel;

use std::fmt::Debug;
use std::time::Duration;

use relayspec::timing::Timing;

use entropy::NoEntropy;

/// A connection; no other of the same relay ever has the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(u64);

impl PeerId {
    /// The id behind the last one that was handed out.
    fn after(last: u64) -> Self {
        Self(last + 1)
    }
}

/// The time: decisions are taken by the monotonic clock, and announced by the clock of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed moment; never goes backwards.
    pub monotonic: Duration,
    /// Since the Unix epoch.
    pub unix: Duration,
}

/// A message of somebody else's, on its way to a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Letter {
    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Many binary messages in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl Frames {
    /// Puts a message behind the others; it comes in pieces.
    fn push<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        let before = self.bytes.len();
        pieces.into_iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        self.lengths.push(u32::try_from(self.bytes.len() - before).unwrap_or(u32::MAX));
    }

    /// The messages, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map(move |length| {
            let (frame, behind) = rest.split_at(*length as usize);
            rest = behind;
            frame
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

/// What the shell has to do, in the order in which it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a text message: an answer, or what the relay has to tell.
    Send {
        /// To whom.
        to: PeerId,
        /// The message as JSON text.
        text: String,
    },
    /// Send a message of either kind: an answer.
    Answer {
        /// To whom.
        to: PeerId,
        /// The message.
        letter: Letter,
    },
    /// Pass on a message. Whoever sent it waits for a receiver that is slow.
    Forward {
        /// To whom.
        to: Vec<PeerId>,
        /// The message.
        letter: Letter,
    },
    /// Send what was said before.
    Replay {
        /// To whom.
        to: PeerId,
        /// The messages.
        frames: Frames,
    },
    /// From now on what the core reads as direct goes from each of the two to the other.
    Pair {
        /// The host.
        host: PeerId,
        /// Its viewer.
        viewer: PeerId,
    },
    /// From now on nothing goes directly from one of the two to the other.
    Part {
        /// The host.
        host: PeerId,
        /// The viewer that it had.
        viewer: PeerId,
    },
    /// Close the connection when all that was sent to it has left.
    Close {
        /// Whose connection.
        peer: PeerId,
        /// The close code (RFC 6455, section 7.4).
        code: u16,
        /// The reason, for a person.
        reason: &'static str,
    },
}

/// What a message is for a relay, as far as it can be known without the relay's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound<M> {
    /// It needs no state: this text goes back, and that is all.
    Answered(String),
    /// This text is for the partner, where there is one; otherwise it is for the relay.
    Direct(String),
    /// It is for the relay.
    Asked(M),
}

/// The core of a relay.
pub trait Core: Debug + Send + 'static {
    /// What the endpoint tells of a connection.
    type Role: Debug + Copy + Send + Sync + Unpin + 'static;
    /// What is for the relay to decide.
    type Message: Send + From<String>;

    /// What to call the relay in its log.
    const NAME: &'static str;
    /// From so many bytes for a peer that reads slowly on, whoever sends them is not read (WIRE-11).
    const MARK: usize;

    /// The least that the limit for messages may be, in bytes as encoded (WIRE-07).
    const LEAST_MESSAGE: usize = 1 << 20;
    /// The read buffer of each connection, in bytes. Most connections are idle.
    const READ_BUFFER: usize = 4 << 10;
    /// What is gathered before it is written, in bytes; used while a connection is busy.
    const WRITE_BUFFER: usize = 16 << 10;

    /// After so long without taking anything, a peer for whom others wait is closed with code 1013 (WIRE-11); `None`: never, only its
    /// heartbeat decides.
    const STALL_LIMIT: Option<Duration> = None;

    /// What connects at a path; `None` where it names no endpoint.
    fn endpoint(path: &str) -> Option<Self::Role>;

    /// Reads a text message.
    fn read_text(role: Self::Role, text: &str) -> Inbound<Self::Message>;

    /// Reads a binary message.
    fn read_binary(role: Self::Role, bytes: &[u8]) -> Inbound<Self::Message>;

    /// How long a connection may say nothing at first; `None`: for ever.
    fn patience(_timing: &Timing) -> Option<Duration> {
        None
    }

    /// A client has connected.
    ///
    /// # Errors
    /// Without entropy the connection is not taken.
    fn open(&mut self, role: Self::Role, now: Now, actions: &mut Vec<Action>) -> Result<PeerId, NoEntropy>;

    /// A message has come from a connection.
    ///
    /// # Errors
    /// Without entropy nothing has changed.
    fn receive(
        &mut self,
        from: PeerId,
        message: Self::Message,
        now: Now,
        actions: &mut Vec<Action>,
    ) -> Result<(), NoEntropy>;

    /// A connection has said nothing for as long as [`patience`](Self::patience) says.
    fn unheard(&mut self, _peer: PeerId, _actions: &mut Vec<Action>) {}

    /// A connection is lost, by a Close frame or otherwise (WIRE-09).
    fn lost(&mut self, peer: PeerId, now: Now, actions: &mut Vec<Action>);
}
