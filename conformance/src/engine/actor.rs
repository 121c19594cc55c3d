//! One connection of a story, with what has come on it and has not been looked at.

use std::collections::VecDeque;

use bytes::Bytes;
use relayspec::family::{Aside, Family, Packing};
use serde_json::Value;

use super::puppet::Record;
use crate::clock::{Clock, Moment};
use crate::scenario::step::Encoding;
use crate::transport::encode::{BINARY, PING, TEXT};
use crate::transport::{Arrival, Arrived, Connection, OutFrame, Side};

/// A connection in a story.
#[derive(Debug)]
pub(super) struct Actor {
    /// Its name in reports; iterations have a number behind it.
    pub(super) name: String,
    /// The wire.
    pub(super) connection: Connection,
    /// When the handshake was complete.
    pub(super) opened: Moment,
    /// The role that it plays; `None` for a path that names no endpoint.
    pub(super) role: Option<&'static str>,
    /// Whether what comes is of no interest any more.
    pub(super) ignored: bool,
    /// Messages, Close frames and the end, oldest first.
    pub(super) queue: VecDeque<Arrived>,
    /// Each Ping since the opening, and when it came.
    pub(super) pings: VecDeque<(Moment, Bytes)>,
    /// How many Pings have been expected already.
    pub(super) pings_seen: usize,
    /// Pongs that nobody has expected yet, and when they came.
    pub(super) pongs: VecDeque<(Moment, Bytes)>,
    /// Whether it is over, or the script has made it one that cannot be asked anything.
    pub(super) over: bool,
    /// Where a client is judged: the record of its attempts, and the one that brought this connection.
    pub(super) attempt: Option<(Record, usize)>,
    /// What a client under test may say at any time: it is answered, and stands in nobody's way.
    pub(super) asides: &'static [Aside],
    /// The latest message that a step has waited for, where it has a JSON form.
    pub(super) latest: Option<Value>,
    /// Whether messages are binary alone.
    is_framed: bool,
    /// How the subject's binary messages stand for JSON, and the runner's.
    pub(super) hears: Option<Packing>,
    speaks: Option<Packing>,
    /// What it said unasked, oldest first, for steps that want to see it.
    said_aside: VecDeque<(Moment, Value)>,
    /// Whether it is still answered.
    pub(super) mute: bool,
    /// Whether the last message was binary: the subject's, and the runner's own if the script has said how it travels.
    last_was_binary: bool,
    spoke_binary: Option<bool>,
}

fn is_word(arrived: &Arrived) -> bool {
    !matches!(arrived.what, Arrival::Ping(_) | Arrival::Pong(_) | Arrival::Breach { .. })
}

/// More Pings or Pongs than this are not remembered.
const REMEMBERED: usize = 10_000;

impl Actor {
    /// A connection on which the runner takes this side; the role is that of the client.
    pub(super) fn new(
        name: String,
        connection: Connection,
        opened: Moment,
        family: &Family,
        side: Side,
        role: Option<&'static str>,
    ) -> Self {
        let packing =
            |from, to| family.channel(from, to).and_then(|channel| channel.binary).and_then(|binary| binary.packing);
        let client = role.unwrap_or_default();
        let (up, down) = (packing(client, family.server), packing(family.server, client));
        let (hears, speaks) = if side == Side::Client { (down, up) } else { (up, down) };
        Self {
            name,
            connection,
            opened,
            role,
            ignored: false,
            queue: VecDeque::new(),
            pings: VecDeque::new(),
            pings_seen: 0,
            pongs: VecDeque::new(),
            over: false,
            attempt: None,
            asides: &[],
            latest: None,
            is_framed: family.is_framed(),
            hears,
            speaks,
            said_aside: VecDeque::new(),
            mute: false,
            last_was_binary: false,
            spoke_binary: None,
        }
    }

    /// A message in an encoding, or else in the one that the script used last, or else the subject: opcode and payload.
    pub(super) fn encoded(&mut self, message: &Value, encoding: Option<Encoding>) -> (u8, Vec<u8>) {
        self.spoke_binary = encoding.map(|encoding| encoding == Encoding::Binary).or(self.spoke_binary);
        let binary = self.is_framed || self.spoke_binary.unwrap_or(self.last_was_binary);
        match self.speaks.filter(|_| binary) {
            Some(packing) => (BINARY, (packing.pack)(message)),
            None => (TEXT, message.to_string().into_bytes()),
        }
    }

    /// Takes in what is there already.
    pub(super) fn drain(&mut self) {
        while let Some(arrived) = self.connection.try_next() {
            self.absorb(arrived);
        }
    }

    /// Waits for one more arrival until a moment; false where none came, or none can come any more.
    pub(super) async fn pull(&mut self, clock: &Clock, until: Moment) -> bool {
        match clock.within(until, self.connection.next()).await {
            Some(Some(arrived)) => {
                self.absorb(arrived);
                true
            }
            Some(None) => {
                clock.sleep_until(until).await;
                false
            }
            None => false,
        }
    }

    /// Takes in what comes until a moment, or until the end.
    pub(super) async fn pull_all(&mut self, clock: &Clock, until: Moment) {
        while !self.over && clock.now() < until {
            self.pull(clock, until).await;
        }
    }

    /// Is done when something other than Pings and Pongs has come.
    pub(super) async fn word(&mut self, clock: &Clock, until: Moment) {
        while !self.spoken_to() {
            match clock.within(until, self.connection.next()).await {
                Some(Some(arrived)) => {
                    let spoken = is_word(&arrived);
                    self.absorb(arrived);
                    if spoken {
                        return;
                    }
                }
                _ => std::future::pending().await,
            }
        }
    }

    /// Whether something other than Pings and Pongs has come since the last look, of interest or not.
    pub(super) fn spoken_to(&mut self) -> bool {
        let mut spoken = false;
        while let Some(arrived) = self.connection.try_next() {
            spoken |= is_word(&arrived);
            self.absorb(arrived);
        }
        spoken
    }

    /// Sends a Ping and takes in what comes until its Pong, or until a moment: what the subject wrote before is then here.
    pub(super) async fn settle(&mut self, clock: &Clock, until: Moment) {
        const MARK: &[u8] = b"so far";
        if self.over {
            return;
        }
        self.connection.pen().send(OutFrame::new(PING, MARK));
        while !self.over {
            if let Some(at) = self.pongs.iter().position(|(_, bytes)| bytes == MARK) {
                self.pongs.remove(at);
                return;
            }
            match clock.within(until, self.connection.next()).await {
                Some(Some(arrived)) => self.absorb(arrived),
                _ => return,
            }
        }
    }

    fn absorb(&mut self, arrived: Arrived) {
        match arrived.what {
            Arrival::Text(_) => self.last_was_binary = false,
            Arrival::Binary(_) => self.last_was_binary = true,
            _ => {}
        }
        self.over |= matches!(arrived.what, Arrival::Close { .. } | Arrival::End(_));
        if self.ignored {
            return;
        }
        match arrived.what {
            Arrival::Ping(bytes) if self.pings.len() < REMEMBERED => self.pings.push_back((arrived.at, bytes)),
            Arrival::Pong(bytes) if self.pongs.len() < REMEMBERED => self.pongs.push_back((arrived.at, bytes)),
            Arrival::Ping(_) | Arrival::Pong(_) | Arrival::Breach { .. } => {}
            Arrival::Text(_) | Arrival::Binary(_) if self.aside(&arrived) => {}
            Arrival::Text(_) | Arrival::Binary(_) | Arrival::Close { .. } | Arrival::End(_) => {
                self.queue.push_back(arrived);
            }
        }
    }

    /// Whether a message is one that may come at any time; it is answered, where it has an answer.
    fn aside(&mut self, arrived: &Arrived) -> bool {
        if self.asides.is_empty() {
            return false;
        }
        let message: Option<Value> = match (&arrived.what, self.hears) {
            (Arrival::Text(text), _) => serde_json::from_str(text).ok(),
            (Arrival::Binary(bytes), Some(packing)) => (packing.json)(bytes).ok(),
            _ => None,
        };
        let message = message.unwrap_or_default();
        let is_one = |aside: &&Aside| message["type"] == aside.message && aside.when.is_none_or(|when| when(&message));
        let Some(aside) = self.asides.iter().find(is_one) else { return false };
        if let Some(answer) = aside.answer.filter(|_| !self.mute) {
            let (opcode, payload) = self.encoded(&answer(&message), None);
            self.connection.pen().send(OutFrame::new(opcode, payload));
        }
        if self.said_aside.len() < REMEMBERED {
            self.said_aside.push_back((arrived.at, message));
        }
        true
    }

    /// Whether messages of this type stand aside.
    pub(super) fn stands_aside(&self, kind: &str) -> bool {
        self.asides.iter().any(|aside| aside.message == kind)
    }

    /// The oldest message that was said aside and is chosen, and when it came.
    pub(super) fn take_aside(&mut self, chosen: impl Fn(&Value) -> bool) -> Option<(Moment, Value)> {
        let at = self.said_aside.iter().position(|(_, message)| chosen(message))?;
        self.said_aside.remove(at)
    }
}
