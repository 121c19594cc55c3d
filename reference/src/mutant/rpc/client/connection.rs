//! What a mutant makes of one connection of an rpc client.

use std::collections::HashSet;
use std::hint::black_box;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::rpc::{Direction, Frame, Frames, IoData, Message};

use super::{House, Up};
use crate::mutant::link::Way;
use crate::mutant::rpc::pass::{Said, Talk, locked};

/// The request id of what the client should not have said.
const ASTRAY: u64 = 1 << 40;
/// So many ticks are not at once.
const PATIENCE: usize = 2;
/// So many calls are many.
const MANY: usize = 40;
/// So many calls behind it make one old.
const OLD: usize = 3;

pub(super) struct Connection {
    mutant: &'static str,
    house: Arc<Mutex<House>>,
    /// Whether there were others before.
    is_later: bool,
    /// The client's `SessionStart`, and whether it was answered.
    opening: Option<u64>,
    is_open: bool,
    ticks: usize,
    /// Calls in the order in which they were made, and which of them were answered.
    calls: Vec<Frame>,
    answered: HashSet<u64>,
    /// Calls that waited and are not to be made.
    refused: usize,
    is_mute: bool,
    /// Whether something has come that is no whole frame.
    has_rest: bool,
}

fn astray() -> Vec<u8> {
    let data = IoData { session_id: String::new(), direction: Direction::Input, timestamp_ms: 0, data: vec![] };
    Frame { id: ASTRAY, message: Message::IoData(data) }.encode()
}

impl Talk for Connection {
    fn opens(&mut self) -> Vec<u8> {
        if self.mutant == "speaks-first" { astray() } else { Vec::new() }
    }

    fn says(&mut self, way: Way, frames: &mut Frames) -> Said {
        let mut said = Said::default();
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    let frame = Frame::decode(bytes).ok();
                    let spoilt = match way {
                        Way::In => self.called(frame.as_ref(), &mut said),
                        Way::Out => self.told(frame.as_ref(), bytes, &mut said),
                    };
                    said.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
                }
                Ok(None) => break,
                Err(_) => {
                    self.take_memory(&mut said);
                    said.ends = true;
                    break;
                }
            }
        }
        if way == Way::Out {
            if self.mutant == "whole-reads" {
                frames.buffer().clear();
            }
            self.has_rest = !frames.buffer().is_empty();
        }
        said
    }

    fn ticks(&mut self) -> Said {
        let mut said = Said { ends: take(&mut locked(&self.house).leaves), ..Said::default() };
        let is_meant = match self.mutant {
            "loses-patience" => !self.is_later,
            "loses-patience-later" => self.is_later,
            _ => false,
        };
        if !is_meant || self.is_open || self.opening.is_none() {
            return said;
        }
        self.ticks += 1;
        if self.ticks == PATIENCE {
            said.onward = astray();
        }
        said
    }

    fn ends(&mut self, _: Way) -> Vec<u8> {
        let mut house = locked(&self.house);
        (house.up, house.waiting) = (Up::Away, 0);
        let answered = &self.answered;
        house.lost =
            self.calls.drain(..).filter(|call| !answered.contains(&call.id)).map(|call| call.message).collect();
        Vec::new()
    }

    fn hides_end(&self, way: Way) -> bool {
        match self.mutant {
            "ignores-ends" => way == Way::Out,
            "waits-for-the-rest" => way == Way::Out && self.has_rest,
            "clings-unregistered" => way == Way::In && locked(&self.house).clings,
            _ => false,
        }
    }
}

impl Connection {
    pub(super) fn new(mutant: &'static str, house: Arc<Mutex<House>>, is_later: bool) -> Self {
        locked(&house).up = Up::Opening;
        Self {
            mutant,
            house,
            is_later,
            opening: None,
            is_open: false,
            ticks: 0,
            calls: Vec::new(),
            answered: HashSet::new(),
            refused: 0,
            is_mute: false,
            has_rest: false,
        }
    }

    fn take_memory(&self, said: &mut Said) {
        if self.mutant == "takes-memory" {
            black_box(vec![1_u8; 400 << 20]);
            said.delay = Duration::from_millis(100);
        }
    }

    /// What the client says.
    fn called(&mut self, frame: Option<&Frame>, said: &mut Said) -> Option<Vec<u8>> {
        let frame = frame?;
        if let Message::SessionStart(start) = &frame.message {
            self.opening = Some(frame.id);
            let mut start = start.clone();
            match self.mutant {
                "does-not-wait" => said.back.extend(Frame { id: frame.id, message: Message::Ack }.encode()),
                "same-time" => start.timestamp_ms = 1,
                "another-session" if self.is_later => start.session_id.push_str("-2"),
                "no-start-on-return" if self.is_later => return Some(Vec::new()),
                _ => {}
            }
            return Some(Frame { id: frame.id, message: Message::SessionStart(start) }.encode());
        }
        self.calls.push(frame.clone());
        if self.mutant == "spoils-one-of-many" && self.calls.len() == MANY {
            let mut bytes = frame.encode();
            // The last byte of a message that nobody can read then.
            bytes.last_mut().into_iter().for_each(|last| *last = 0xC1);
            return Some(bytes);
        }
        let is_dropped = match self.mutant {
            "mute-after-pieces" => self.is_mute,
            "mute-on-return" => self.is_later,
            "loses-waiting-calls" | "makes-one-waiting-call" if self.refused > 0 => {
                self.refused -= 1;
                true
            }
            "one-id-for-all" => return Some(Frame { id: 77, message: frame.message.clone() }.encode()),
            _ => false,
        };
        is_dropped.then(Vec::new)
    }

    /// What the daemon says.
    fn told(&mut self, frame: Option<&Frame>, bytes: &[u8], said: &mut Said) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            said.ends |= self.mutant == "fragile";
            return None;
        };
        if Some(*id) == self.opening {
            self.registered(said);
            return None;
        }
        let place = self.calls.iter().position(|call| call.id == *id);
        let is_second = !self.answered.insert(*id) && place.is_some();
        self.is_mute |= self.has_rest;
        match self.mutant {
            "any-answer-will-do" if Some(*id) != self.calls.last().map(|call| call.id) => {
                let id = self.calls.last().map(|call| call.id).or(self.opening)?;
                return Some([&Frame { id, message: message.clone() }.encode(), bytes].concat());
            }
            "ends-at-second-answers" => said.ends |= is_second,
            "takes-acks-alone" if matches!(message, Message::Response(_)) => return Some(Vec::new()),
            "forgets-old-calls" if place.is_some_and(|place| place + OLD < self.calls.len()) => {
                return Some(Vec::new());
            }
            _ => {}
        }
        None
    }

    /// `SessionStart` was answered.
    fn registered(&mut self, said: &mut Said) {
        self.is_open = true;
        let mut house = locked(&self.house);
        house.up = Up::Open;
        if self.mutant == "returns-at-first" && !self.is_later {
            house.tell("{\"event\":\"reconnected\"}\n");
        }
        self.refused = match self.mutant {
            "loses-waiting-calls" => take(&mut house.waiting),
            "makes-one-waiting-call" => take(&mut house.waiting).saturating_sub(1),
            _ => 0,
        };
        let again = match self.mutant {
            "repeats-calls" => take(&mut house.lost),
            "keeps-calls-for-later" => take(&mut house.missed),
            _ => Vec::new(),
        };
        let repeated = (ASTRAY..).zip(again).flat_map(|(id, message)| Frame { id, message }.encode());
        said.back.extend(repeated);
    }
}
