//! The state of one connection of a scenario: what was received and not yet taken by a step.

use std::collections::VecDeque;

use bytes::Bytes;
use relayspec::family::{Aside, Family, Packing};
use serde_json::Value;

use super::client::SharedAttempts;
use crate::clock::{Clock, Moment};
use crate::scenario::step::Encoding;
use crate::transport::encode::{BINARY, PING, TEXT};
use crate::transport::{Arrival, Connection, OutFrame, Side, StampedArrival};

/// The state of one connection of a scenario.
#[derive(Debug)]
pub(super) struct ConnectionState {
    /// Its name in reports, with the number of the iteration.
    pub(super) name: String,
    /// The connection itself.
    pub(super) wire: Connection,
    /// When the handshake was complete.
    pub(super) opened: Moment,
    /// The role of the client; `None` for a path that is no endpoint.
    pub(super) role: Option<&'static str>,
    /// Whether what is received is discarded.
    pub(super) ignored: bool,
    /// Messages, Close frames and the end, oldest first.
    pub(super) queue: VecDeque<StampedArrival>,
    /// Each Ping since the opening, with its time.
    pub(super) pings: VecDeque<(Moment, Bytes)>,
    /// How many Pings steps have taken.
    pub(super) pings_seen: usize,
    /// Pongs that no step has taken, with their times.
    pub(super) pongs: VecDeque<(Moment, Bytes)>,
    /// Whether it has ended, or the script has made it unable to answer.
    pub(super) over: bool,
    /// If a client is under test: its attempts, and the index of the one that became this connection.
    pub(super) attempt: Option<(SharedAttempts, usize)>,
    /// What a client under test may send at any time: it is answered, and kept apart from other messages.
    pub(super) asides: &'static [Aside],
    /// The latest message that a step has taken, if it has a JSON form.
    pub(super) latest: Option<Value>,
    /// Whether all messages are binary.
    is_framed: bool,
    /// How binary messages map to JSON, by direction.
    pub(super) incoming_packing: Option<Packing>,
    outgoing_packing: Option<Packing>,
    /// The asides received, oldest first, for steps that wait for them.
    received_asides: VecDeque<(Moment, Value)>,
    /// Whether it is no longer answered.
    pub(super) mute: bool,
    /// Whether the last message was binary: of the subject, and of the runner if the script determined its encoding.
    received_binary: bool,
    sent_binary: Option<bool>,
}

fn is_significant(arrived: &StampedArrival) -> bool {
    !matches!(arrived.what, Arrival::Ping(_) | Arrival::Pong(_) | Arrival::Breach { .. })
}

/// More Pings, Pongs or asides than this are not kept.
const MAX_KEPT: usize = 10_000;

impl ConnectionState {
    /// A connection on which the runner takes this side; the role is that of the client.
    pub(super) fn new(
        name: String,
        wire: Connection,
        opened: Moment,
        family: &Family,
        side: Side,
        role: Option<&'static str>,
    ) -> Self {
        let packing =
            |from, to| family.channel(from, to).and_then(|channel| channel.binary).and_then(|binary| binary.packing);
        let client = role.unwrap_or_default();
        let (up, down) = (packing(client, family.server), packing(family.server, client));
        let (incoming_packing, outgoing_packing) = if side == Side::Client { (down, up) } else { (up, down) };
        Self {
            name,
            wire,
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
            incoming_packing,
            outgoing_packing,
            received_asides: VecDeque::new(),
            mute: false,
            received_binary: false,
            sent_binary: None,
        }
    }

    /// The opcode and payload of a message in an encoding; by default that of the script's last message, or else of the subject's.
    pub(super) fn encoded(&mut self, message: &Value, encoding: Option<Encoding>) -> (u8, Vec<u8>) {
        self.sent_binary = encoding.map(|encoding| encoding == Encoding::Binary).or(self.sent_binary);
        let binary = self.is_framed || self.sent_binary.unwrap_or(self.received_binary);
        match self.outgoing_packing.filter(|_| binary) {
            Some(packing) => (BINARY, (packing.pack)(message)),
            None => (TEXT, message.to_string().into_bytes()),
        }
    }

    /// Takes what has already been received.
    pub(super) fn drain(&mut self) {
        while let Some(arrived) = self.wire.try_next() {
            self.absorb(arrived);
        }
    }

    /// Waits for one more arrival until a moment; false if none came, or none can come any more.
    pub(super) async fn pull(&mut self, clock: &Clock, until: Moment) -> bool {
        match clock.within(until, self.wire.next()).await {
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

    /// Takes what is received until a moment, or until the end.
    pub(super) async fn pull_all(&mut self, clock: &Clock, until: Moment) {
        while !self.over && clock.now() < until {
            self.pull(clock, until).await;
        }
    }

    /// Returns when something other than Pings and Pongs has been received.
    pub(super) async fn next_significant(&mut self, clock: &Clock, until: Moment) {
        while !self.has_significant() {
            match clock.within(until, self.wire.next()).await {
                Some(Some(arrived)) => {
                    let is_last = is_significant(&arrived);
                    self.absorb(arrived);
                    if is_last {
                        return;
                    }
                }
                _ => std::future::pending().await,
            }
        }
    }

    /// Whether something other than Pings and Pongs has been received since the last call, discarded or not.
    pub(super) fn has_significant(&mut self) -> bool {
        let mut found = false;
        while let Some(arrived) = self.wire.try_next() {
            found |= is_significant(&arrived);
            self.absorb(arrived);
        }
        found
    }

    /// Sends a Ping and takes what is received until its Pong, or until a moment: everything that the subject sent before has then arrived.
    pub(super) async fn settle(&mut self, clock: &Clock, until: Moment) {
        const MARK: &[u8] = b"so far";
        if self.over {
            return;
        }
        self.wire.writer().send(OutFrame::new(PING, MARK));
        while !self.over {
            if let Some(at) = self.pongs.iter().position(|(_, bytes)| bytes == MARK) {
                self.pongs.remove(at);
                return;
            }
            match clock.within(until, self.wire.next()).await {
                Some(Some(arrived)) => self.absorb(arrived),
                _ => return,
            }
        }
    }

    fn absorb(&mut self, arrived: StampedArrival) {
        match arrived.what {
            Arrival::Text(_) => self.received_binary = false,
            Arrival::Binary(_) => self.received_binary = true,
            _ => {}
        }
        self.over |= matches!(arrived.what, Arrival::Close { .. } | Arrival::End(_));
        if self.ignored {
            return;
        }
        match arrived.what {
            Arrival::Ping(bytes) if self.pings.len() < MAX_KEPT => self.pings.push_back((arrived.at, bytes)),
            Arrival::Pong(bytes) if self.pongs.len() < MAX_KEPT => self.pongs.push_back((arrived.at, bytes)),
            Arrival::Ping(_) | Arrival::Pong(_) | Arrival::Breach { .. } => {}
            Arrival::Text(_) | Arrival::Binary(_) if self.take_in_aside(&arrived) => {}
            Arrival::Text(_) | Arrival::Binary(_) | Arrival::Close { .. } | Arrival::End(_) => {
                self.queue.push_back(arrived);
            }
        }
    }

    /// Whether a message is an aside; if so, it is answered, unless it has no answer.
    fn take_in_aside(&mut self, arrived: &StampedArrival) -> bool {
        if self.asides.is_empty() {
            return false;
        }
        let message: Option<Value> = match (&arrived.what, self.incoming_packing) {
            (Arrival::Text(text), _) => serde_json::from_str(text).ok(),
            (Arrival::Binary(bytes), Some(packing)) => (packing.json)(bytes).ok(),
            _ => None,
        };
        let message = message.unwrap_or_default();
        let is_one = |aside: &&Aside| message["type"] == aside.message && aside.when.is_none_or(|when| when(&message));
        let Some(aside) = self.asides.iter().find(is_one) else { return false };
        if let Some(answer) = aside.answer.filter(|_| !self.mute) {
            let (opcode, payload) = self.encoded(&answer(&message), None);
            self.wire.writer().send(OutFrame::new(opcode, payload));
        }
        if self.received_asides.len() < MAX_KEPT {
            self.received_asides.push_back((arrived.at, message));
        }
        true
    }

    /// Whether messages of this type are asides.
    pub(super) fn is_aside(&self, kind: &str) -> bool {
        self.asides.iter().any(|aside| aside.message == kind)
    }

    /// The oldest aside that is chosen, with its time.
    pub(super) fn take_aside(&mut self, chosen: impl Fn(&Value) -> bool) -> Option<(Moment, Value)> {
        let at = self.received_asides.iter().position(|(_, message)| chosen(message))?;
        self.received_asides.remove(at)
    }
}
