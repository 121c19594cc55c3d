//! What each flaw does to what goes by. One flaw is one deviation from what the reference says and hears.

use std::collections::HashSet;
use std::hint::black_box;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::rpc::{Direction, Frame, Frames, IoData, Message, SessionEnd};
use serde_json::Value;

use super::{House, Way};

/// Which reference stands behind: in the middle of a daemon's connections the judge connects, in that of a client's the reference does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Daemon,
    Client,
}

/// What comes of a piece.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) onward: Vec<u8>,
    pub(crate) back: Vec<u8>,
    pub(crate) ends: bool,
    pub(crate) delay: Duration,
}

/// One connection.
pub(crate) struct Talk {
    flaw: String,
    side: Side,
    number: usize,
    house: Arc<Mutex<House>>,
    /// Sessions that were started here.
    own: HashSet<String>,
    /// The client's `SessionStart`, and its latest call.
    opening: Option<u64>,
    latest: Option<u64>,
}

/// Whether an event of the client is kept from its user.
pub(crate) fn hides(flaw: &str, line: &str) -> bool {
    let event: Value = serde_json::from_str(line).unwrap_or_default();
    match flaw {
        "hangs" => event["event"] == "result" && !event["error"].is_null(),
        "silent-failure" => event["event"] == "error",
        _ => false,
    }
}

fn ack(id: u64) -> Vec<u8> {
    Frame { id, message: Message::Ack }.encode()
}

impl Talk {
    pub(crate) fn new(flaw: &str, side: Side, number: usize, house: Arc<Mutex<House>>) -> Self {
        let (flaw, own) = (flaw.to_owned(), HashSet::new());
        Self { flaw, side, number, house, own, opening: None, latest: None }
    }

    /// A connection is there; `far` is the judge of a client.
    pub(crate) fn opens(&self, _near: &UnixStream, mut far: &UnixStream) {
        if self.flaw == "speaks-first" {
            let data = IoData { session_id: String::new(), direction: Direction::Input, timestamp_ms: 0, data: vec![] };
            _ = far.write_all(&Frame { id: 1 << 40, message: Message::IoData(data) }.encode());
        }
    }

    /// What is still said behind the end of one side.
    pub(crate) fn ends(&self, way: Way) -> Vec<u8> {
        if self.flaw != "loss-ends" || way == Way::Out {
            return Vec::new();
        }
        let end = |id: &String| {
            let end = SessionEnd { session_id: id.clone(), timestamp_ms: 0, exit_code: None };
            Frame { id: 0, message: Message::SessionEnd(end) }.encode()
        };
        self.own.iter().flat_map(end).collect()
    }

    /// Whether the other side is not told of an end.
    pub(crate) fn hides_end(&self, way: Way) -> bool {
        match &*self.flaw {
            "patient" => self.side == Side::Client && way == Way::In && self.number > 1,
            "loss-ends" => false,
            _ => false,
        }
    }

    /// A piece goes by; the frames that it completes may be spoilt.
    pub(crate) fn says(&mut self, way: Way, piece: &[u8], frames: &mut Frames) -> Said {
        let is_heard = match self.side {
            Side::Daemon => way == Way::In,
            Side::Client => way == Way::Out,
        };
        frames.buffer().extend_from_slice(piece);
        let mut said = Said::default();
        let mut count = 0;
        loop {
            match frames.next_frame() {
                Ok(Some(frame)) => {
                    count += 1;
                    if self.flaw == "drops-coalesced" && is_heard && count > 1 {
                        continue;
                    }
                    self.goes_by(way, frame, &mut said);
                }
                Ok(None) => break,
                Err(_) => {
                    let is_first = !std::mem::replace(&mut self.house.lock().expect("the house").has_taken, true);
                    if self.flaw == "takes-memory" && is_first {
                        let taken = black_box(vec![1_u8; 100 << 20]);
                        std::thread::sleep(Duration::from_millis(100));
                        drop(taken);
                    }
                    said.ends = true;
                    break;
                }
            }
        }
        if self.flaw == "whole-reads" && is_heard && !frames.buffer().is_empty() {
            frames.buffer().clear();
        }
        said
    }

    fn goes_by(&mut self, way: Way, bytes: &[u8], said: &mut Said) {
        let frame = Frame::decode(bytes).ok();
        let spoilt = match (self.side, way) {
            (Side::Daemon, Way::In) => self.asked(frame.as_ref(), said),
            (Side::Daemon, Way::Out) => self.answered(frame.as_ref(), bytes),
            (Side::Client, Way::In) => self.called(frame.as_ref(), said),
            (Side::Client, Way::Out) => self.told(frame.as_ref(), bytes, said),
        };
        said.onward.extend(spoilt.unwrap_or_else(|| bytes.to_vec()));
    }

    /// What the judge says to a daemon.
    fn asked(&mut self, frame: Option<&Frame>, said: &mut Said) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            match &*self.flaw {
                "closes-at-undecodable" => said.ends = true,
                "answers-undecodable" => said.back.extend(ack(99)),
                _ => {}
            }
            return None;
        };
        let mut house = self.house.lock().expect("the house");
        let swallowed = match (&*self.flaw, message) {
            ("no-answer-to-events", Message::Event(_)) => return Some(Vec::new()),
            ("one-by-one", Message::Request(_)) => {
                said.delay += Duration::from_millis(30);
                false
            }
            ("keeps-old-attrs", Message::SessionStart(start)) => !house.started.insert(start.session_id.clone()),
            ("ended-for-good", Message::SessionStart(start)) => house.ended.contains(&start.session_id),
            ("end-is-ignored", Message::SessionEnd(_)) => true,
            ("ended-for-good", Message::SessionEnd(end)) => {
                house.ended.insert(end.session_id.clone());
                false
            }
            ("loss-ends", Message::SessionStart(start)) => {
                self.own.insert(start.session_id.clone());
                false
            }
            _ => false,
        };
        if swallowed {
            said.back.extend(ack(*id));
        }
        swallowed.then(Vec::new)
    }

    /// What the daemon says to the judge.
    fn answered(&mut self, frame: Option<&Frame>, bytes: &[u8]) -> Option<Vec<u8>> {
        let Frame { id, message } = frame?;
        match (&*self.flaw, message) {
            ("acks-requests", Message::Response(_)) => Some(ack(*id)),
            ("another-id", Message::Ack) => Some(ack(id.wrapping_add(1))),
            ("answers-twice", Message::Ack) => Some([bytes, bytes].concat()),
            ("doubles-sessions", Message::Response(response)) => {
                let mut response = response.clone();
                let mut sessions: Vec<Value> = serde_json::from_str(&response.content).unwrap_or_default();
                sessions.extend(sessions.clone());
                response.content = Value::from(sessions).to_string();
                Some(Frame { id: *id, message: Message::Response(response) }.encode())
            }
            _ => None,
        }
    }

    /// What a client says to the judge.
    fn called(&mut self, frame: Option<&Frame>, said: &mut Said) -> Option<Vec<u8>> {
        let Frame { id, message } = frame?;
        let is_opening = matches!(message, Message::SessionStart(_));
        if is_opening {
            self.opening = Some(*id);
        } else {
            self.latest = Some(*id);
        }
        match (&*self.flaw, message) {
            ("does-not-wait", _) if is_opening => {
                said.back.extend(ack(*id));
                None
            }
            ("one-id-for-all", message) if !is_opening => Some(Frame { id: 77, message: message.clone() }.encode()),
            ("same-time", Message::SessionStart(start)) => {
                let mut start = start.clone();
                start.timestamp_ms = 1;
                Some(Frame { id: *id, message: Message::SessionStart(start) }.encode())
            }
            _ => None,
        }
    }

    /// What the judge says to a client.
    fn told(&mut self, frame: Option<&Frame>, bytes: &[u8], said: &mut Said) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            said.ends |= self.flaw == "fragile";
            return None;
        };
        match &*self.flaw {
            "any-answer-will-do" if Some(*id) != self.latest && Some(*id) != self.opening => {
                let id = self.latest.or(self.opening)?;
                Some([&Frame { id, message: message.clone() }.encode(), bytes].concat())
            }
            _ => None,
        }
    }
}
