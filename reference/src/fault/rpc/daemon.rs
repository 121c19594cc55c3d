//! Faults of a daemon.

use std::collections::HashSet;
use std::hint::black_box;
use std::io::Error;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use relayspec::rpc::{Frame, Frames, Message, SessionEnd};
use serde_json::Value;

use super::pass::{self, Said, Talk, Talks, locked};
use super::socket::{beside, listen};
use crate::fault::link::Way;
use crate::fault::{Chosen, Fault};
use crate::net::rpc::DaemonOptions;

pub(crate) const FAULTS: &[Fault] = &[
    Fault::new("no-answer-to-events", &["RPC-01"], "answers no `Event`"),
    Fault::new("acks-requests", &["RPC-01"], "answers a `Request` by an `Ack`").starving(),
    Fault::new("another-id", &["RPC-01"], "answers with another request id").starving(),
    Fault::new("answers-twice", &["RPC-01"], "sends each `Ack` twice")
        .causing(&["RPC-02", "RPC-03", "RPC-04", "RPC-06", "RPC-10"]),
    Fault::new("silent-above-100", &["RPC-01"], "answers nothing more after a hundred frames on a connection")
        .causing(&["RPC-02", "RPC-03"]),
    Fault::new("late-answers", &["RPC-01"], "answers after notify_deadline").starving(),
    Fault::new("one-by-one", &["RPC-02"], "lets each `Request` wait for the one before"),
    Fault::new("drops-coalesced", &["RPC-03"], "drops frames that come together with others")
        .causing(&["RPC-01", "RPC-02", "RPC-04", "RPC-06"]),
    Fault::new("whole-reads", &["RPC-03"], "drops the rest of what it has read").causing(&["RPC-05", "RPC-06"]),
    Fault::new("closes-at-undecodable", &["RPC-04"], "closes at an undecodable frame"),
    Fault::new("answers-undecodable", &["RPC-04"], "answers an undecodable frame").causing(&["RPC-01"]),
    Fault::new("small-limit", &["RPC-05"], "takes no frame above 1 MiB"),
    Fault::new("takes-any-length", &["RPC-05"], "waits for frames of any length"),
    Fault::new("takes-memory", &["RPC-05"], "takes memory for a length that it refuses"),
    Fault::new("one-at-a-time", &["RPC-06"], "serves one connection at a time").starving(),
    Fault::new("keeps-old-attrs", &["RPC-10"], "ignores the attrs of a session that starts again").causing(&["RPC-11"]),
    Fault::new("doubles-sessions", &["RPC-10"], "lists a session for each of its starts")
        .causing(&["RPC-01", "RPC-11", "RPC-12", "RPC-13"]),
    Fault::new("ended-for-good", &["RPC-11"], "lets no ended session start again"),
    Fault::new("end-is-ignored", &["RPC-12"], "ends no session").causing(&["RPC-11", "RPC-13"]),
    Fault::new("loss-ends", &["RPC-12"], "ends the sessions of a connection that is lost").causing(&["RPC-13"]),
    Fault::new("forgets-all", &["RPC-13"], "knows nothing when it comes back"),
    Fault::new("never-comes-back", &["RPC-13"], "does not start a second time").causing(&["RPC-14"]),
    Fault::new("open-to-all", &["RPC-14"], "lets everybody use its socket file"),
    Fault::new("open-to-the-group", &["RPC-14"], "lets its group use its socket file"),
    Fault::new("takes-the-place", &["RPC-14"], "takes the place of a daemon that lives").causing(&["RPC-13"]),
    Fault::new("respects-stale-files", &["RPC-14"], "does not replace a stale file").causing(&["RPC-13"]),
];

/// Where clients come in: at the daemon itself, or at whoever stands before it.
#[derive(Debug)]
pub struct DaemonDoor(Option<Middle>);

#[derive(Debug)]
struct Middle {
    fault: &'static str,
    listener: UnixListener,
    behind: PathBuf,
}

/// Nobody can stand in the middle.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}", path.display())]
pub struct NoDoor {
    pub(super) path: PathBuf,
    pub(super) source: Error,
}

impl DaemonDoor {
    /// A door at the socket of the options, which then name another.
    ///
    /// # Errors
    /// Where somebody listens there.
    pub fn new(chosen: Option<Chosen>, options: &mut DaemonOptions) -> Result<Self, NoDoor> {
        let Some(fault) = chosen.map(|chosen| chosen.fault.name) else { return Ok(Self(None)) };
        let path = options.socket.clone();
        let failed = |source| NoDoor { path: path.clone(), source };
        match fault {
            "forgets-all" => _ = std::fs::remove_file(&options.journal),
            "never-comes-back" if options.journal.exists() => {
                return Err(failed(Error::other("it was used before")));
            }
            _ => {}
        }
        let listener = listen(fault, &path).map_err(failed)?;
        options.socket = beside(&path, &format!(".{}", std::process::id()));
        if fault == "takes-the-place" {
            options.journal = beside(&options.socket, ".journal");
        }
        Ok(Self(Some(Middle { fault, listener, behind: options.socket.clone() })))
    }

    /// Passes on what comes while the daemon serves.
    pub async fn open<T>(self, serving: impl Future<Output = T>) -> T {
        match self.0 {
            Some(Middle { fault, listener, behind }) => {
                let house = Arc::default();
                pass::serve(listener, behind.clone(), Daemon { fault, house }, serving).await
            }
            None => serving.await,
        }
    }
}

/// What all connections share.
#[derive(Debug, Default)]
struct House {
    started: HashSet<String>,
    ended: HashSet<String>,
    /// Whether memory was taken for a length.
    has_taken: bool,
}

struct Daemon {
    fault: &'static str,
    house: Arc<Mutex<House>>,
}

impl Talks for Daemon {
    fn talk(&self, _: usize) -> Option<Box<dyn Talk>> {
        let house = Arc::clone(&self.house);
        Some(Box::new(Connection { fault: self.fault, house, own: HashSet::new(), answers: 0 }))
    }

    fn limit(&self, way: Way) -> usize {
        match (self.fault, way) {
            (_, Way::Out) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn is_single(&self) -> bool {
        self.fault == "one-at-a-time"
    }
}

struct Connection {
    fault: &'static str,
    house: Arc<Mutex<House>>,
    /// Sessions that were started here.
    own: HashSet<String>,
    answers: usize,
}

impl Talk for Connection {
    fn says(&mut self, way: Way, frames: &mut Frames) -> Said {
        let (mut said, mut count) = (Said::default(), 0);
        loop {
            match frames.next_frame() {
                Ok(Some(bytes)) => {
                    count += 1;
                    if self.fault == "drops-coalesced" && way == Way::In && count > 1 {
                        continue;
                    }
                    let frame = Frame::decode(bytes).ok();
                    let spoilt = match way {
                        Way::In => self.asked(frame.as_ref(), &mut said),
                        Way::Out => self.answered(frame.as_ref(), bytes, &mut said),
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
        if self.fault == "whole-reads" && way == Way::In {
            frames.buffer().clear();
        }
        said
    }

    fn ends(&mut self, way: Way) -> Vec<u8> {
        if self.fault != "loss-ends" || way == Way::Out {
            return Vec::new();
        }
        let end = |id: &String| {
            let end = SessionEnd { session_id: id.clone(), timestamp_ms: 0, exit_code: None };
            Frame { id: 0, message: Message::SessionEnd(end) }.encode()
        };
        self.own.iter().flat_map(end).collect()
    }
}

fn ack(id: u64) -> Vec<u8> {
    Frame { id, message: Message::Ack }.encode()
}

impl Connection {
    fn take_memory(&self, said: &mut Said) {
        let is_first = !std::mem::replace(&mut locked(&self.house).has_taken, true);
        if self.fault == "takes-memory" && is_first {
            black_box(vec![1_u8; 100 << 20]);
            said.delay = Duration::from_millis(100);
        }
    }

    /// What a client says.
    fn asked(&mut self, frame: Option<&Frame>, said: &mut Said) -> Option<Vec<u8>> {
        let Some(Frame { id, message }) = frame else {
            match self.fault {
                "closes-at-undecodable" => said.ends = true,
                "answers-undecodable" => said.back.extend(ack(99)),
                _ => {}
            }
            return None;
        };
        let mut house = locked(&self.house);
        let is_swallowed = match (self.fault, message) {
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
        if is_swallowed {
            said.back.extend(ack(*id));
        }
        is_swallowed.then(Vec::new)
    }

    /// What the daemon says.
    fn answered(&mut self, frame: Option<&Frame>, bytes: &[u8], said: &mut Said) -> Option<Vec<u8>> {
        let Frame { id, message } = frame?;
        self.answers += 1;
        match (self.fault, message) {
            ("acks-requests", Message::Response(_)) => Some(ack(*id)),
            ("another-id", Message::Ack) => Some(ack(id.wrapping_add(1))),
            ("answers-twice", Message::Ack) => Some([bytes, bytes].concat()),
            ("silent-above-100", _) if self.answers > 100 => Some(Vec::new()),
            ("late-answers", _) => {
                said.delay = Duration::from_millis(1500);
                None
            }
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
}
