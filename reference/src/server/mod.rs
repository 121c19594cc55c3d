//! Sans-I/O cores of the servers: what a relay decides, without sockets, clocks or tasks.
//!
//! Connections, messages, losses and the time go in; actions come out and must be carried out in order. One shell serves all cores.

pub(crate) mod entropy;
pub(crate) mod heartbeat;
pub(crate) mod pairing;
pub(crate) mod rpc;
pub(crate) mod sync;
pub(crate) mod terminal;
pub(crate) mod tunnel;

use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use relayspec::timing::Timing;

use entropy::NoEntropy;

/// A connection. Ids are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(u64);

impl PeerId {
    /// The next id.
    fn after(last: u64) -> Self {
        Self(last + 1)
    }
}

/// The time, by two clocks: the monotonic one decides, the wall clock is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since an arbitrary moment; never goes backwards.
    pub monotonic: Duration,
    /// Since the Unix epoch.
    pub unix: Duration,
}

/// A message to a peer, other than the core's own text messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireMessage {
    Text(String),
    Binary(Vec<u8>),
}

/// Many binary messages in one allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frames {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl Frames {
    /// Adds a message, given in pieces.
    fn push<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        let before = self.bytes.len();
        pieces.into_iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        self.lengths.push(u32::try_from(self.bytes.len() - before).unwrap_or(u32::MAX));
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map(move |length| {
            let (frame, behind) = rest.split_at(*length as usize);
            rest = behind;
            frame
        })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

/// What the shell must do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAction {
    /// Send a text message of the server itself.
    Send { to: PeerId, text: String },
    /// Send an answer of either kind.
    Answer { to: PeerId, message: WireMessage },
    /// Forward a message. Its sender waits for slow receivers.
    Forward { to: Vec<PeerId>, message: WireMessage },
    /// Send earlier messages.
    Replay { to: PeerId, frames: Frames },
    /// Send a text message to many without waiting: a receiver with too much unread data is closed with code 1013 (WIRE-11).
    Push { to: Vec<PeerId>, text: Bytes },
    /// An answer will follow later. A peer that is owed too many is not read.
    Owe {
        peer: PeerId,
        /// The cost of the answer, in bytes.
        bytes: usize,
    },
    /// An owed answer was sent.
    Settle {
        peer: PeerId,
        /// The cost of the answer, in bytes.
        bytes: usize,
    },
    /// Pass direct messages between these two from now on.
    Pair { host: PeerId, viewer: PeerId },
    /// Stop passing direct messages between these two.
    Part { host: PeerId, viewer: PeerId },
    /// Close the connection after all that was sent to it.
    Close {
        peer: PeerId,
        /// The close code (RFC 6455, section 7.4).
        code: u16,
        reason: &'static str,
    },
}

/// How a message is handled, as far as that is known without the server's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound<M> {
    /// Send this reply; the core is not involved.
    Reply(String),
    /// Pass this text to the partner if there is one, otherwise to the core.
    Direct(String),
    /// Pass this to the core.
    Request(M),
}

/// A static page for browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub media_type: &'static str,
    pub content: &'static str,
}

/// How long a forwarded message counts as unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedUntil {
    /// Until the receiver's task has taken it.
    Taken,
    /// Until the system has taken it; for messages that may exceed everything else that is buffered.
    Written,
}

/// The core of a server.
pub trait ServerCore: Debug + Send + 'static {
    /// The role of a connection, given by its endpoint.
    type Role: Debug + Copy + Send + Sync + Unpin + 'static;
    /// A message for the core.
    type Message: Send + From<String>;

    /// The server's name in its log.
    const NAME: &'static str;
    /// From this many unread bytes on, senders to a slow peer are not read, and a peer that is pushed more is closed (WIRE-11).
    const MARK: usize;
    /// How long a message counts as unread.
    const COUNTED: CountedUntil = CountedUntil::Taken;

    /// The lowest permitted limit for messages, in bytes as encoded (WIRE-07).
    const LEAST_MESSAGE: usize = 1 << 20;
    /// The read buffer of each connection, in bytes. Small, since most connections are idle.
    const READ_BUFFER: usize = 4 << 10;
    /// How many bytes are collected before a write.
    const WRITE_BUFFER: usize = 16 << 10;

    /// Whether a peer counts as alive while more of an unfinished message arrives: its Pong can only follow the message.
    const EXCUSES_LONG_MESSAGES: bool = false;

    /// How long a peer may take nothing while others wait for it, before it is closed with code 1013 (WIRE-11). `None` leaves it to
    /// the heartbeat.
    const STALL_LIMIT: Option<Duration> = None;

    /// The role at a path; `None` if it is not an endpoint.
    fn endpoint(path: &str) -> Option<Self::Role>;

    /// The page for browsers at a path that is not an endpoint.
    fn page(_path: &str) -> Option<Page> {
        None
    }

    /// Reads a text message.
    fn read_text(role: Self::Role, text: &str) -> Inbound<Self::Message>;

    /// Reads a binary message.
    fn read_binary(role: Self::Role, bytes: &[u8]) -> Inbound<Self::Message>;

    /// How long a connection may take for its first message; `None` for no limit.
    fn first_message_timeout(_timing: &Timing) -> Option<Duration> {
        None
    }

    /// A client has connected.
    ///
    /// # Errors
    /// Without entropy the connection is refused.
    fn open(&mut self, role: Self::Role, now: Now, actions: &mut Vec<ServerAction>) -> Result<PeerId, NoEntropy>;

    /// The address of a new client.
    fn set_address(&mut self, _peer: PeerId, _address: IpAddr) {}

    /// A message was received.
    ///
    /// # Errors
    /// Without entropy; then nothing has changed.
    fn receive(
        &mut self,
        from: PeerId,
        message: Self::Message,
        now: Now,
        actions: &mut Vec<ServerAction>,
    ) -> Result<(), NoEntropy>;

    /// No first message came within [`first_message_timeout`](Self::first_message_timeout).
    fn first_message_overdue(&mut self, _peer: PeerId, _actions: &mut Vec<ServerAction>) {}

    /// A connection is lost, with or without a Close frame (WIRE-09).
    fn lost(&mut self, peer: PeerId, now: Now, actions: &mut Vec<ServerAction>);
}
