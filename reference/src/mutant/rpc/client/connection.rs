//! One connection of an rpc client, as its mutant changes it.

use std::collections::HashSet;
use std::hint::black_box;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::rpc::{Frame, Frames, IoData, IoDirection, Message};

use super::{ClientState, SessionStatus};
use crate::mutant::link::Flow;
use crate::mutant::rpc::pass::{RpcAction, RpcLink, locked};

/// The request id of a frame that the client should not have sent.
const ASTRAY: u64 = 1 << 40;
/// After this many ticks, calls are no longer simultaneous.
const PATIENCE: usize = 2;
/// From this number on, there are many calls.
const MANY: usize = 40;
/// A call is old after this many later ones.
const OLD: usize = 3;

pub(super) struct ClientLink {
    mutant: &'static str,
    state: Arc<Mutex<ClientState>>,
    is_later: bool,
    /// The client's `SessionStart`, and whether it was acknowledged.
    opening: Option<u64>,
    is_open: bool,
    ticks: usize,
    /// The calls in order, and those that were answered.
    calls: Vec<Frame>,
    answered: HashSet<u64>,
    refused: usize,
    is_mute: bool,
    has_rest: bool,
}

fn astray() -> Vec<u8> {
    let data = IoData { session_id: String::new(), direction: IoDirection::Input, timestamp_ms: 0, data: vec![] };
    Frame { id: ASTRAY, message: Message::IoData(data) }.encode()
}

impl RpcLink for ClientLink {
    fn opens(&mut self) -> Vec<u8> {
        if self.mutant == "speaks-first" { astray() } else { Vec::new() }
    }

    fn on_frame(&mut self, flow: Flow, frames: &mut Frames) -> RpcAction {
        let mut action = RpcAction::default();
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    let frame = Frame::decode(bytes).ok();
                    let spoilt = match flow {
                        Flow::In => self.called(frame.as_ref(), &mut action),
                        Flow::Out => self.outgoing(frame.as_ref(), bytes, &mut action),
                    };
                    action.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
                }
                Ok(None) => break,
                Err(_) => {
                    self.take_memory(&mut action);
                    action.ends = true;
                    break;
                }
            }
        }
        if flow == Flow::Out {
            if self.mutant == "whole-reads" {
                frames.buffer().clear();
            }
            self.has_rest = !frames.buffer().is_empty();
        }
        action
    }

    fn ticks(&mut self) -> RpcAction {
        let mut action = RpcAction { ends: take(&mut locked(&self.state).leaves), ..RpcAction::default() };
        let is_meant = match self.mutant {
            "loses-patience" => !self.is_later,
            "loses-patience-later" => self.is_later,
            _ => false,
        };
        if !is_meant || self.is_open || self.opening.is_none() {
            return action;
        }
        self.ticks += 1;
        if self.ticks == PATIENCE {
            action.onward = astray();
        }
        action
    }

    fn ends(&mut self, _: Flow) -> Vec<u8> {
        let mut state = locked(&self.state);
        (state.up, state.waiting) = (SessionStatus::Away, 0);
        let answered = &self.answered;
        state.lost =
            self.calls.drain(..).filter(|call| !answered.contains(&call.id)).map(|call| call.message).collect();
        Vec::new()
    }

    fn hides_end(&self, flow: Flow) -> bool {
        match self.mutant {
            "ignores-ends" => flow == Flow::Out,
            "waits-for-the-rest" => flow == Flow::Out && self.has_rest,
            "clings-unregistered" => flow == Flow::In && locked(&self.state).clings,
            _ => false,
        }
    }
}

impl ClientLink {
    pub(super) fn new(mutant: &'static str, state: Arc<Mutex<ClientState>>, is_later: bool) -> Self {
        locked(&state).up = SessionStatus::Opening;
        Self {
            mutant,
            state,
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

    fn take_memory(&self, action: &mut RpcAction) {
        if self.mutant == "takes-memory" {
            black_box(vec![1_u8; 400 << 20]);
            action.delay = Duration::from_millis(100);
        }
    }

    fn called(&mut self, frame: Option<&Frame>, action: &mut RpcAction) -> Option<Vec<u8>> {
        let frame = frame?;
        if let Message::SessionStart(start) = &frame.message {
            self.opening = Some(frame.id);
            let mut start = start.clone();
            match self.mutant {
                "does-not-wait" => action.back.extend(Frame { id: frame.id, message: Message::Ack }.encode()),
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
            // The last byte of a frame that is then undecodable.
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

    fn outgoing(&mut self, frame: Option<&Frame>, bytes: &[u8], action: &mut RpcAction) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            action.ends |= self.mutant == "fragile";
            return None;
        };
        if Some(*id) == self.opening {
            self.registered(action);
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
            "ends-at-second-answers" => action.ends |= is_second,
            "takes-acks-alone" if matches!(message, Message::Response(_)) => return Some(Vec::new()),
            "forgets-old-calls" if place.is_some_and(|place| place + OLD < self.calls.len()) => {
                return Some(Vec::new());
            }
            _ => {}
        }
        None
    }

    fn registered(&mut self, action: &mut RpcAction) {
        self.is_open = true;
        let mut state = locked(&self.state);
        state.up = SessionStatus::Open;
        if self.mutant == "returns-at-first" && !self.is_later {
            state.report("{\"event\":\"reconnected\"}\n");
        }
        self.refused = match self.mutant {
            "loses-waiting-calls" => take(&mut state.waiting),
            "makes-one-waiting-call" => take(&mut state.waiting).saturating_sub(1),
            _ => 0,
        };
        let again = match self.mutant {
            "repeats-calls" => take(&mut state.lost),
            "keeps-calls-for-later" => take(&mut state.missed),
            _ => Vec::new(),
        };
        let repeated = (ASTRAY..).zip(again).flat_map(|(id, message)| Frame { id, message }.encode());
        action.back.extend(repeated);
    }
}
